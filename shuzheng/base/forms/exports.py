"""A round as workbooks: the progress board, one row for each institution, and the roll-up in its official layout."""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import IO, Any
from uuid import UUID

import xlsxwriter
from django.utils import timezone
from django.utils.translation import gettext as _

from shuzheng.base.core.action import Write, action
from shuzheng.base.forms import names
from shuzheng.base.forms.grids import Filled
from shuzheng.base.forms.models import Cell, Rollup, Round
from shuzheng.base.forms.queries import Progress, below
from shuzheng.base.forms.spec import load
from shuzheng.base.org.models import Node
from shuzheng.base.portal import formats
from shuzheng.base.registers.workbooks import SheetColumn, write_xlsx
from shuzheng.kernel.periods import Period

INLINE = 10_000
"""Institutions that are exported while one waits; more are a job."""
CHUNK = 1000


@action("forms.round.export")
def note_export(
    w: Write, divisions: Sequence[Node], *, round: Round, what: str, path: str, rows: int
) -> Sequence[Node]:
    """Put it in the trail that numbers left the platform: which, of which part of the tree, how many institutions."""
    w.note(round, after={"what": what, "path": path, "rows": rows}, path=w.actor.organ_path)
    return divisions


def board_sheet(file: IO[bytes], rows: Sequence[Progress]) -> int:
    """The progress board as a table."""
    columns = [
        SheetColumn(_("区划")),
        *(SheetColumn(head, "integer") for head in (
            _("应报"), _("未报"), _("未开始"), _("填报中"), _("已退回"), _("待本级审"), _("下级审核中"), _("已审"), _("迟报"),
        )),
        SheetColumn(_("已报 %"), "integer"),
    ]  # fmt: skip
    lines = (
        (p.name, p.asked, p.unreported, p.todo, p.draft, p.returned, p.mine, p.below, p.approved, p.late, p.percent)
        for p in rows
    )
    return write_xlsx(file, columns, lines, name=_("进度表"))


def units_sheet(
    file: IO[bytes], round_: Round, division: str, advance: Callable[[int, int], None] | None = None
) -> int:
    """One row for each institution below a division: where it is, and every cell as it stands now."""
    spec, period = load(round_.definition.spec), Period.parse(round_.period)
    columns = [
        SheetColumn(_("单位"), width=32), SheetColumn(_("统一社会信用代码"), width=22), SheetColumn(_("区划")),
        SheetColumn(_("状态")), SheetColumn(_("提交时间"), "datetime"), SheetColumn(_("填表人")),
        *(
            SheetColumn(names.cell_title(spec, c, period), "number", names.unit(c.unit), places=c.places)
            for c in spec.cells.values()
        ),
    ]  # fmt: skip
    return write_xlsx(
        file, columns, _unit_rows(round_, division, list(spec.cells), advance), name=_("各单位数据"),
        properties={"form_version": spec.digest},
    )  # fmt: skip


def _unit_rows(
    round_: Round, division: str, codes: Sequence[str], advance: Callable[[int, int], None] | None
) -> Iterator[Sequence[Any]]:
    rows = below(round_, division).select_related("node__division").order_by("path")
    total, after = rows.count(), ""
    done = 0
    while chunk := list(rows.filter(path__gt=after)[:CHUNK]):
        values: dict[UUID, dict[str, Decimal | None]] = defaultdict(dict)
        found = Cell.objects.filter(submission__in=[s.pk for s in chunk])
        for owner, code, value in found.values_list("submission_id", "code", "value"):
            values[owner][code] = value
        for s in chunk:
            held = values[s.pk]
            yield [
                s.node.name, s.node.uscc, s.node.division.name if s.node.division else "", s.get_state_display(),
                s.submitted_at, s.filler, *(held.get(code) for code in codes),
            ]  # fmt: skip
        done, after = done + len(chunk), chunk[-1].path
        if advance:
            advance(done, total)


def rollup_sheet(
    round_: Round, division: Node, filled: Filled, counted: int, asked: int, signed: Rollup | None
) -> bytes:
    """The roll-up as it is handed up: title, unit, table with row numbers, indicators, who signed."""
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True})
    sheet = book.add_worksheet(_("综合表")[:31])
    base = {"font_name": "等线", "font_size": 11}
    title = book.add_format({**base, "bold": True, "font_size": 16, "align": "center"})
    plain = book.add_format(base)
    head = book.add_format(
        {**base, "bold": True, "border": 1, "align": "center", "bg_color": "#F6F8FB", "text_wrap": True}
    )
    text = book.add_format({**base, "border": 1})
    spec = filled.spec
    wide = 3 + max([1, *(len(s.columns) for s in spec.sections)])
    heading = _("%(form)s综合表") % {"form": names.label(round_.definition)}
    sheet.merge_range(0, 0, 0, wide - 1, heading, title)
    sheet.write_string(1, 0, _("填报单位：%(name)s") % {"name": division.name}, plain)
    sheet.write_string(1, 4, names.period_label(filled.period), plain)
    sheet.write_string(2, 0, _("应报 %(all)d 家，计入 %(n)d 家") % {"all": asked, "n": counted}, plain)
    row = 4
    for section in spec.sections:
        row = _section(sheet, book, filled, section, row, head, text) + 1
    for place, name in enumerate((_("指标"), _("单位"), _("数值"), _("去年同期"))):
        sheet.write_string(row, place, name, head)
    for item in spec.results:
        row += 1
        sheet.write_string(row, 0, names.label(item), text)
        sheet.write_string(row, 1, names.unit(item.unit), text)
        _number(sheet, book, row, 2, filled.values.get(item.code), item.places)
        _number(sheet, book, row, 3, filled.before.get(names.before_codes(item.code)[1]), item.places)
    row += 2
    if signed:
        said = _("签署人：%(name)s　签署时间：%(at)s　第 %(n)d 次") % {
            "name": signed.signed_by, "at": formats.full(signed.signed_at), "n": signed.edition,
        }  # fmt: skip
    else:
        said = _("单位负责人：　　　　统计负责人：　　　　填表人：　　　　（未签署）")
    sheet.write_string(row, 0, said, plain)
    sheet.write_string(row + 1, 0, _("导出时间：%(at)s") % {"at": formats.full(timezone.now())}, plain)
    sheet.set_column(0, 0, 8)
    sheet.set_column(1, 1, 26)
    sheet.set_column(2, wide, 14)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    book.close()
    return file.getvalue()


def _section(sheet: Any, book: Any, filled: Filled, section: Any, row: int, head: Any, text: Any) -> int:
    spec = filled.spec
    heads = [_("序号"), _("指标"), _("单位")]
    columns = [names.column_title(spec, c, filled.period) for c in section.columns] if section.rows else [_("合计")]
    for place, name in enumerate([*heads, *columns]):
        sheet.write_string(row, place, name, head)
    for number, code in enumerate(section.fields, 1):
        row += 1
        cell = spec.cells[code]
        for place, said in enumerate((str(number), names.label(cell), names.unit(cell.unit))):
            sheet.write_string(row, place, said, text)
        _number(sheet, book, row, 3, filled.values.get(code), cell.places)
    for item in section.rows:
        row += 1
        for place, said in enumerate((item.number, names.label(item), names.unit(item.unit))):
            sheet.write_string(row, place, said, text)
        for place, column in enumerate(section.columns, 3):
            cell = spec.cell(item.code, column.code)
            if cell is None:
                sheet.write_blank(row, place, None, text)
            else:
                _number(sheet, book, row, place, filled.values.get(cell.code), cell.places)
    return row + 1


def _number(sheet: Any, book: Any, row: int, column: int, value: Decimal | None, places: int) -> None:
    known = book.__dict__.setdefault("number_shapes", {})
    if places not in known:
        shape = "#,##0" + ("." + "0" * places if places else "")
        known[places] = book.add_format({"font_name": "等线", "font_size": 11, "border": 1, "num_format": shape})
    if not isinstance(value, Decimal):
        sheet.write_blank(row, column, None, known[places])
    else:
        sheet.write_number(row, column, value, known[places])


__all__ = ["INLINE", "board_sheet", "note_export", "rollup_sheet", "units_sheet"]
