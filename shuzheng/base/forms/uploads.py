"""A workbook that an institution filled in, read back cell by cell: what would change, and every fault with its place.

A long one is read part by part. What becomes of it is the business of ``forms.incoming``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import IO, Any

from django.utils.translation import gettext as _

from shuzheng.base.forms import names
from shuzheng.base.forms.engine import read_value
from shuzheng.base.forms.filling import may_type
from shuzheng.base.forms.models import Submission
from shuzheng.base.forms.numbers import exact
from shuzheng.base.forms.sheets import (
    HEAD,
    LEFT,
    SUBMISSION,
    VERSION,
    Spot,
    layout,
    line_spots,
    sheet_name,
)
from shuzheng.base.forms.spec import FormSpec, SectionKind, SectionSpec, Value, load
from shuzheng.base.portal import formats
from shuzheng.base.registers import streams
from shuzheng.base.registers.exporting import Said
from shuzheng.base.registers.faults import AT_HAND, Faults
from shuzheng.base.registers.sheets import RawSheet, letter
from shuzheng.kernel.errors import FieldFault, Invalid
from shuzheng.kernel.periods import Period
from shuzheng.kernel.text import fold


@dataclass(frozen=True)
class Difference:
    """A cell that the file would change."""

    code: str
    title: str
    unit: str
    before: str
    after: str
    place: str


@dataclass
class Upload:
    """A file that was read: the new values, the first differences to look at, and what is wrong."""

    values: dict[str, Value] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)
    faults: Faults = field(default_factory=Faults)
    notes: list[str] = field(default_factory=list)
    rows: int = 0


def read_back(
    source: IO[bytes], filename: str, submission: Submission, stored: Mapping[str, Value], say: Said | None = None
) -> Upload:
    """What a workbook says, against what is ``stored``. ``say`` is told how far it is, row by row.

    Raises:
        Invalid: it is no workbook, or not this submission's: another form, an older version of it, another institution.
    """
    spec = load(submission.round.definition.spec)
    found = Upload()
    with streams.opened(source, filename) as book:
        _refuse_other(book.properties, spec, submission)
        sheets = {fold(name): name for name in book.names}
        asked = [s for s in spec.sections if s.kind != SectionKind.NOTE]
        missing = [sheet_name(s) for s in asked if fold(sheet_name(s)) not in sheets]
        if missing:
            words = {"names": "、".join(missing)}
            raise Invalid(_("文件里没有工作表“%(names)s”。用下载的模板填写，不改表名。") % words)
        reader = _Reader(spec, submission, stored, found, say)
        for section in asked:
            reader.read(section, book.parts(sheets[fold(sheet_name(section))]))
    return found


class _Reader:
    def __init__(
        self, spec: FormSpec, submission: Submission, stored: Mapping[str, Value], found: Upload, say: Said | None
    ) -> None:
        self.spec, self.submission, self.stored, self.found, self.say = spec, submission, stored, found, say
        self.period = Period.parse(submission.round.period)
        self.may_type = may_type(spec, submission)
        self.fixed: dict[str, list[Spot]] = {}
        for spot in layout(spec):
            self.fixed.setdefault(spot.sheet, []).append(spot)

    def read(self, section: SectionSpec, parts: Iterator[RawSheet]) -> None:
        """A section: its fixed cells stand in the first part, repeating rows in all of them."""
        hidden: list[int] = []
        for part in parts:
            bottom = self._bottom(section, part)
            if not section.line and not part.first:
                _check_heads(part, section, self.found)
            self._bad_places(part, section, bottom)
            hidden += [n + 1 for n in sorted(part.hidden_rows) if max(HEAD, part.first) <= n < bottom]
            if section.line:
                self._lines(section, part, bottom)
                continue
            for spot in self.fixed.get(sheet_name(section), ()) if not part.first else ():
                if spot.cell.is_input:
                    self._take(spot, part.value(spot.row, spot.column))
        if hidden:
            words = {"sheet": sheet_name(section), "n": len(hidden)}
            self.found.notes.append(_("“%(sheet)s”有 %(n)d 行被隐藏，也一并读入。") % words)

    @staticmethod
    def _bottom(section: SectionSpec, part: RawSheet) -> int:
        """The row, counted from 0, behind the last one that is read."""
        fixed = len(section.fields or section.rows)
        return HEAD + fixed if fixed else min(part.end, HEAD + section.most)

    def _lines(self, section: SectionSpec, part: RawSheet, bottom: int) -> None:
        for number in range(max(part.first, HEAD) - HEAD, max(bottom - HEAD, 0)):
            for spot in line_spots(section, [number]):
                if spot.cell.is_input:
                    self._take(spot, part.value(spot.row, spot.column))
            self.found.rows += 1
            if self.say:
                self.say(number + 1, max(part.whole, part.end) - HEAD)

    def _take(self, spot: Spot, raw: Any) -> None:
        text = _text(raw)
        before = self.stored.get(spot.code)
        if text is None and before is None:
            return
        try:
            value = read_value(spot.cell, text)
        except ValueError as fault:
            self._fault(spot, f"{self._title(spot)}：{fault}", str(text))
            return
        if value == before:
            return
        if not self.may_type(spot.code):
            self._fault(spot, _("%(title)s：这一格没有退回，保持锁定。") % {"title": self._title(spot)}, exact(value))
            return
        self.found.values[spot.code] = value
        if len(self.found.differences) < AT_HAND:
            self.found.differences.append(
                Difference(
                    spot.code, self._title(spot), names.unit(spot.cell.unit), names.said(spot.cell, before) or formats.NONE,
                    names.said(spot.cell, value) or formats.NONE, f"{spot.sheet} {spot.place}",
                )
            )  # fmt: skip

    def _title(self, spot: Spot) -> str:
        cell = self.spec.find(spot.code)
        return names.cell_title(self.spec, cell, self.period) if cell else spot.code

    def _fault(self, spot: Spot, message: str, value: str | None) -> None:
        self.found.faults.add(FieldFault(spot.code, message, row=spot.row + 1, column=letter(spot.column), value=value))

    def _bad_places(self, part: RawSheet, section: SectionSpec, bottom: int) -> None:
        typed = [n for n, c in enumerate(section.columns) if c.is_typed]
        columns = [LEFT] if section.fields else [LEFT + n for n in typed]
        if section.line:
            columns = [1 + n for n, c in enumerate(section.line) if c.is_input]
        for fault in part.bad_places(max(HEAD, part.first), bottom - 1, columns):
            said = f"{part.name}：{fault.message}"
            self.found.faults.add(FieldFault("", said, row=fault.row, column=fault.column, value=fault.value))


def _refuse_other(properties: Mapping[str, str], spec: FormSpec, submission: Submission) -> None:
    if VERSION not in properties or SUBMISSION not in properties:
        raise Invalid(_("这不是从填报页下载的模板。下载模板，把数粘贴进去再上传。"))
    if properties[SUBMISSION] != str(submission.pk):
        raise Invalid(_("这份文件是别的单位或别的报告期的。下载本表的模板再填。"))
    if properties[VERSION] != spec.digest:
        raise Invalid(_("报表换了版本，这份模板已不能用。重新下载模板，把数粘贴过去。"))


def _text(value: Any) -> str | None:
    """A cell as text that ``clean_number`` reads: floats without the noise of binary fractions."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, datetime | date):
        return value.strftime("%Y-%m-%d")
    if isinstance(value, int | float):
        number = Decimal(repr(value))
        return (
            exact(number.quantize(Decimal("0.000001"))) if abs(number) < 10**15 and number == number else f"{number:f}"
        )
    return str(value)


def _check_heads(sheet: RawSheet, section: SectionSpec, found: Upload) -> None:
    """The names at the left still stand where they were: nobody inserted, sorted or removed rows."""
    for number, code in enumerate(section.fields or [r.code for r in section.rows]):
        name = next((r.name for r in section.rows if r.code == code), None)
        if name is None:
            continue
        there = fold(str(sheet.value(HEAD + number, 1)))
        if there != fold(name):
            found.faults.add(
                FieldFault(
                    "", _("这里应是“%(name)s”。行的位置变了，用原模板填写。") % {"name": name},
                    row=HEAD + number + 1, column="B", value=there,
                )
            )  # fmt: skip


__all__ = ["Difference", "Upload", "read_back"]
