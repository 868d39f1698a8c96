"""``shuzheng events replay``: letting a subscriber take events up again."""

from __future__ import annotations

import argparse
import sys
from datetime import datetime

from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _

from shuzheng.base.events.deliver import replay
from shuzheng.base.events.subscribers import SUBSCRIBERS


def command(args: argparse.Namespace) -> int:
    """Put events back for ``args.subscriber``; the running worker delivers them. 1 if there is no such subscriber or day."""
    since = None
    if args.since:
        since = parse_datetime(args.since) if len(args.since) > 10 else None
        day = parse_date(args.since[:10])
        if since is None and day is not None:
            since = datetime(day.year, day.month, day.day)
        if since is None:
            sys.stderr.write(
                _("看不懂起始时间“{text}”，写成 2026-11-22 或 2026-11-22T08:00。").format(text=args.since) + "\n"
            )
            return 1
        since = since if timezone.is_aware(since) else timezone.make_aware(since)
    if args.subscriber not in SUBSCRIBERS:
        known = "\n".join(f"  {name}" for name in sorted(SUBSCRIBERS))
        sys.stderr.write(_("没有订阅方“{name}”。现有：").format(name=args.subscriber) + f"\n{known}\n")
        return 1
    count = replay(args.subscriber, since=since, dead_only=args.dead)
    sys.stdout.write(_("{n} 个事件将重新处理。").format(n=count) + "\n")
    return 0
