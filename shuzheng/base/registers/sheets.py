"""Sheets as people send them: reading xlsx, xls, ods and csv without guessing, and writing workbooks they can fill in.

What can be read in one way only is read: full-width digits, thousands separators, stray spaces, numbers kept as text,
hidden rows (read, and said). What cannot is refused with the place: merged cells among the data, formulas whose result
was never saved, error values, numbers that lost digits. ``sheet_values`` turns single cells into values.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from python_calamine import CalamineError, CalamineWorkbook, SheetVisibleEnum, ZipError

from shuzheng.base.registers.sheet_xml import Parts
from shuzheng.kernel.errors import FieldFault, Invalid
from shuzheng.kernel.text import fold

MAX_BYTES = 50_000_000
"""Largest file that is opened."""
MAX_UNPACKED = 600_000_000
"""Largest sum of the parts of an xlsx once unpacked: a small file can hide a very large one."""
MAX_ROWS = 200_000
HEAD_ROWS = 10
"""The headings stand within the first rows; what is above them is a title."""


def letter(column: int) -> str:
    """The letter of a column counted from 0: ``A``, ``Z``, ``AA``."""
    name = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle of cells, rows and columns counted from 0, ends included."""

    top: int
    left: int
    bottom: int
    right: int

    def __str__(self) -> str:
        return f"{letter(self.left)}{self.top + 1}:{letter(self.right)}{self.bottom + 1}"


@dataclass
class RawSheet:
    """One sheet as it stands, or a part of one. ``rows`` begin at column A; an empty cell is ``""``.

    Attributes:
        first: the row, counted from 0, that ``rows`` begin with: 0 but for a part from further down (``registers.streams``).
        hidden_rows, hidden_columns: counted from 0.
        unsaved: cells (row, column) with a formula whose result is not in the file.
        errors: cells that hold ``#REF!`` and the like.
        whole: rows of the whole sheet, of which this may be a part.
    """

    name: str
    rows: list[list[Any]]
    merged: list[Area] = field(default_factory=list)
    hidden_rows: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()
    unsaved: frozenset[tuple[int, int]] = frozenset()
    errors: frozenset[tuple[int, int]] = frozenset()
    first: int = 0
    whole: int = 0

    @property
    def end(self) -> int:
        """The row, counted from 0, behind the last one."""
        return self.first + len(self.rows)

    def value(self, row: int, column: int) -> Any:
        """The value of a cell counted from 0; ``""`` outside of what is filled."""
        row -= self.first
        return self.rows[row][column] if 0 <= row < len(self.rows) and column < len(self.rows[row]) else ""

    def bad_places(self, top: int, bottom: int, columns: Iterable[int] | None = None) -> list[FieldFault]:
        """What cannot be read between two rows (counted from 0, ends included), each with its place and the way out."""
        wanted = None if columns is None else set(columns)
        faults = []
        for area in self.merged:
            if area.bottom >= top and area.top <= bottom:
                faults.append(
                    FieldFault(
                        "", _("单元格 %(area)s 是合并的。取消合并，每格各填一次。") % {"area": area},
                        row=max(area.top, top) + 1, column=letter(area.left),
                    )
                )  # fmt: skip
        for places, said in (
            (self.unsaved, _("公式没有保存结果。在 Excel 中打开、保存后再上传，或改填算好的值。")),
            (self.errors, _("单元格是错误值（如 #REF!）。改正公式或直接填值。")),
        ):
            for row, column in sorted(places):
                if top <= row <= bottom and (wanted is None or column in wanted):
                    faults.append(FieldFault("", said, row=row + 1, column=letter(column)))
        return faults


@dataclass
class Workbook:
    """A file that was read: its visible sheets in order, all sheets by name, and its custom properties."""

    sheets: list[RawSheet]
    properties: dict[str, str] = field(default_factory=dict)

    def sheet(self, name: str = "") -> RawSheet:
        """The named sheet, or the first one.

        Raises:
            Invalid: there is none of that name.
        """
        for sheet in self.sheets:
            if not name or sheet.name == name:
                return sheet
        raise Invalid(_("文件里没有工作表“%(name)s”。") % {"name": name} if name else _("文件里没有可见的工作表。"))


@dataclass
class Table:
    """Rows under headings. ``columns`` maps what the caller expects to the place it was found at.

    ``rows`` are ``(number, values by expected name)``; the number is the row as the user sees it. Rows with nothing in
    any wanted column are left out.
    """

    sheet: RawSheet
    head_row: int
    columns: dict[str, int]
    rows: list[tuple[int, dict[str, Any]]]
    unknown: list[str]
    faults: list[FieldFault]

    @property
    def hidden(self) -> list[int]:
        """Numbers of rows that are read although they are hidden."""
        return [number for number, _values in self.rows if number - 1 in self.sheet.hidden_rows]

    @property
    def notes(self) -> list[str]:
        """What the user should know although nothing is wrong."""
        return notes_of(self, self.hidden)


def notes_of(table: Table, hidden: Sequence[int]) -> list[str]:
    """What the user should know of a sheet: hidden rows (of all its parts) and columns, columns that nobody knows."""
    said = []
    if hidden:
        said.append(_("有 %(n)d 行被隐藏，也一并读入：第 %(rows)s 行。") % {"n": len(hidden), "rows": spans(hidden)})
    covered = [letter(c) for c in sorted(table.columns.values()) if c in table.sheet.hidden_columns]
    if covered:
        said.append(
            _("有 %(n)d 列被隐藏，也一并读入：%(columns)s 列。") % {"n": len(covered), "columns": "、".join(covered)}
        )
    if table.unknown:
        said.append(_("这些列不认识，没有读入：%(names)s。") % {"names": "、".join(table.unknown)})
    return said


def spans(numbers: Sequence[int], most: int = 12) -> str:
    """Numbers in order as spans: ``3–5、9``; past ``most`` spans the rest is left out with ``…``."""
    parts: list[list[int]] = []
    for number in numbers:
        if parts and number == parts[-1][1] + 1:
            parts[-1][1] = number
        else:
            parts.append([number, number])
    shown = [str(a) if a == b else f"{a}–{b}" for a, b in parts[:most]]
    return "、".join(shown) + ("…" if len(parts) > most else "")


def read(content: bytes, filename: str) -> Workbook:
    """Read a file that somebody sent.

    Raises:
        Invalid: too large, protected by a password, or not a sheet at all; says which and what to do.
    """
    if not content:
        raise Invalid(_("文件是空的。"))
    if len(content) > MAX_BYTES:
        raise Invalid(_("文件超过 %(n)d MB，拆成几份再传。") % {"n": MAX_BYTES // 1_000_000})
    if filename.lower().endswith((".csv", ".txt", ".tsv")):
        return Workbook([_read_csv(content)])
    return _read_book(content)


def _read_csv(content: bytes) -> RawSheet:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise Invalid(_("文件的编码认不出。另存为 UTF-8 或 GB18030 编码的 CSV，或 xlsx。"))
    if "\0" in text:
        raise Invalid(_("这不是 CSV 文件。"))
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter_of(text.split("\n", 1)[0])))
    if len(rows) > MAX_ROWS:
        raise Invalid(_("超过 %(n)d 行，拆成几份再传。") % {"n": MAX_ROWS})
    return RawSheet("", rows)


def delimiter_of(line: str) -> str:
    """What separates the values of a CSV, by its first line: comma, tab or semicolon."""
    return max(",\t;", key=line.count)


def _read_book(content: bytes) -> Workbook:
    packed = content[:4] == b"PK\x03\x04"
    if packed:
        _check_size(content)
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    except (CalamineError, ZipError, OSError) as fault:
        if "password" in str(fault).lower():
            raise Invalid(_("文件有打开密码。去掉密码后再传。"))
        raise Invalid(_("文件打不开：不是 Excel（xlsx、xls）或 CSV 文件，或已损坏。"))
    parts = Parts(zipfile.ZipFile(io.BytesIO(content))) if packed else None
    sheets = []
    for meta in book.sheets_metadata:
        if meta.visible != SheetVisibleEnum.Visible:
            continue
        sheet = book.get_sheet_by_name(meta.name)
        if sheet.total_height > MAX_ROWS:
            raise Invalid(_("超过 %(n)d 行，拆成几份再传。") % {"n": MAX_ROWS})
        raw = RawSheet(meta.name, sheet.to_python(skip_empty_area=False))
        raw.merged = [Area(*start, *end) for start, end in sheet.merged_cell_ranges or ()]
        if parts:
            parts.mark(raw)
        sheets.append(raw)
    return Workbook(sheets, parts.properties() if parts else {})


def _check_size(content: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            if sum(part.file_size for part in packed.infolist()) > MAX_UNPACKED:
                raise Invalid(_("文件解开后过大，拆成几份再传。"))
    except zipfile.BadZipFile:
        raise Invalid(_("文件已损坏，重新另存后再传。"))


def head_key(text: Any) -> str:
    """A heading as it is compared: folded, without unit in brackets, marks of duty and spaces: ``面积（㎡）*`` → ``面积``."""
    plain = re.sub(r"[（(\[【].*?[）)\]】]", "", fold(str(text)))
    return re.sub(r"[\s*＊:：]", "", plain).lower()


@dataclass
class Heading:
    """Where a sheet's headings stand, and which column is which; ``faults`` are those of the headings."""

    row: int
    columns: dict[str, int]
    unknown: list[str] = field(default_factory=list)
    faults: list[FieldFault] = field(default_factory=list)


def heading(sheet: RawSheet, expected: dict[str, Sequence[str]], required: Iterable[str] = ()) -> Heading:
    """The headings of a sheet, or of its first part.

    Args:
        expected: for each name the headings it may have.
        required: names without which nothing can be read.

    Raises:
        Invalid: no heading is known.
    """
    by_head = {head_key(head): name for name, heads in expected.items() for head in heads}
    best, head_row = 0, -1
    for number, row in enumerate(sheet.rows[: max(0, HEAD_ROWS - sheet.first)], sheet.first):
        known = sum(head_key(cell) in by_head for cell in row if cell != "")
        if known > best:
            best, head_row = known, number
    if head_row < 0:
        raise Invalid(_("前 %(n)d 行里没有认识的表头。用模板填写，不改表头。") % {"n": HEAD_ROWS})
    found = Heading(head_row, {})
    for place, cell in enumerate(sheet.rows[head_row - sheet.first]):
        if cell == "":
            continue
        name = by_head.get(head_key(cell))
        if name is None:
            found.unknown.append(fold(str(cell)))
        elif name in found.columns:
            said = _("表头“%(head)s”出现两次。") % {"head": cell}
            found.faults.append(FieldFault(name, said, row=head_row + 1, column=letter(place)))
        else:
            found.columns[name] = place
    missing = [expected[name][0] for name in required if name not in found.columns]
    if missing:
        said = _("缺少列：%(names)s。") % {"names": "、".join(missing)}
        found.faults.append(FieldFault("", said, row=head_row + 1))
    return found


def table_of(sheet: RawSheet, head: Heading) -> Table:
    """The rows of a sheet, or of one of its parts, that stand below the headings."""
    top = max(head.row + 1, sheet.first)
    rows = []
    for number, cells in enumerate(sheet.rows[top - sheet.first :], top):
        values = {name: cells[place] if place < len(cells) else "" for name, place in head.columns.items()}
        if any(value != "" and str(value).strip() for value in values.values()):
            rows.append((number + 1, values))
    last = rows[-1][0] - 1 if rows else head.row
    faults = sheet.bad_places(top, max(last, _last_bad(sheet)), head.columns.values())
    return Table(sheet, head.row, head.columns, rows, head.unknown, faults)


def table(sheet: RawSheet, expected: dict[str, Sequence[str]], required: Iterable[str] = ()) -> Table:
    """The rows under the headings; arguments as for ``heading``.

    Raises:
        Invalid: no heading is known, or there is no row below.
    """
    head = heading(sheet, expected, required)
    found = table_of(sheet, head)
    found.faults = [*head.faults, *found.faults]
    if not found.rows and not found.faults:
        raise Invalid(_("表头下面没有数据。"))
    return found


def _last_bad(sheet: RawSheet) -> int:
    return max((row for row, _column in sheet.unsaved | sheet.errors), default=-1)
