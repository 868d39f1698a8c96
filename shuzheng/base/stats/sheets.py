"""An answer as a file: workbook, CSV, PDF. Each says what was asked, the sources, and when the facts were taken."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from shuzheng.base.portal import formats
from shuzheng.base.portal.typeset import pdf as typeset
from shuzheng.base.registers.workbooks import SheetColumn, write_csv, write_xlsx
from shuzheng.base.stats.looks import Line, Pivot, Value, pivot
from shuzheng.base.stats.question import Answer

LAYOUT = Path(__file__).parent / "typst" / "table.typ"
PDF_ROWS = 2000
"""Rows that are set on pages; a workbook has all."""


def columns_of(answer: Answer, table: Pivot) -> list[SheetColumn]:
    """Columns of a sheet: dimensions as texts, numbers with their decimals and units."""
    places = {c.name: c.places for c in answer.indicators}
    return [
        *(SheetColumn(name) for name in table.dimensions),
        *(SheetColumn(h.text, "number", h.unit, places=places[h.indicator]) for h in table.heads),
    ]


def rows_of(table: Pivot) -> list[list[Any]]:
    """Rows of a sheet, the total last. Numbers as exact as they are shown; a hidden one is ``*``."""
    lines = [*table.lines, *((table.total,) if table.total else ())]
    return [[*line.labels, *(_plain(v) for v in line.values)] for line in lines]


def _plain(value: Value | None) -> Any:
    if value is None or value.number is None:
        return "*" if value is not None and value.suppressed else None
    return round(value.number, value.places)


def xlsx(answer: Answer, title: str, across: str = "") -> bytes:
    """A workbook with one table, and where it is from in the properties."""
    table = pivot(answer, across)
    file = io.BytesIO()
    properties = {"question": title[:200], "as_of": formats.full(answer.as_of) if answer.as_of else ""}
    write_xlsx(file, columns_of(answer, table), rows_of(table), name=_("统计"), properties=properties)
    return file.getvalue()


def csv(answer: Answer, across: str = "") -> bytes:
    """UTF-8 with a mark, so that spreadsheets read Chinese."""
    table = pivot(answer, across)
    file = io.StringIO(newline="")
    write_csv(file, columns_of(answer, table), rows_of(table))
    text = file.getvalue()
    return (text if text.startswith("\ufeff") else "\ufeff" + text).encode()


def texts(answer: Answer, across: str = "") -> dict[str, Any]:
    """The table as it is shown, for a brief's copy and for print."""
    table = pivot(answer, across)

    def line(row: Line) -> list[str]:
        shown = [
            "*" if v and v.suppressed else formats.number(v.number if v else None, v.places if v else 0)
            for v in row.values
        ]
        return [*row.labels, *shown]

    return {
        "head": [*([d, ""] for d in table.dimensions), *([h.text, h.unit] for h in table.heads)],
        "texts": len(table.dimensions),
        "rows": [line(row) for row in table.lines[:PDF_ROWS]],
        "total": line(table.total) if table.total else [],
        "cut": max(len(table.lines) - PDF_ROWS, 0),
    }  # fmt: skip


def pdf(answer: Answer, title: str, across: str = "", reader: str = "") -> bytes:
    """The table on pages. Past ``PDF_ROWS`` rows it says how many are left out."""
    table = texts(answer, across)
    at = formats.full(answer.as_of) if answer.as_of else formats.NONE
    foot = [_("来自：%(rounds)s") % {"rounds": "、".join(s.title for s in answer.sources) or formats.NONE}]
    if table["cut"]:
        foot.append(_("另有 %(n)d 行未列出。") % {"n": table["cut"]})
    return typeset(
        LAYOUT,
        {
            "title": title,
            "note": _("数据截至 %(at)s　范围：%(reader)s") % {"at": at, "reader": reader},
            "heads": [f"{text}（{unit}）" if unit else text for text, unit in table["head"]],
            "texts": table["texts"],
            "rows": table["rows"],
            "total": table["total"],
            "foot": " ".join(foot),
        },
    )
