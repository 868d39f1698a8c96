"""What apps tell a form before anybody fills it in: numbers kept during the period, and who reports a period at all.

An app that keeps a ledger or reads meters, or a register of institutions by period, says so when it starts; forms know nothing of the app.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from uuid import UUID

from django.db.models import QuerySet

from shuzheng.base.forms.models import Cell
from shuzheng.base.forms.spec import Value
from shuzheng.base.org.models import Node, NodeKind
from shuzheng.kernel.periods import Period

Ledger = Callable[[UUID, Period], Mapping[str, Value]]
"""Cells of a form as kept for an institution in a period, by code; what was not kept is left out."""

Roster = Callable[[QuerySet[Node], Period], QuerySet[Node]]
"""Of all nodes, the institutions that report a period."""

_ledgers: dict[str, list[tuple[int, Ledger, str]]] = {}
_rosters: dict[str, Roster] = {}


_TRUST = (Cell.Source.REGISTER, Cell.Source.BILL, Cell.Source.METER)
"""Who is believed where several kept a number: the later one."""


def keep_ledger(form: str, ledger: Ledger, source: str = Cell.Source.REGISTER) -> None:
    """Prefill a form, by its code, from numbers that were kept during the period: of a register, of bills, or of meters.

    Raises:
        ValueError: ``source`` is none of these.
    """
    kept_by = (_TRUST.index(Cell.Source(source)), ledger, source)
    _ledgers[form] = sorted([*_ledgers.get(form, ()), kept_by], key=lambda item: item[0])


def keep_roster(form: str, roster: Roster) -> None:
    """Decide who reports a period of a form.

    Raises:
        RuntimeError: somebody decides it already.
    """
    if form in _rosters:
        raise RuntimeError(f"two registers of who reports {form}")
    _rosters[form] = roster


def kept(form: str, node_id: UUID, period: Period) -> dict[str, tuple[Value, str]]:
    """What ledgers know for a form, each value with its source. Where several do, a meter goes before bills, they before a register."""
    found: dict[str, tuple[Value, str]] = {}
    for _trust, ledger, source in _ledgers.get(form, ()):
        found |= {code: (value, source) for code, value in ledger(node_id, period).items()}
    return found


def institutions(form: str, period: Period) -> QuerySet[Node]:
    """Who reports a period of a form: those listed today, unless an app keeps a register by period."""
    roster = _rosters.get(form)
    if roster is not None:
        return roster(Node.objects.all(), period)
    return Node.objects.filter(is_reporting=True, kind=NodeKind.ORGAN, valid_to=None)
