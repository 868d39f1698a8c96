"""Sheets of any length, read part by part: memory holds one part, however long the sheet is.

A large xlsx is cut, as text, between rows: each piece of the sheet with the styles and shared texts of the book is a small
book of its own, read as every other (``sheets.read``), so that a cell means the same in a short sheet and in a long one. CSV is
read line by line. What is small, and the older formats, are read whole and given as one part.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO

from django.utils.translation import gettext as _
from python_calamine import CalamineError, CalamineWorkbook, ZipError

from shuzheng.base.core.bulk import unswept
from shuzheng.base.registers.sheet_xml import PREFIX, Parts, column_of
from shuzheng.base.registers.sheets import Area, RawSheet, Workbook, delimiter_of, read
from shuzheng.kernel.errors import Invalid

MOST_BYTES = 300_000_000
"""Largest file that is read part by part."""
MOST_ROWS = 1_048_576
"""As many as a sheet of Excel has."""
WHOLE = 30_000_000
"""A workbook that is no larger once unpacked is read at once."""
PIECE = 8_000_000
"""Bytes of XML of one part, some ten to thirty thousand rows."""
LINES = 20_000
"""Rows of one part of a CSV."""
MOST_SHARED = 400_000_000
"""Largest table of shared texts: the one thing that stays in memory as a whole."""
MOST_UNPACKED = 4_000_000_000
"""Largest sum of the parts of an xlsx: a sheet of a million rows and thirty columns. A small file can hide a very large one."""
MOST_ROW = 64_000_000
"""Bytes of XML after which a row must have ended, and of what stands behind the rows."""
STEP = 1 << 20

_ENDS = re.compile(PREFIX + rb"row\b[^>]*/>|</(?:\w+:)?row>")
_BEGINS = re.compile(PREFIX + rb"row\b")
_DATA = re.compile(PREFIX + rb"sheetData\b[^>]*>")
_CLOSED = re.compile(rb"</(?:\w+:)?sheetData>|" + PREFIX + rb"sheetData\b[^>]*/>")
_MERGED = re.compile(PREFIX + rb'mergeCell\b[^>]*\bref="([A-Z]+)(\d+):([A-Z]+)(\d+)"')
_NUMBERED = re.compile(PREFIX + rb'row\b[^>]*\br="')


@dataclass
class Stream:
    """A file that is open: its visible sheets by name and its custom properties; ``parts`` reads one of them from its top."""

    names: list[str]
    properties: dict[str, str] = field(default_factory=dict)
    _book: Workbook | None = None
    _packed: _Packed | None = None
    _lines: IO[bytes] | None = None

    def parts(self, name: str = "") -> Iterator[RawSheet]:
        """The named sheet, or the first, in parts from top to bottom; ``first`` says where each begins. Can be read again.

        Raises:
            Invalid: there is none of that name, it is too long, or broken further down.
        """
        if self._lines is not None:
            yield from _csv_parts(self._lines)
        elif self._book is not None:
            yield self._book.sheet(name)
        elif self._packed is not None:
            if name and name not in self.names:
                raise Invalid(_("文件里没有工作表“%(name)s”。") % {"name": name})
            yield from self._packed.parts(name or self.names[0])


@contextmanager
def opened(source: IO[bytes], filename: str) -> Iterator[Stream]:
    """Open a file that somebody sent. ``source`` is binary and can be searched; it stays open for the caller to close.

    Raises:
        Invalid: too large, protected by a password, or no sheet at all; says which and what to do.
    """
    size = source.seek(0, io.SEEK_END)
    source.seek(0)
    if not size:
        raise Invalid(_("文件是空的。"))
    if size > MOST_BYTES:
        raise Invalid(_("文件超过 %(n)d MB，拆成几份再传。") % {"n": MOST_BYTES // 1_000_000})
    if filename.lower().endswith((".csv", ".txt", ".tsv")):
        yield Stream([""], _lines=source)
    elif (found := _large(source)) is not None:
        yield Stream(found.names, found.parts_.properties(), _packed=found)
    else:
        with unswept():
            book = read(source.read(), filename)
        yield Stream([s.name for s in book.sheets], book.properties, _book=book)


def unpacked(source: IO[bytes]) -> int:
    """Bytes of a file as it is read: what a zip says that it holds, any other as it is. Nothing is read for it."""
    size = source.seek(0, io.SEEK_END)
    source.seek(0)
    try:
        with zipfile.ZipFile(source) as packed:
            size = sum(part.file_size for part in packed.infolist())
    except zipfile.BadZipFile:  # an older format, or nothing that can be read: said when it is
        pass
    source.seek(0)
    return size


# CSV


def _csv_parts(source: IO[bytes]) -> Iterator[RawSheet]:
    encoding = _encoding(source)
    source.seek(0)
    lines = codecs.getreader(encoding)(source)
    first = lines.readline()
    source.seek(0)
    reader = csv.reader(codecs.getreader(encoding)(source), delimiter=delimiter_of(first))
    rows: list[list[str]] = []
    begun = 0
    try:
        for row in reader:
            rows.append(row)
            if len(rows) == LINES:
                yield RawSheet("", rows, first=begun)
                begun, rows = begun + len(rows), []
                if begun >= MOST_ROWS:
                    raise _too_long()
    except csv.Error:
        raise Invalid(_("这不是 CSV 文件。"))
    if rows or not begun:
        yield RawSheet("", rows, first=begun)


def _encoding(source: IO[bytes]) -> str:
    """UTF-8 or GB18030, told by reading all of it once.

    Raises:
        Invalid: neither, or no text.
    """
    for encoding in ("utf-8-sig", "gb18030"):
        source.seek(0)
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            while block := source.read(STEP):
                if b"\0" in block:
                    raise Invalid(_("这不是 CSV 文件。"))
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        return encoding
    raise Invalid(_("文件的编码认不出。另存为 UTF-8 或 GB18030 编码的 CSV，或 xlsx。"))


def _too_long() -> Invalid:
    return Invalid(_("超过 %(n)d 行，拆成几份再传。") % {"n": MOST_ROWS})


def _too_large() -> Invalid:
    return Invalid(_("文件解开后过大，拆成几份再传。"))


# xlsx


def _large(source: IO[bytes]) -> _Packed | None:
    """A large xlsx; None for what is small, or another kind of workbook, or none, which ``read`` tells apart."""
    is_packed = source.read(4) == b"PK\x03\x04"
    source.seek(0)
    if not is_packed:
        return None
    try:
        packed = zipfile.ZipFile(source)
        unpacked = sum(part.file_size for part in packed.infolist())
        if unpacked > MOST_UNPACKED:
            raise _too_large()
        if unpacked > WHOLE and (found := _Packed(packed)).names:
            return found
    except zipfile.BadZipFile:
        raise Invalid(_("文件已损坏，重新另存后再传。"))
    source.seek(0)
    return None


class _Packed:
    """A large xlsx, of which only one piece of a sheet is unpacked at a time."""

    def __init__(self, packed: zipfile.ZipFile) -> None:
        self._zip = packed
        self.parts_ = Parts(packed)
        self.names = [n for n, file in self.parts_.visible.items() if file in packed.namelist()]

    def parts(self, name: str) -> Iterator[RawSheet]:
        file = self.parts_.visible[name]
        try:
            yield from self._parts(name, file)
        except (zipfile.BadZipFile, CalamineError, ZipError, EOFError):
            raise Invalid(_("文件已损坏，重新另存后再传。"))

    def _parts(self, name: str, file: str) -> Iterator[RawSheet]:
        merged, whole = self._look_ahead(file)
        rest = self._rest(file)
        begun = 0
        for head, piece in self._pieces(file, max(PIECE, len(rest[0]))):
            xml = head + piece + self._closing(head)
            book = CalamineWorkbook.from_filelike(io.BytesIO(self._small_book(file, xml, rest[1])))
            sheet = book.get_sheet_by_name(name)
            start = sheet.start or (0, 0)
            numbered = _NUMBERED.match(piece, piece.find(b"<")) is not None
            with unswept():
                rows = sheet.to_python(skip_empty_area=True)
            if start[1]:
                rows = [[""] * start[1] + row for row in rows]
            raw = RawSheet(name, rows, first=start[0] if numbered else begun + start[0], whole=whole)
            raw.merged = [a for a in merged if a.bottom >= raw.first and a.top < raw.first + len(rows)]
            self.parts_.mark_xml(raw, xml)
            begun += len(_BEGINS.findall(piece))
            yield raw

    def _look_ahead(self, file: str) -> tuple[list[Area], int]:
        """Goes through the sheet once: finds merged cells, which stand behind the rows, and counts rows.

        Raises:
            Invalid: more rows than a sheet has.
        """
        rows, tail = 0, b""
        with self._zip.open(file) as stream:
            while block := stream.read(STEP):
                block = tail + block
                if closed := _CLOSED.search(block):
                    rest = block[closed.end() :] + stream.read(MOST_ROW)
                    rows += len(_BEGINS.findall(block, 0, closed.start()))
                    break
                rows += len(_BEGINS.findall(block[:-32]))
                tail = block[-32:]
            else:
                rest = b""
        if rows > MOST_ROWS:
            raise _too_long()
        areas = [
            Area(int(top) - 1, column_of(left.decode()), int(bottom) - 1, column_of(right.decode()))
            for left, top, right, bottom in _MERGED.findall(rest)
        ]
        return areas, rows

    def _pieces(self, file: str, size: int) -> Iterator[tuple[bytes, bytes]]:
        """What stands before the rows, and the rows in pieces of about ``size`` bytes, each ending with a whole row."""
        with self._zip.open(file) as stream:
            buffer = stream.read(STEP)
            while (begin := _DATA.search(buffer)) is None:
                more = stream.read(STEP)
                if not more:
                    return
                buffer += more
            head, held = buffer[: begin.end()], [buffer[begin.end() :]]
            length = len(held[0])
            while block := stream.read(STEP):
                held.append(block)
                length += len(block)
                if length >= size:
                    whole = b"".join(held)
                    cut = whole.rfind(b"row>") + 4
                    if cut <= 3 and length > MOST_ROW:
                        raise _too_large()
                    if cut > 3:
                        yield head, whole[:cut]
                        held = [whole[cut:]]
                        length = len(held[0])
            last = b"".join(held)
            end = _CLOSED.search(last)
            last = last[: end.start()] if end else last
            if _BEGINS.search(last):
                yield head, last

    @staticmethod
    def _closing(head: bytes) -> bytes:
        prefix = _DATA.findall(head)[-1][1:].partition(b"sheetData")[0]
        return b"</%bsheetData></%bworksheet>" % (prefix, prefix)

    def _rest(self, file: str) -> tuple[bytes, list[tuple[str, bytes]]]:
        """The shared texts, and all that a piece needs beside its rows.

        Raises:
            Invalid: the shared texts are too many to hold.
        """
        names = [
            n for n in self._zip.namelist()
            if n != file and not n.startswith(("xl/worksheets/", "xl/media/", "xl/drawings/", "docProps/"))
        ]  # fmt: skip
        if sum(self._zip.getinfo(n).file_size for n in names) > MOST_SHARED:
            raise _too_large()
        held = [(n, self._zip.read(n)) for n in names]
        shared = next((content for n, content in held if n.endswith("sharedStrings.xml")), b"")
        return shared, held

    @staticmethod
    def _small_book(file: str, xml: bytes, rest: list[tuple[str, bytes]]) -> bytes:
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as book:
            for name, content in rest:
                book.writestr(name, content)
            book.writestr(file, xml)
        return made.getvalue()


__all__ = ["MOST_BYTES", "MOST_ROWS", "Stream", "opened", "unpacked"]
