"""What stands behind one cell: its value, source, history, factors and explanation."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from shuzheng.base.audit.models import Entry as Audit
from shuzheng.base.forms import names
from shuzheng.base.forms.history import before, past
from shuzheng.base.forms.models import Cell, Submission
from shuzheng.base.forms.numbers import percent
from shuzheng.base.forms.pages.common import form_of
from shuzheng.base.forms.prefill import known
from shuzheng.base.forms.spec import CellSpec, FormSpec
from shuzheng.base.forms.values import from_columns, from_text, stored_values
from shuzheng.base.portal import draw, formats
from shuzheng.base.portal.parts import Change, Entry
from shuzheng.base.standards.uses import help_for
from shuzheng.kernel.errors import Missing
from shuzheng.kernel.expr import Program

RECENT = 12
SOURCE_ICONS = {
    "meter": "gauge",
    "bill": "receipt",
    "sheet": "file-spreadsheet",
    "api": "api",
    "computed": "calculator",
    "register": "building",
    "previous": "history",
}


def cell_facts(submission: Submission, code: str) -> dict[str, Any]:
    """Context of ``forms/parts/cell.html``.

    Raises:
        Missing: the form has no such cell.
    """
    spec, period = form_of(submission.round)
    found = spec.find(code)
    if found is None:
        raise Missing(_("报表里没有这一格。"))
    stored = submission.cells.filter(code=code).first()
    value, source = (from_columns(found, stored.value, stored.text), stored.source) if stored else (None, "")
    if stored is None and (begun := known(spec, submission).get(code)):
        value, source = begun.value, begun.source
    earlier = before(submission)
    previous, last_year = names.before_codes(code)
    findings = _checks_of(spec, code)
    return {
        "submission": submission,
        "code": code,
        "title": names.cell_title(spec, found, period),
        "value": names.said(found, value) or formats.NONE,
        "unit": names.unit(found.unit),
        "help": names.help_text(found),
        "element": help_for(found.element, on=period.end, path=submission.path) if found.element else None,
        "source": Cell.Source(source).label if source else _("未填"),
        "source_icon": SOURCE_ICONS.get(source, "pencil"),
        "formula": found.expr,
        "parts": _parts(spec, found, submission, period),
        "previous": names.said(found, earlier.get(previous)),
        "previous_title": names.previous_title(period),
        "last_year": names.said(found, earlier.get(last_year)),
        "change": percent(value, earlier.get(last_year)),
        **_past(submission, found, value),
        "factors": _factors(spec, found, submission),
        "explanations": list(submission.explanations.filter(check_code__in=findings)),
        "history": _history(submission, found),
        "editions": _editions(submission, found),
    }


def _past(submission: Submission, cell: CellSpec, value: object) -> dict[str, Any]:
    """The number over its earlier periods: a line, and the range that they span."""
    earlier = past(submission, cell.code) if cell.is_number else []
    if len(earlier) < 2 or not isinstance(value, Decimal):
        return {"spark": "", "usual": ""}
    values = [amount for _period, amount in earlier]
    least, most = names.said(cell, min(values)), names.said(cell, max(values))
    usual = _("前 %(n)d 期 %(least)s 至 %(most)s") % {"n": len(values), "least": least, "most": most}
    return {"spark": draw.spark([float(v) for v in (*values, value)], usual), "usual": usual}


def _parts(spec: FormSpec, cell: CellSpec, submission: Submission, period: Any) -> list[dict[str, str]]:
    """The cells that a computed one is made of, with their values."""
    if not cell.expr:
        return []
    used = sorted(c for c in _program(spec, cell).references if c in spec.cells)
    values = stored_values(submission, used)
    return [
        {
            "code": c,
            "title": names.cell_title(spec, spec.cells[c], period),
            "value": names.said(spec.cells[c], values.get(c)) or formats.NONE,
            "unit": names.unit(spec.cells[c].unit),
        }
        for c in used
        if values.get(c)
    ]


def _program(spec: FormSpec, cell: CellSpec) -> Program:
    """How a computed cell is computed; one of a repeating row by its column."""
    place = spec.place(cell.code)
    return spec.programs[f"{place[0]}.{place[2]}" if place else cell.code]


def _checks_of(spec: FormSpec, code: str) -> list[str]:
    place = spec.place(code)
    if place is None:
        return [c.code for c in spec.checks if c.cell == code and not c.line]
    section, number, column = place
    return [f"{c.code}.{number}" for c in spec.checks if c.line == section and c.cell == column]


def _factors(spec: FormSpec, cell: CellSpec, submission: Submission) -> list[dict[str, str]]:
    """The factors in the cell's formula, as the submission keeps them: value, version and source of that day."""
    if not cell.expr:
        return []
    used = _program(spec, cell).references
    return [dict(fact) for name, fact in submission.factors.items() if name in used]


def _history(submission: Submission, cell: CellSpec) -> list[Entry]:
    entries = Audit.objects.filter(
        Q(after__has_key=cell.code), model="forms.submission", object_id=str(submission.pk), action__startswith="forms."
    ).order_by("-at")[:RECENT]
    return [
        Entry(
            what=_("填写") if entry.before.get(cell.code) is None else _("修改"),
            at=entry.at,
            person=entry.actor_name,
            by=entry.actor_organ,
            changes=(Change("", _number(entry.before.get(cell.code), cell), _number(entry.after[cell.code], cell)),),
        )
        for entry in entries
    ]


def _editions(submission: Submission, cell: CellSpec) -> list[Entry]:
    rows = submission.editions.order_by("-number")
    return [
        Entry(
            what=_("第 %(n)d 次提交：%(value)s")
            % {"n": row.number, "value": _number(row.values.get(cell.code), cell) or formats.NONE},
            at=row.at,
            person=row.by,
        )
        for row in rows
    ]


def _number(text: str | None, cell: CellSpec) -> str:
    return names.said(cell, from_text(cell, text))
