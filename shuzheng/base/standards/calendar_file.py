"""Reading the arrangement of a year's holidays from a file: a worksheet, or JSON as published lists of holidays have it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO
from typing import Any

from django.utils.translation import gettext as _
from python_calamine import CalamineError, CalamineWorkbook

from shuzheng.base.standards.models import CalendarDay
from shuzheng.kernel.errors import FieldFault, Invalid
from shuzheng.kernel.text import fold

Kind = CalendarDay.DayKind
KINDS = {"休": Kind.HOLIDAY, "班": Kind.WORKING, "holiday": Kind.HOLIDAY, "working": Kind.WORKING}
COLUMNS = ("日期", "类别", "名称")


@dataclass(frozen=True)
class GivenDay:
    """A day as a file gives it; ``row`` is its place there, as the user counts."""

    day: date
    kind: str
    name: str
    row: int | None = None


def read_file(name: str, content: bytes) -> list[GivenDay]:
    """The days of a file; what it is shows in the end of its name.

    Raises:
        Invalid: another kind of file, or a fault for each row that can't be read, with row, column and value.
    """
    ending = name.lower().rsplit(".", 1)[-1]
    if ending == "json":
        return read_json(content)
    if ending in ("xlsx", "xls", "ods"):
        return read_sheet(content)
    raise Invalid.one("file", _("只读 .xlsx、.xls、.ods 和 .json 文件。"), value=name)


def read_sheet(content: bytes) -> list[GivenDay]:
    """Days of the first sheet, whose first row names the columns 日期, 类别 (休 or 班) and 名称. Raises Invalid."""
    try:
        rows = CalamineWorkbook.from_filelike(BytesIO(content)).get_sheet_by_index(0).to_python()
    except (CalamineError, IndexError, ValueError):
        raise Invalid.one("file", _("这不是能读的工作簿。另存为 .xlsx 后再传。")) from None
    heads = [fold(str(cell)) for cell in rows[0]] if rows else []
    if missing := [c for c in COLUMNS if c not in heads]:
        raise Invalid.one("file", _("第 1 行缺列：%s。") % "、".join(missing))
    day, kind, title = (heads.index(c) for c in COLUMNS)
    given = [
        (n, row[day], row[kind], row[title]) for n, row in enumerate(rows[1:], 2) if any(str(c).strip() for c in row)
    ]
    return _checked(given)


def read_json(content: bytes) -> list[GivenDay]:
    """Days of ``{"days": [{"date", "name", "isOffDay"}]}``, or with ``kind`` (``holiday``, ``working``). Raises Invalid."""
    try:
        days = json.loads(content)["days"]
        given = [
            (n, item["date"], item.get("kind") or ("休" if item["isOffDay"] else "班"), item["name"])
            for n, item in enumerate(days, 1)
        ]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Invalid.one("file", _('JSON 须为 {"days": [{"date": …, "name": …, "isOffDay": …}]}。')) from None
    return _checked(given)


def _checked(given: Iterable[tuple[int, Any, Any, Any]]) -> list[GivenDay]:
    days, faults = [], []
    for n, day, kind, name in given:
        when, what, title = _date(day), KINDS.get(fold(str(kind))), fold(str(name))
        if when is None:
            faults.append(
                FieldFault("day", _("第 %s 行日期须写作 2027-01-01。") % n, row=n, column="日期", value=str(day))
            )
        if what is None:
            faults.append(
                FieldFault("kind", _("第 %s 行类别只能是休或班。") % n, row=n, column="类别", value=str(kind))
            )
        if not title:
            faults.append(FieldFault("name", _("第 %s 行没有名称。") % n, row=n, column="名称"))
        if when and what and title:
            days.append(GivenDay(when, what, title, n))
    if faults:
        raise Invalid("", faults)
    return days


def _date(value: Any) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    text = fold(str(value)).replace("/", "-").replace("年", "-").replace("月", "-").replace("日", "")
    parts = text.split("-")
    try:
        return date(*map(int, parts)) if len(parts) == 3 else None
    except ValueError:
        return None
