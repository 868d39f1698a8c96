"""Run by itself against a deployment: a small nation, and a token that may register places. Prints the token."""

from __future__ import annotations

import os
import sys
from datetime import timedelta

PERMISSIONS = ["masters.place.view", "masters.place.create"]


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shuzheng.config.settings")
    import django

    django.setup()
    from django.urls import get_resolver
    from django.utils import timezone

    get_resolver().url_patterns  # noqa: B018 -- every app's permissions are there once its pages are
    from shuzheng.base.accounts.account_actions import issue_own
    from shuzheng.base.accounts.models import Post
    from tests.factories import actor_of, small_nation

    nation = small_nation()
    account = nation.account("33/11/23/0/u1/", "clerk")
    actor = actor_of(account)
    with actor.scope.activate():
        [post] = Post.objects.filter(pk=actor.id)
        until = timezone.now() + timedelta(days=1)
        [token] = issue_own(
            [post], actor=actor, account=account, name="bad days", permissions=PERMISSIONS, expires_at=until
        )
    sys.stdout.write(token.raw)


if __name__ == "__main__":
    main()
