"""What of a round's numbers deserves a look: what the checks say and what is unlike earlier periods, with what became of it.

The checks run as sets (``forms.setcheck``). A finding is told by institution and cell; its state says whether somebody has to
do something: a warning that was explained, and a cell that was asked again, are on their way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import IO
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from shuzheng.base.core.scope import Range
from shuzheng.base.forms import names, setcheck
from shuzheng.base.forms.history import REPORTED
from shuzheng.base.forms.models import Amendment, Cell, Explanation, Round, Submission
from shuzheng.base.forms.numbers import shown
from shuzheng.base.forms.spec import LINE, FormSpec, Value, load
from shuzheng.base.forms.values import from_columns
from shuzheng.base.registers.workbooks import SheetColumn, write_xlsx
from shuzheng.kernel.periods import Period

KINDS = ("error", "warning", "outlier")
STATES = ("open", "returned", "answered", "explained")
FEW = 6
"""A computed cell that hangs on more than so many typed ones is not asked again cell by cell."""
CHUNK = 2000


def kind_labels() -> dict[str, str]:
    return {"error": _("错误"), "warning": _("预警"), "outlier": _("离群值")}


def state_labels() -> dict[str, str]:
    return {"open": _("待处理"), "returned": _("已退回"), "answered": _("已答复"), "explained": _("已说明")}


@dataclass(frozen=True)
class Finding:
    """One thing to look at. ``inputs`` are the cells that can be asked again for it; ``said`` the institution's words."""

    submission: Submission
    kind: str
    code: str
    """Code of the check; ``outlier`` for what is unlike earlier periods."""
    cell: str
    title: str
    value: str
    unit: str
    text: str
    state: str = "open"
    said: str = ""
    inputs: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Tells it from the others of a round."""
        return f"{self.submission.pk}|{self.cell}|{self.code}"


def count_reported(round_: Round, path: str) -> int:
    """How many submissions below a place there are to check."""
    return _reported(round_, path).count()


def collect(round_: Round, path: str) -> Iterator[Finding]:
    """Every finding below a place: errors, then warnings, then outliers, each in the order of the tree."""
    spec = load(round_.definition.spec)
    found: list[_Raw] = [_of_check(f) for f in setcheck.findings(round_, path)]
    found += [_of_outlier(o) for o in setcheck.outliers(round_, path)]
    paths = _paths({f.owner for f in found})
    found.sort(key=lambda f: (KINDS.index(f.kind), paths[f.owner], f.cell, f.code))
    for start in range(0, len(found), CHUNK):
        yield from _told(round_, spec, found[start : start + CHUNK])


def tallies(found: Sequence[Finding]) -> tuple[Counter[str], Counter[str]]:
    """How many there are of each kind and of each state."""
    return Counter(f.kind for f in found), Counter(f.state for f in found)


@dataclass(frozen=True)
class _Raw:
    owner: UUID
    kind: str
    code: str
    cell: str
    text: str = ""
    outlier: setcheck.Outlier | None = None


def _of_check(found: setcheck.Found) -> _Raw:
    code = f"{found.check.code}.{found.row}" if found.row else found.check.code
    return _Raw(found.submission_id, found.check.level, code, found.cell, names.message(found.check))


def _of_outlier(found: setcheck.Outlier) -> _Raw:
    return _Raw(found.submission_id, "outlier", "outlier", found.code, outlier=found)


def _paths(owners: Collection[UUID]) -> dict[UUID, str]:
    found: dict[UUID, str] = {}
    listed = list(owners)
    for start in range(0, len(listed), CHUNK):
        rows = Submission.objects.filter(pk__in=listed[start : start + CHUNK])
        found |= dict(rows.values_list("pk", "path"))
    return found


def _reported(round_: Round, path: str) -> QuerySet[Submission]:
    span = Range.subtree(path)
    return Submission.objects.filter(round=round_, path__gte=span.lo, path__lt=span.hi, state__in=REPORTED)


def _told(round_: Round, spec: FormSpec, found: Sequence[_Raw]) -> Iterator[Finding]:
    """With names, values and what became of each; four queries for any number."""
    owners = {f.owner for f in found}
    period = Period.parse(round_.period)
    rows = Submission.objects.select_related("node__division").in_bulk(owners)
    cells = Cell.objects.filter(submission__in=owners, code__in={f.cell for f in found})
    values = {
        (s, code): (number, text)
        for s, code, number, text in cells.values_list("submission_id", "code", "value", "text")
    }
    explained = _explanations(owners)
    asked = _asked(owners)
    for item in found:
        cell = spec.find(item.cell)
        if cell is None:
            continue
        number, text = values.get((item.owner, item.cell), (None, ""))
        inputs = inputs_behind(spec, item.cell)
        state, said = _state(asked, item.owner, (item.cell, *inputs)) or ("open", "")
        if reason := explained.get((item.owner, item.code)):
            state, said = ("explained" if state == "open" else state), said or reason
        yield Finding(
            rows[item.owner], item.kind, item.code, item.cell, names.cell_title(spec, cell, period),
            names.said(cell, from_columns(cell, number, text)), names.unit(cell.unit),
            item.text or _unusual(item.outlier, cell.places), state, said, inputs,
        )  # fmt: skip


def _explanations(owners: Collection[UUID]) -> Mapping[tuple[UUID, str], str]:
    rows = Explanation.objects.filter(submission__in=owners).values_list("submission_id", "check_code", "text")
    return {(owner, code): text for owner, code, text in rows}


def _asked(owners: Collection[UUID]) -> Mapping[tuple[UUID, str], tuple[str, str]]:
    """Cells that were asked again: state and note of the latest time."""
    rows = Amendment.objects.filter(submission__in=owners).exclude(state=Amendment.State.WITHDRAWN).order_by("asked_at")
    found: dict[tuple[UUID, str], tuple[str, str]] = {}
    for row in rows:
        state = "returned" if row.state == Amendment.State.ASKED else "answered"
        found |= {(row.submission_id, c["code"]): (state, row.note) for c in row.cells}
    return found


def _state(
    asked: Mapping[tuple[UUID, str], tuple[str, str]], owner: UUID, codes: Sequence[str]
) -> tuple[str, str] | None:
    return next((asked[owner, code] for code in codes if (owner, code) in asked), None)


def _unusual(found: setcheck.Outlier | None, places: int) -> str:
    """An outlier in words."""
    if found is None:
        return ""
    numbers = {
        "n": found.periods,
        "median": shown(Decimal(repr(found.median)), places),
        "least": shown(found.least, places),
        "most": shown(found.most, places),
    }
    return _("与前 %(n)d 期不同：往期中位数 %(median)s，在 %(least)s 到 %(most)s 之间。") % numbers


def inputs_behind(spec: FormSpec, code: str) -> tuple[str, ...]:
    """The typed cells that a cell is, or is computed from; none where they are too many to ask for one by one."""
    found = _behind(spec, code, set())
    return tuple(sorted(found)) if len(found) <= FEW else ()


def _behind(spec: FormSpec, code: str, seen: set[str]) -> set[str]:
    cell = spec.find(code)
    if cell is None or code in seen:
        return set()
    seen.add(code)
    if cell.is_input:
        return {code}
    place = None if code in spec.cells else spec.place(code)
    program = spec.programs[f"{place[0]}.{place[2]}" if place else code]
    found: set[str] = set()
    for name in program.references:
        own = f"{place[0]}_{place[1]}_{name.removeprefix(LINE)}" if place and name.startswith(LINE) else name
        found |= _behind(spec, own, seen)
    return found


def write_sheet(file: IO[bytes], found: Iterable[Finding]) -> int:
    """Findings as a table; returns how many."""
    columns = [
        SheetColumn(_("填报单位"), width=32), SheetColumn(_("统一社会信用代码"), width=22), SheetColumn(_("区划")),
        SheetColumn(_("类别")), SheetColumn(_("格"), width=24), SheetColumn(_("数值")), SheetColumn(_("计量单位")),
        SheetColumn(_("问题"), width=60), SheetColumn(_("状态")), SheetColumn(_("说明"), width=40),
    ]  # fmt: skip
    kinds, states = kind_labels(), state_labels()

    def lines() -> Iterator[Sequence[Value]]:
        for f in found:
            node = f.submission.node
            yield [
                node.name, node.uscc, node.division.name if node.division else "", kinds[f.kind], f.title, f.value,
                f.unit, f.text, states[f.state], f.said,
            ]  # fmt: skip

    return write_xlsx(file, columns, lines(), name=_("检查结果"))


__all__ = [
    "KINDS",
    "STATES",
    "Finding",
    "collect",
    "count_reported",
    "inputs_behind",
    "kind_labels",
    "state_labels",
    "tallies",
    "write_sheet",
]
