"""What apps tell a form before anybody fills it in: numbers kept during the period, and who reports a period at all.

An app that keeps a ledger, or a register of institutions by period, says so when it starts; forms know nothing of the app.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from uuid import UUID

from django.db.models import QuerySet

from shuzheng.base.forms.spec import Value
from shuzheng.base.org.models import Node, NodeKind
from shuzheng.kernel.periods import Period

Ledger = Callable[[UUID, Period], Mapping[str, Value]]
"""Cells of a form as kept for an institution in a period, by code; what was not kept is left out."""

Roster = Callable[[QuerySet[Node], Period], QuerySet[Node]]
"""Of all nodes, the institutions that report a period."""

_ledgers: dict[str, list[Ledger]] = {}
_rosters: dict[str, Roster] = {}


def keep_ledger(form: str, ledger: Ledger) -> None:
    """Prefill a form, by its code, from numbers that were kept during the period."""
    _ledgers.setdefault(form, []).append(ledger)


def keep_roster(form: str, roster: Roster) -> None:
    """Decide who reports a period of a form.

    Raises:
        RuntimeError: somebody decides it already.
    """
    if form in _rosters:
        raise RuntimeError(f"two registers of who reports {form}")
    _rosters[form] = roster


def kept(form: str, node_id: UUID, period: Period) -> dict[str, Value]:
    """What ledgers know for a form."""
    found: dict[str, Value] = {}
    for ledger in _ledgers.get(form, ()):
        found |= ledger(node_id, period)
    return found


def institutions(form: str, period: Period) -> QuerySet[Node]:
    """Who reports a period of a form: those listed today, unless an app keeps a register by period."""
    roster = _rosters.get(form)
    if roster is not None:
        return roster(Node.objects.all(), period)
    return Node.objects.filter(is_reporting=True, kind=NodeKind.ORGAN, valid_to=None)
