"""A roll-up table as an Excel sheet."""

from __future__ import annotations

import io
from collections.abc import Sequence
from decimal import Decimal
from urllib.parse import quote

import xlsxwriter
from django.utils.translation import gettext as _

from shuzheng.apps.energy import tables
from shuzheng.base.forms import names


def workbook(title: str, found: Sequence[tables.Line]) -> bytes:
    """The lines with their total below; numbers as numbers, in the scheme's order of columns."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    sheet = book.add_worksheet(_("综合表"))
    head = book.add_format({"bold": True, "border": 1, "align": "center", "valign": "vcenter", "text_wrap": True})
    big = book.add_format({"bold": True, "font_size": 14, "align": "center"})
    text = book.add_format({"border": 1})
    number = {
        p: book.add_format({"border": 1, "num_format": "#,##0" + ("." + "0" * p if p else "")}) for p in (0, 1, 2)
    }
    ratios = [(_("单位建筑面积能耗"), "kgce/㎡"), (_("人均综合能耗"), "kgce/人"), (_("人均用水量"), "m³/人")]
    heads = [(_("汇总对象"), ""), (_("机构数"), _("家"))]
    heads += [(_(label), unit) for _code, label, unit, _places in tables.ROWS] + ratios
    sheet.merge_range(0, 0, 0, len(heads) - 1, title, big)
    for column, (label, unit) in enumerate(heads):
        sheet.write_string(1, column, label, head)
        sheet.write_string(2, column, names.unit(unit), head)
    for row, line in enumerate([*found, tables.total(list(found))], 3):
        sheet.write_string(row, 0, line.label, text)
        sheet.write_number(row, 1, line.units, number[0])
        for column, (code, _label, _unit, places) in enumerate(tables.ROWS, 2):
            _put(sheet, row, column, line.sums.get(code), number[places], text)
        for column, value in enumerate((line.per_area, line.per_head, line.water_per_head), 2 + len(tables.ROWS)):
            _put(sheet, row, column, value, number[2], text)
    sheet.set_column(0, 0, 28)
    sheet.set_column(1, len(heads) - 1, 15)
    sheet.freeze_panes(3, 1)
    book.close()
    return out.getvalue()


def _put(sheet: object, row: int, column: int, value: Decimal | None, shape: object, blank: object) -> None:
    if value is None:
        sheet.write_blank(row, column, None, blank)  # type: ignore[attr-defined]
    else:
        sheet.write_number(row, column, value, shape)  # type: ignore[attr-defined]


def disposition(title: str) -> str:
    return f"attachment; filename*=UTF-8''{quote(title)}.xlsx"
