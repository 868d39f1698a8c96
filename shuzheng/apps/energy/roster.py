"""Who is on the register in a period."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet

from shuzheng.apps.energy.models import Member
from shuzheng.base.org.models import Node, NodeKind
from shuzheng.kernel.periods import Period


def spans(period: Period) -> QuerySet[Member]:
    """The lines that hold on the last day of a period."""
    return Member.objects.filter(since__lte=period.end).exclude(until__lte=period.end)


def changed(period: Period) -> Q:
    """Lines that begin or end within a period."""
    after = period.end + timedelta(days=1)
    return Q(since__gte=period.start, since__lt=after) | Q(until__gt=period.start, until__lte=after)


def asked(organs: QuerySet[Node], period: Period) -> QuerySet[Node]:
    """The organs that report a period: on the register on its last day, and still there to report.

    An organ that the register has no line of counts while the tree lists it as an institution.
    """
    lines = Member.objects.filter(node=OuterRef("pk"))
    held = lines.filter(since__lte=period.end).exclude(until__lte=period.end)
    return organs.filter(kind=NodeKind.ORGAN, valid_to=None).filter(
        Exists(held) | (Q(is_reporting=True) & ~Exists(lines))
    )
