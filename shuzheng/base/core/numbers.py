"""Numbers of records by day and owner (``LC20261201-0007``), one after the other and never twice."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import Length
from django.utils import timezone

from shuzheng.base.core.locks import hold
from shuzheng.kernel.ids import NumberRule


def next_number(rule: NumberRule, rows: QuerySet[Any], name: str) -> str:
    """The number after the last of today's among ``rows`` (all that share one series), by ``rule``, whose counter stands last.

    Whoever wants one of the same series waits until the transaction ends; the record is to be written in it. Wants an index that
    ends with ``number``, a column in the order of bytes.

    Args:
        name: of the series, for the lock.
    """
    today = timezone.localdate()
    hold(name)
    first = rule.format(1, on=today)
    prefix = rule.counter_key(on=today).partition("#")[0]
    of_today = rows.filter(number__gt=prefix, number__lt=f"{prefix}:").alias(length=Length("number"))
    last, length = 0, len(first)
    while True:  # as texts, numbers of one length alone are in order: after 9999 comes 10000
        found = of_today.filter(length=length).order_by("-number").values_list("number", flat=True).first()
        last = rule.parse(found).seq if found else last
        if last < 10 ** (length - len(prefix)) - 1:
            return rule.format(last + 1, on=today)
        length += 1
