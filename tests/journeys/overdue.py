"""Run by itself against a deployment: it waits for the id of a case on its standard input, moves the open time limits of that
case into the past, and runs the job that minds them."""

from __future__ import annotations

import os
import sys
from datetime import timedelta


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shuzheng.config.settings")
    import django

    django.setup()
    from django.utils import timezone

    from shuzheng.base.core.scope import system_scope
    from shuzheng.base.flows.jobs import tick
    from shuzheng.base.flows.models import Timer

    case = sys.stdin.readline().strip()
    with system_scope("flows.timers").activate():
        moved = Timer.objects.filter(case_id=case, done_at=None).update(at=timezone.now() - timedelta(minutes=1))
    assert moved, "nothing is due in that case"
    tick()


if __name__ == "__main__":
    main()
