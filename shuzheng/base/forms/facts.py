"""Facts of registers that forms may use: to prefill a cell, and to check what was typed against what is known.

A fact is a field of a record that an organ has one of (its profile, its building, its fleet in numbers). An app that has
such records offers facts when it starts; forms name them, and know nothing of the app.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from shuzheng.base.forms.spec import CARRIED, CellType, Value
from shuzheng.base.org.models import OrganProfile


@dataclass(frozen=True)
class Fact:
    """``rows`` gives records with ``node_id`` and ``field``, at most one for an organ, within the reader's scope."""

    code: str
    label: str | Promise
    rows: Callable[[], QuerySet[Any]]
    field: str
    unit: str = ""
    type: str = CellType.NUMBER


_facts: dict[str, Fact] = {}


def offer(*facts: Fact) -> None:
    """Make facts known. Called once, when an app starts.

    Raises:
        RuntimeError: a fact of that name is offered already.
    """
    for fact in facts:
        if fact.code in (*_facts, CARRIED):
            raise RuntimeError(f"fact {fact.code} is offered twice")
        _facts[fact.code] = fact


def offered() -> Mapping[str, Fact]:
    return _facts


def of_node(node_id: UUID, codes: Iterable[str]) -> dict[str, Value]:
    """Facts of one organ by code. One query for each kind of record; a fact that nobody offers any more is empty.

    Nought in a register is what nobody has entered yet, so it is empty too.
    """
    found: dict[str, Value] = {}
    by_rows: dict[Callable[[], QuerySet[Any]], list[Fact]] = {}
    for code in codes:
        if fact := _facts.get(code):
            by_rows.setdefault(fact.rows, []).append(fact)
    for rows, facts in by_rows.items():
        row = rows().filter(node_id=node_id).values(*(f.field for f in facts)).first() or {}
        found |= {f.code: row.get(f.field) or None for f in facts}
    return found


def _profiles() -> QuerySet[OrganProfile]:
    return OrganProfile.objects.all()


offer(
    Fact("floor_area", _("建筑面积"), _profiles, "floor_area", "㎡"),
    Fact("energy_headcount", _("用能人数"), _profiles, "energy_headcount", "人", CellType.INTEGER),
    Fact("staff_admin", _("行政编制"), _profiles, "staff_admin", "人", CellType.INTEGER),
    Fact("staff_civil", _("参公编制"), _profiles, "staff_civil", "人", CellType.INTEGER),
    Fact("staff_public", _("事业编制"), _profiles, "staff_public", "人", CellType.INTEGER),
    Fact("staff_worker", _("工勤编制"), _profiles, "staff_worker", "人", CellType.INTEGER),
    Fact("staff_actual", _("编制内实有人数"), _profiles, "staff_actual", "人", CellType.INTEGER),
    Fact("staff_contract", _("编外聘用"), _profiles, "staff_contract", "人", CellType.INTEGER),
    Fact("staff_retired", _("离退休"), _profiles, "staff_retired", "人", CellType.INTEGER),
    Fact("organ_address", _("地址"), _profiles, "address", "", CellType.TEXT),
    Fact("organ_contact", _("联系人"), _profiles, "contact", "", CellType.TEXT),
)
