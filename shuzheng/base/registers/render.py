"""The rows of a list as HTML, without a template: fifty rows of a dozen cells are made from functions prepared once.

Every cell function returns safe markup; texts are escaped in ``_escaped``. ADR 0006 has the measurements.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from shuzheng.base.core.counting import Counted
from shuzheng.base.portal import draw, formats
from shuzheng.base.registers.declare import Register, Verdict
from shuzheng.base.registers.fields import Shown
from shuzheng.base.registers.query import Params

Cell = Callable[[Any], str]
NONE = '<span class="dim">—</span>'


def cell_of(column: Shown) -> Cell:
    """The function that makes a column's cell (without ``<td>``) from a row."""
    read, tone = column.read, column.column.tone
    show = _shower(column)
    if tone is None:
        return lambda row: NONE if (value := read(row)) is None or value == "" else show(value)

    def judged(row: Any) -> str:
        value = read(row)
        if value is None or value == "":
            return NONE
        if judgement := tone(row, value):
            return draw.value(mark_safe(show(value)), *judgement)  # noqa: S308 -- cells are safe already
        return show(value)

    return judged


def _shower(column: Shown) -> Callable[[Any], str]:
    text = column.text
    if column.kind == "choice" and column.column.states:
        words = {value: str(draw.state(kind, text(value))) for value, kind in column.column.states.items()}
        return lambda value: words.get(value) or escape(text(value))
    if column.kind == "choice":
        known = {value: escape(label) for value, label in column.choices.items()}
        return lambda value: known.get(value) or escape(text(value))
    if column.kind in ("integer", "number"):
        return text
    if column.kind == "date":
        return lambda value: value.isoformat()
    return lambda value: escape(text(value))


WIDE = 60
"""Characters past which a text may be long: its column keeps to one width and cuts."""


def _is_cut(column: Shown) -> bool:
    """Whether long texts of a column are cut, with the whole in the title."""
    if column.kind == "relation":
        return True
    return (
        column.kind == "text"
        and column.field is not None
        and (getattr(column.field, "max_length", None) or WIDE + 1) > WIDE
    )


def _td(place: int, column: Shown, *, leads: bool) -> tuple[str, bool]:
    """The class of a cell, and whether a long text is cut. ``l1`` and ``l2`` are the phone's two lines.

    ``leads``: this state stands beside the name on a phone; there is room for one.
    """
    line = "l2" if place <= 3 else "not-phone"
    if column.numeric:
        return f"num {line}", False
    if _is_cut(column):
        return f"clip u {line}", True
    if column.kind == "choice" and column.column.states:
        return f"nowrap {'l1' if leads else line}", False
    return f"nowrap {line}", False


def rows_html(
    register: Register,
    rows: Sequence[Any],
    columns: Sequence[Shown],
    link: tuple[str, str],
    verdicts: bool,
    *,
    choose: bool = True,
) -> SafeString:
    """``<tr>`` for each row. ``link`` is what stands before and after a record's id in its address."""
    first, *rest = columns
    before, after = link
    first_cell = cell_of(first)
    states = [place for place, column in enumerate(rest, 1) if column.kind == "choice" and column.column.states]
    lead = states[-1] if states and not verdicts else 0
    cells = [
        (*_td(place, column, leads=place == lead), cell_of(column), column) for place, column in enumerate(rest, 1)
    ]
    word = escape(_("选择"))
    parts: list[str] = []
    add = parts.append
    for row in rows:
        key = row.pk
        version = getattr(row, "version", "")
        add("<tr>")
        if choose:
            said = escape(first.text(first.read(row)))
            add(
                f'<td class="ck"><input class="sz-check" type="checkbox" name="id" value="{key}.{version}"'
                f' aria-label="{word} {said}"></td>'
            )
        add(f'<td class="l1"><a class="strong nowrap" href="{before}{key}{after}">{first_cell(row)}</a></td>')
        for css, cut, cell, column in cells:
            shown = cell(row)
            if cut and shown is not NONE:
                add(f'<td class="{css}" title="{escape(column.text(column.read(row)))}">{shown}</td>')
            else:
                add(f'<td class="{css}">{shown}</td>')
        if verdicts:
            add(f'<td class="nowrap l1">{verdict_html(register.verdict(row))}</td>')
        add("</tr>")
    return mark_safe("".join(parts))  # noqa: S308 -- every part is escaped or made by draw


def verdict_html(verdict: Verdict | None) -> str:
    """规则结论 of a row; a dash where no rule applies."""
    return NONE if verdict is None else str(draw.verdict_strip(verdict.kinds))


def heads_html(
    columns: Sequence[Shown], params: Params, order: Sequence[str], verdicts: bool, *, choose: bool = True
) -> SafeString:
    """The head: each column that sorts is a link; the sorted one says so. Without ``choose`` it is a plain head."""
    parts = []
    if choose:
        box = '<th class="ck"><input class="sz-check" type="checkbox" data-all aria-label="{}"></th>'
        parts.append(format_html(box, _("选择本页")))
    for place, column in enumerate(columns):
        now = params.sort.lstrip("-") == column.name if params.sort else False
        down = now and params.sort.startswith("-")
        if not now and not params.sort and column.sort and order and order[0].lstrip("-") == column.sort[0]:
            now, down = True, order[0].startswith("-")
        unit = format_html('<span class="unit">{}</span>', column.unit) if column.unit else ""
        said = mark_safe(f' aria-sort="{"descending" if down else "ascending"}"') if now else ""  # noqa: S308
        css = "num" if column.numeric else "u" if place and _is_cut(column) else ""
        body: Any = column.label
        if column.sort and choose:
            icon = draw.svg("arrow-down" if down else "arrow-up") if now else ""
            to = column.name if not now or down else f"-{column.name}"
            body = format_html('<a href="{}">{}{}</a>', params.url(sort=to), column.label, icon)
        parts.append(format_html('<th class="{}"{}>{}{}</th>', css, said, body, unit))
    if verdicts:
        parts.append(format_html("<th>{}</th>", _("规则结论")))
    return mark_safe("".join(parts))  # noqa: S308


def sums_html(columns: Sequence[Shown], total: Counted, verdicts: bool) -> SafeString:
    """The foot with the sums of the whole list; none when the list is longer than what is counted."""
    if not total.sums or not total.n:
        return mark_safe("")
    said = _("合计") if not total.capped else _("超过 10,000 条，不合计")
    parts = [format_html('<td class="ck"></td><td>{}</td>', said)]
    for column in columns[1:]:
        if column.name in total.sums and not total.capped:
            parts.append(format_html('<td class="num">{}</td>', formats.number(total.sums[column.name], column.places)))
        else:
            parts.append(mark_safe("<td></td>"))
    if verdicts:
        parts.append(mark_safe("<td></td>"))
    return mark_safe("<tr>" + "".join(parts) + "</tr>")  # noqa: S308
