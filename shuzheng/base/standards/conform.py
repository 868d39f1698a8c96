"""Whether rows conform to data elements: every departure with its row, element, value and reason.

Rows are read one after another and nothing of them is kept, so memory does not grow with their number. Texts are checked
as they stand (a full-width digit is a departure); a date cell of a sheet is a date whatever notation the element asks for.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from shuzheng.base.standards import formats, ranges, resolve
from shuzheng.base.standards.book import Book, ElementValue
from shuzheng.kernel.errors import Invalid
from shuzheng.kernel.uscc import check_uscc

KEPT = 1_000
"""Departures that a report keeps in full unless told otherwise; all are counted."""
SHOWN = 200
"""Characters of a value that a departure repeats."""

_PLAIN_NUMBER = re.compile(r"-?\d{1,40}(\.\d{1,40})?")
_YES_NO = {"1", "0", "true", "false", "是", "否", "T", "F"}

KINDS = {
    "missing": gettext_lazy("必填未填"),
    "column": gettext_lazy("缺少必填列"),
    "unknown": gettext_lazy("没有对应的数据元"),
    "type": gettext_lazy("类型不符"),
    "format": gettext_lazy("格式不符"),
    "range": gettext_lazy("超出值域"),
    "code": gettext_lazy("不在代码集"),
    "cell": gettext_lazy("单元格读不出"),
}
"""What can be wrong, by the word that programs get."""

_SAID = {
    "missing": gettext_noop("必填，这里是空的。"),
    "column": gettext_noop("没有这一列，而它必填。"),
    "unknown": gettext_noop("没有与这一列对应的数据元。"),
    "not_text": gettext_noop("应是文字。"),
    "not_number": gettext_noop("应是数值，只含数字和小数点。"),
    "not_date": gettext_noop("应是日期，写成 %(format)s。"),
    "not_boolean": gettext_noop("应是“是”或“否”（1 或 0）。"),
    "letters": gettext_noop("只能是字母（%(format)s）。"),
    "digits_only": gettext_noop("只能是数字（%(format)s）。"),
    "letters_digits": gettext_noop("只能是字母和数字（%(format)s）。"),
    "too_long": gettext_noop("最多 %(most)s 个字符，这里有 %(has)s 个（%(format)s）。"),
    "too_short": gettext_noop("至少 %(least)s 个字符，这里有 %(has)s 个（%(format)s）。"),
    "length": gettext_noop("应为 %(most)s 个字符，这里有 %(has)s 个（%(format)s）。"),
    "too_many_digits": gettext_noop("整数部分最多 %(most)s 位，这里有 %(has)s 位（%(format)s）。"),
    "too_many_decimals": gettext_noop("最多 %(most)s 位小数，这里有 %(has)s 位（%(format)s）。"),
    "out_of_range": gettext_noop("值域为 %(domain)s。"),
    "no_code": gettext_noop("代码集“%(set)s”里没有这个代码。"),
    "name_for_code": gettext_noop("填的是名称，应填代码 %(code)s。"),
    "code_ended": gettext_noop("代码自 %(day)s 起停用，改用：%(next)s。"),
}


@dataclass(frozen=True, slots=True)
class Departure:
    """One value that does not conform. ``row`` is the row as the caller counts (0: the head); ``column`` its letter, if any."""

    row: int
    identifier: str
    name: str
    kind: str
    reason: str
    value: str = ""
    column: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)

    @property
    def message(self) -> str:
        """Why, in the words of the reader."""
        said = _SAID.get(self.reason)
        return self.reason if said is None else _(said) % self.params


@dataclass
class Report:
    """What a check found. ``departures`` holds the first ``KEPT``; ``counts`` counts all, by element and kind."""

    elements: tuple[ElementValue, ...]
    rows: int = 0
    total: int = 0
    departures: list[Departure] = field(default_factory=list)
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    bad_rows: int = 0

    @property
    def conforms(self) -> bool:
        return self.total == 0


Fault = tuple[str, str, Mapping[str, Any]]
Check = Callable[[Any], Sequence[Fault]]
REMEMBERED = 1_000
"""Distinct values of an element whose verdict is kept: columns of codes, days and names repeat a few of them."""


class Checker:
    """Elements as they hold on a day at a place, made ready to check many rows.

    Args:
        elements: identifiers, or elements of the book.
        required: identifiers that must be filled; those that the elements themselves call 必填 unless given.

    Raises:
        Missing: an identifier has no element in force.
        Invalid: none was named, or one twice.
    """

    def __init__(
        self,
        elements: Sequence[str | ElementValue],
        *,
        on: date | None = None,
        path: str = "",
        required: Iterable[str] | None = None,
        book: Book | None = None,
    ) -> None:
        self.on, self.path, self.book = on or timezone.localdate(), path, book or resolve.current()
        self.elements = tuple(
            e if isinstance(e, ElementValue) else resolve.element(e, self.on, path, book=self.book) for e in elements
        )
        if not self.elements:
            raise Invalid.one("elements", _("没有指明按哪些数据元检查。"))
        self.by_identifier = {e.identifier: e for e in self.elements}
        if len(self.by_identifier) < len(self.elements):
            raise Invalid.one("elements", _("同一数据元出现不止一次。"))
        self.required = {e.identifier for e in self.elements if e.required} if required is None else set(required)
        self._checks = [(e.identifier, e, _remembering(self._check_of(e))) for e in self.elements]

    def row(self, number: int, values: Mapping[str, Any]) -> Iterator[Departure]:
        """The departures of one row: values by identifier; one that is absent is empty."""
        for identifier, element, check in self._checks:
            value = values.get(identifier)
            if value is None or value == "" or (value.__class__ is str and value.isspace()):
                if identifier in self.required:
                    yield Departure(number, identifier, element.name, "missing", "missing")
                continue
            for kind, reason, params in check(value):
                yield Departure(number, identifier, element.name, kind, reason, _shown(value), params=params)
        if not values.keys() <= self.by_identifier.keys():
            for name in values.keys() - self.by_identifier.keys():
                yield Departure(number, name, "", "unknown", "unknown", _shown(values[name]))

    def rows(self, rows: Iterable[tuple[int, Mapping[str, Any]]]) -> Iterator[Departure]:
        """The departures of rows, each with the number that the caller gives it."""
        for number, values in rows:
            yield from self.row(number, values)

    def _check_of(self, element: ElementValue) -> Check:
        shape, domain = formats.parse(element.data_format), ranges.parse(element.value_domain)
        kind = element.data_type
        if kind == "number":
            return _number_check(element, shape, domain)
        if kind in ("date", "datetime"):
            return _date_check(
                shape if shape.pattern else formats.parse("YYYYMMDD" if kind == "date" else "YYYY-MM-DD hh:mm")
            )
        if kind == "boolean":
            return lambda value: () if _text(value) in _YES_NO else [("type", "not_boolean", {})]
        if kind == "code":
            return self._code_check(element)
        checks = [_text_check(shape)]
        if domain.credit_code:
            checks.append(_credit_code)
        return checks[0] if len(checks) == 1 else lambda value: [fault for check in checks for fault in check(value)]

    def _code_check(self, element: ElementValue) -> Check:
        found = resolve.code_set(element.code_set, self.on, self.path, book=self.book)
        known = {item.code for item in found.on(self.on)}
        ended = {item.code: item for item in found.items if item.code not in known}
        by_name = {item.name: item.code for item in found.items if item.code in known}

        def check(value: Any) -> Sequence[Fault]:
            text = _text(value)
            if text in known:
                return ()
            if text in by_name:
                return [("code", "name_for_code", {"code": by_name[text]})]
            if old := ended.get(text):
                return [("code", "code_ended", {"day": old.effective_to, "next": "、".join(old.successors) or "—"})]
            return [("code", "no_code", {"set": found.name})]

        return check


def check(
    elements: Sequence[str | ElementValue],
    rows: Iterable[Mapping[str, Any]],
    *,
    on: date | None = None,
    path: str = "",
    required: Iterable[str] | None = None,
    most: int = KEPT,
    book: Book | None = None,
) -> Report:
    """Check rows (values by identifier) against elements; rows are counted from 1.

    Raises:
        Missing: an identifier has no element in force on the day.
    """
    checker = Checker(elements, on=on, path=path, required=required, book=book)
    return collect(checker, enumerate(rows, 1), most=most)


def collect(
    checker: Checker,
    rows: Iterable[tuple[int, Mapping[str, Any]]],
    *,
    most: int = KEPT,
    ahead: Iterable[Departure] = (),
    each: Callable[[Departure], None] | None = None,
) -> Report:
    """Check numbered rows; ``ahead`` are departures already known (of the head); ``each`` sees every departure as it is found."""
    report = Report(checker.elements)

    def take(found: Iterable[Departure]) -> bool:
        any_found = False
        for departure in found:
            any_found = True
            report.total += 1
            report.counts[departure.identifier, departure.kind] += 1
            if len(report.departures) < most:
                report.departures.append(departure)
            if each is not None:
                each(departure)
        return any_found

    take(ahead)
    for number, values in rows:
        report.rows += 1
        report.bad_rows += take(checker.row(number, values))
    return report


def _shown(value: Any) -> str:
    return str(value)[:SHOWN]


def _text(value: Any) -> str:
    """A value as the text that a person would write: a whole number of a sheet without ``.0``."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)


def _decimal(value: Any) -> Decimal | None:
    """A number exactly as it is written; None for what is none. Floats go by their shortest text, as people see them."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | Decimal):
        return Decimal(value)
    if isinstance(value, float):
        return Decimal(repr(value)) if math.isfinite(value) else None
    text = value.strip() if isinstance(value, str) else ""
    return Decimal(text) if text.isascii() and _PLAIN_NUMBER.fullmatch(text) else None


def _remembering(check: Check) -> Check:
    """The same check, asked once for each of the first values."""
    known: dict[tuple[type, Any], Sequence[Fault]] = {}

    def ask(value: Any) -> Sequence[Fault]:
        key = (value.__class__, value)  # 1, 1.0 and True are equal, and not the same
        try:
            found = known.get(key)
        except TypeError:  # a list or an object of an API payload
            return check(value)
        if found is None:
            found = check(value)
            if len(known) < REMEMBERED:
                known[key] = found
        return found

    return ask


def _number_check(element: ElementValue, shape: formats.Format, domain: ranges.Range) -> Check:
    places = shape.decimals or 0
    whole = None if shape.length is None else shape.length - places
    fits = _fitting(shape, domain, places, whole)

    def check(value: Any) -> Sequence[Fault]:
        if value.__class__ is float and fits(value):
            return ()
        number = _decimal(value)
        if number is None or not number.is_finite():
            return [("type", "not_number", {})]
        faults: list[Fault] = []
        sign, digits, exponent = number.normalize().as_tuple()
        decimals, integer = max(0, -int(exponent)), max(0, len(digits) + int(exponent))
        if whole is not None and number and integer > whole:
            faults.append(("format", "too_many_digits", {"most": whole, "has": integer, "format": shape.text}))
        if shape.text and decimals > places:
            faults.append(("format", "too_many_decimals", {"most": places, "has": decimals, "format": shape.text}))
        if domain and number not in domain:
            faults.append(("range", "out_of_range", {"domain": element.value_domain}))
        return faults

    return check


def _fitting(shape: formats.Format, domain: ranges.Range, places: int, whole: int | None) -> Callable[[float], bool]:
    """Whether a number of a sheet conforms for certain, by arithmetic of the machine; where it says no, ``_decimal`` decides.

    A float that rounding to ``places`` leaves as it is has a shortest text with no more places, which is what people see.
    """
    low = float("-inf") if domain.low is None else float(domain.low)
    high = float("inf") if domain.high is None else float(domain.high)
    if domain.low not in (None, Decimal(low)) or domain.high not in (None, Decimal(high)):
        return lambda value: False  # a bound that a float does not hold exactly
    most = float("inf") if whole is None else 10.0**whole

    def fits(value: float) -> bool:
        return (
            -most < value < most
            and (
                low < value < high or (value == low and not domain.low_open) or (value == high and not domain.high_open)
            )
            and (not shape.text or round(value, places) == value)
        )

    return fits


def _date_check(shape: formats.Format) -> Check:
    def check(value: Any) -> Sequence[Fault]:
        if isinstance(value, date | datetime):
            return ()
        return () if shape.read_date(_text(value)) else [("type", "not_date", {"format": shape.text})]

    return check


_CHARS = {"a": "letters", "n": "digits_only", "an": "letters_digits"}
_ONLY = {"a": "[A-Za-z]*", "n": "[0-9]*", "an": "[A-Za-z0-9]*"}


def _text_check(shape: formats.Format) -> Check:
    pattern = re.compile(_ONLY[shape.chars]) if shape.chars in _ONLY else None

    def check(value: Any) -> Sequence[Fault]:
        if isinstance(value, dict | list):
            return [("type", "not_text", {})]
        text = _text(value)
        if shape.pattern:
            return () if shape.read_date(text) else [("format", "not_date", {"format": shape.text})]
        faults: list[Fault] = []
        if pattern is not None and not pattern.fullmatch(text):
            faults.append(("format", _CHARS[shape.chars], {"format": shape.text}))
        has = len(text)
        said = {"least": shape.least, "most": shape.length, "has": has, "format": shape.text}
        if shape.length is not None and shape.least == shape.length != has:
            faults.append(("format", "length", said))
        elif shape.length is not None and has > shape.length:
            faults.append(("format", "too_long", said))
        elif has < shape.least:
            faults.append(("format", "too_short", said))
        return faults

    return check


def _credit_code(value: Any) -> Sequence[Fault]:
    try:
        check_uscc(_text(value))
    except ValueError as fault:
        return [("range", f"{fault}。", {})]
    return ()


__all__ = ["KEPT", "KINDS", "Checker", "Departure", "Report", "check", "collect"]
