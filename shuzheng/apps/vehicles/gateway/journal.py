"""An append-only journal in files: what was received is on disk before it is acknowledged, and stays until it is stored.

Records are lines, written in groups: one header with length and checksum, one write, one fsync for all that came
meanwhile. A group that a crash tore is not there (nobody was told that it was). What is stored is noted by place; after
a crash a little may be read twice, which storing takes no harm from.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from struct import Struct
from zlib import crc32

HEAD = Struct(">4sII")
MAGIC = b"SZJ1"
SEGMENT = 32 * 1024 * 1024
"""Bytes after which a new file begins; a file is deleted when all of it is stored."""
_NAME = re.compile(r"(\d{12})\.journal")


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where in the journal: the file's number, and the byte in it."""

    segment: int = 0
    offset: int = 0


class Journal:
    """One writer and one reader, each in a thread of its own. Only one process opens a folder."""

    def __init__(self, folder: Path, *, segment: int = SEGMENT) -> None:
        self.folder, self.segment = folder, segment
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = threading.Lock()
        self._stored = self._noted()
        numbers = self._segments()
        self._number = max([*numbers, self._stored.segment])
        self._mend(self._path(self._number))
        self._file = self._path(self._number).open("ab")
        self._end = self._file.tell()
        self.news = threading.Event()
        if self.waiting:
            self.news.set()

    def _path(self, number: int) -> Path:
        return self.folder / f"{number:012}.journal"

    def _segments(self) -> list[int]:
        return sorted(int(m[1]) for p in self.folder.iterdir() if (m := _NAME.fullmatch(p.name)))

    def _noted(self) -> Place:
        """The place up to which all is stored; the beginning when there is no note, or none that can be read."""
        with suppress(FileNotFoundError, ValueError):
            segment, offset = (self.folder / "stored").read_text().split()
            return Place(int(segment), int(offset))
        return Place(min(self._segments(), default=0), 0)

    @staticmethod
    def _mend(path: Path) -> None:
        """Cut off what a crash left behind the last whole group."""
        if path.exists():
            whole = max((end for end, _ in _groups(path, 0)), default=0)
            with path.open("r+b") as file:
                file.truncate(whole)

    @property
    def waiting(self) -> int:
        """Bytes that are on disk and not stored."""
        with self._lock:
            numbers = self._segments()
            total = sum(self._path(n).stat().st_size for n in numbers if n >= self._stored.segment)
        return max(0, total - self._stored.offset)

    def write(self, lines: bytes) -> None:
        """Put a group of whole lines on disk. When this returns, a crash does not lose them.

        Raises:
            OSError: the disk is full or broken; the group is not there then.
        """
        group = HEAD.pack(MAGIC, len(lines), crc32(lines)) + lines
        try:
            self._file.write(group)
            self._file.flush()
            os.fdatasync(self._file.fileno())
        except OSError:
            with suppress(OSError):
                self._file.truncate(self._end)  # half a group would hide what follows it
            raise
        with self._lock:
            self._end += len(group)
            if self._end >= self.segment:
                self._file.close()
                self._number, self._end = self._number + 1, 0
                self._file = self._path(self._number).open("ab")
        self.news.set()

    def read(self, most: int) -> tuple[bytes, Place]:
        """Lines that are not stored yet, about ``most`` bytes of them, and the place behind them."""
        with self._lock:
            last, end, begin = self._number, self._end, self._stored
        pieces: list[bytes] = []
        size = 0
        for number in range(begin.segment, last + 1):
            path = self._path(number)
            if not path.exists():
                continue
            for after, lines in _groups(path, begin.offset if number == begin.segment else 0):
                if number == last and after > end:
                    break
                pieces.append(lines)
                size += len(lines)
                begin = Place(number, after)
                if size >= most:
                    return b"".join(pieces), begin
            if number < last:
                begin = Place(number + 1, 0)
        return b"".join(pieces), begin

    def stored(self, place: Place) -> None:
        """Note that all before ``place`` is stored; files before it go."""
        temporary = self.folder / "stored.new"
        temporary.write_text(f"{place.segment} {place.offset}\n")
        temporary.replace(self.folder / "stored")
        with self._lock:
            self._stored = place
            done = [number for number in self._segments() if number < min(place.segment, self._number)]
        for number in done:
            self._path(number).unlink(missing_ok=True)

    def close(self) -> None:
        self._file.close()


def _groups(path: Path, offset: int) -> Iterator[tuple[int, bytes]]:
    """Whole groups of a file from ``offset`` on: the byte behind each, and its lines."""
    with path.open("rb") as file:
        file.seek(offset)
        while len(head := file.read(HEAD.size)) == HEAD.size:
            magic, size, check = HEAD.unpack(head)
            lines = file.read(size) if magic == MAGIC else b""
            if len(lines) != size or crc32(lines) != check or magic != MAGIC:
                return
            offset += HEAD.size + size
            yield offset, lines
