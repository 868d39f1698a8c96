"""Values of cells between the database, programs and people: two typed columns, exact texts, words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from shuzheng.base.core.bulk import insert_columns
from shuzheng.base.forms.models import Cell, Submission
from shuzheng.base.forms.spec import CellSpec, CellType, FormSpec, Value, load


def to_columns(value: Value) -> tuple[Decimal | None, str]:
    """What is stored: numbers, and yes or no as 1 or 0, in ``value``; all else in ``text``, days as 2026-11-22."""
    if isinstance(value, bool):
        return Decimal(int(value)), ""
    if isinstance(value, str | date):
        return None, str(value)
    return value, ""


def from_columns(cell: CellSpec, number: Decimal | None, text: str) -> Value:
    """The value of a stored cell."""
    match cell.type:
        case CellType.NUMBER | CellType.INTEGER:
            return number
        case CellType.BOOLEAN:
            return None if number is None else number != 0
        case CellType.DATE:
            return date.fromisoformat(text) if text else None
        case _:
            return text or None


def stored_values(submission: Submission, codes: Iterable[str] | None = None) -> dict[str, Value]:
    """The cells of a submission (or those named) as values. One query."""
    cells = submission.cells.all() if codes is None else submission.cells.filter(code__in=list(codes))
    return typed_rows(load(submission.round.definition.spec), cells.values_list("code", "value", "text"))


def typed_rows(spec: FormSpec, rows: Iterable[tuple[str, Decimal | None, str]]) -> dict[str, Value]:
    """Stored rows (code, number, text) as values by code. Cells that the form does not know are left out."""
    return known_rows(spec, rows)[0]


def known_rows(
    spec: FormSpec, rows: Iterable[tuple[str, Decimal | None, str]]
) -> tuple[dict[str, Value], dict[str, Value]]:
    """As ``typed_rows``, and the same without what is computed."""
    found: dict[str, Value] = {}
    inputs: dict[str, Value] = {}
    for code, number, text in rows:
        cell = spec.pattern(code)
        if cell is not None:
            found[code] = value = from_columns(cell, number, text)
            if cell.is_input:
                inputs[code] = value
    return found, inputs


def from_text(cell: CellSpec, text: Any) -> Value:
    """A value from its exact text, as ``numbers.exact`` and the trail write it."""
    if text is None or text == "":
        return None
    match cell.type:
        case CellType.NUMBER | CellType.INTEGER:
            return Decimal(str(text))
        case CellType.BOOLEAN:
            return str(text).lower() == "true"
        case CellType.DATE:
            return date.fromisoformat(str(text))
        case _:
            return str(text)


def from_texts(spec: FormSpec, texts: Mapping[str, Any]) -> dict[str, Value]:
    """An edition's values, kept as texts."""
    return {code: from_text(cell, text) for code, text in texts.items() if (cell := spec.find(code))}


def cell_row(submission: Submission, code: str, value: Value, source: str) -> Cell:
    """A row to store, with the version that the submission gets."""
    number, text = to_columns(value)
    return Cell(
        submission=submission, round_id=submission.round_id, path=submission.path, code=code, value=number, text=text,
        source=source, version=submission.version + 1,
    )  # fmt: skip


def store_cells(submission: Submission, values: Mapping[str, Value], sources: Mapping[str, str]) -> None:
    """Write cells, new or over what stands, with the version that the submission gets. A form may have hundreds of thousands."""
    if not values:
        return
    columns = [to_columns(value) for value in values.values()]
    many = len(columns)
    insert_columns(
        Cell,
        {
            "submission": [submission.pk] * many, "round": [submission.round_id] * many, "path": [submission.path] * many,
            "code": list(values), "value": [number for number, _text in columns], "text": [text for _number, text in columns],
            "source": [str(sources[code]) for code in values], "version": [submission.version + 1] * many,
        },
        tail=_OVER,
    )  # fmt: skip


_OVER = "ON CONFLICT (submission_id, code) DO UPDATE SET " + ", ".join(
    f"{name} = EXCLUDED.{name}" for name in ("value", "text", "source", "path", "version")
)
