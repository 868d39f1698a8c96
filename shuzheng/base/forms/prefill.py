"""What is known of a form before anybody types: facts of registers, what ledgers and meters kept, the period before.

A cell says what it begins with (``prefill``): a fact of a register, or ``previous`` for its own value of the period before.
Ledgers of apps add what they kept of the period (``forms.offers``). All of it is offered until the form is first saved; the
rest of the period before is brought in when somebody asks for it, and only where nothing was typed. Each value keeps its
source as long as it stands as it came.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from shuzheng.base.forms import facts, offers
from shuzheng.base.forms.engine import lines_of, read_value
from shuzheng.base.forms.history import REPORTED
from shuzheng.base.forms.models import Cell, Submission
from shuzheng.base.forms.numbers import exact
from shuzheng.base.forms.spec import CellSpec, CellType, FormSpec, Value
from shuzheng.base.forms.values import from_columns, stored_values
from shuzheng.kernel.periods import Period

State = Submission.State


@dataclass(frozen=True)
class Known:
    """A value with where it comes from, as ``Cell.Source`` has it."""

    value: Value
    source: str


def known(spec: FormSpec, submission: Submission) -> dict[str, Known]:
    """What an untouched form begins with, by cell. What was kept of this period goes before a fact, a fact before last period's.

    Nought in a register is nothing known; nought in a ledger is nothing used.
    """
    if submission.state != State.TODO:
        return {}
    found: dict[str, Known] = {}
    if any(c.is_carried for c in _asked(spec)):
        found |= {
            code: Known(value, Cell.Source.PREVIOUS)
            for code, value in last_period(spec, submission).items()
            if (cell := spec.find(code)) and cell.is_carried
        }
    wanted = {c.code: c.fact for c in spec.inputs if c.fact}
    held = facts.of_node(submission.node_id, set(wanted.values())) if wanted else {}
    found |= {
        code: Known(_fitting(spec.cells[code], held[fact]), Cell.Source.REGISTER)
        for code, fact in wanted.items()
        if held.get(fact)
    }
    kept = offers.kept(spec.code, submission.node_id, Period.parse(submission.round.period))
    found |= {
        code: Known(value, source)
        for code, (value, source) in kept.items()
        if code in spec.cells and spec.cells[code].is_input
    }
    return found


def prefilled(spec: FormSpec, submission: Submission) -> dict[str, Value]:
    """The values of ``known``."""
    return {code: item.value for code, item in known(spec, submission).items()}


def last_period(spec: FormSpec, submission: Submission) -> dict[str, Value]:
    """What the institution handed in of the same form for the period before, where this edition still asks it. One query."""
    before = Period.parse(submission.round.period).previous
    if before is None:
        return {}
    definition = submission.round.definition
    rows = (
        Cell.objects.filter(
            submission__node_id=submission.node_id, submission__state__in=REPORTED,
            submission__round__period=str(before), submission__round__definition__code=definition.code,
            submission__round__definition__node_id=definition.node_id,
        )
        .order_by("submission__submitted_at")
        .values_list("code", "value", "text")
    )  # fmt: skip
    found: dict[str, Value] = {}
    for code, number, text in rows:
        cell = spec.pattern(code)
        if cell is not None and cell.is_input and (value := _still(cell, number, text)) is not None:
            found[code] = value
    return found


def to_carry(spec: FormSpec, submission: Submission, open_: Collection[str]) -> dict[str, Value]:
    """What would come over from the period before: into cells of ``open_`` where nothing stands, and into repeating sections
    of which no row is begun.

    What an untouched form begins with anyway (``known``) is left to it.
    """
    before = last_period(spec, submission)
    if not before:
        return {}
    stored = stored_values(submission)
    taken = {code for code, value in stored.items() if value is not None} | set(submission.unread)
    taken |= set(known(spec, submission))
    begun = {section for section, rows in lines_of(spec, stored).items() if rows}
    found = {}
    for code, value in before.items():
        place = None if code in spec.cells else spec.place(code)
        fits = code in open_ and code not in taken
        if place is not None:
            fits = place[0] not in begun and submission.state != State.RETURNED
        if fits:
            found[code] = value
    return found


def _asked(spec: FormSpec) -> list[CellSpec]:
    return [*spec.inputs, *(c for s in spec.lines.values() for c in s.line)]


def _still(cell: CellSpec, number: Decimal | None, text: str) -> Value:
    """A stored value as this edition's cell reads it; None where its type or its options are others now."""
    if (number is not None) != (cell.is_number or cell.type == CellType.BOOLEAN):
        return None
    try:
        return read_value(cell, exact(from_columns(cell, number, text)))
    except ValueError:
        return None


def _fitting(cell: CellSpec, value: Value | int) -> Value:
    """A fact as the cell holds it, a count as an exact number."""
    return read_value(cell, str(value) if isinstance(value, int) else exact(value))


__all__ = ["Known", "known", "last_period", "prefilled", "to_carry"]
