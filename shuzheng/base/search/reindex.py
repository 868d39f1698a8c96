"""Indexing anew: after words of the trade were taught, a kind was declared, or rows were loaded past the actions."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from shuzheng.base.core.scope import system_scope
from shuzheng.base.search.index import put
from shuzheng.base.search.models import Doc
from shuzheng.base.search.sources import SOURCES, Source

BATCH = 5000


def reindex(names: Sequence[str] = ()) -> dict[str, int]:
    """Index all records of the kinds ``names`` (all), batch by batch while the program runs; returns how many of each.

    Raises:
        LookupError: a kind is not declared.
    """
    if unknown := [name for name in names if name not in SOURCES]:
        raise LookupError(unknown[0])
    done = {name: _one(SOURCES[name]) for name in names or list(SOURCES)}
    if not names:
        with system_scope("search.reindex").activate():
            Doc.objects.exclude(model__in=list(SOURCES)).delete()  # of apps that were taken off
    return done


def _one(source: Source) -> int:
    scope, after, count = system_scope("search.reindex"), None, 0
    while True:
        with scope.activate():
            rows = source.model._base_manager.order_by("pk")
            part = list(rows.filter(pk__gt=after)[:BATCH] if after else rows[:BATCH])
            kept = [row for row in part if source.indexed(row)]
            put(source, kept)
            dropped = [row.pk for row in part if not source.indexed(row)]
            Doc.objects.filter(model=source.name, object_id__in=dropped).delete()
        count += len(kept)
        if len(part) < BATCH:
            break
        after = part[-1].pk
    with scope.activate():
        there = source.model._base_manager.filter(pk=OuterRef("object_id"))
        Doc.objects.filter(~Exists(there), model=source.name).delete()
    return count


def command(args: argparse.Namespace) -> int:
    """``shuzheng search reindex [KIND …]``."""
    try:
        done = reindex(args.kinds)
    except LookupError as error:
        known = " ".join(sorted(SOURCES))
        sys.stderr.write(_("没有可搜索的类别“{name}”。现有：{known}").format(name=error, known=known) + "\n")
        return 1
    for name, count in done.items():
        sys.stdout.write(f"{name} {count}\n")
    return 0
