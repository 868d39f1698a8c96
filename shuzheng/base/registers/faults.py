"""Faults of a sheet, however many: the first stay at hand, all of them go to a file."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import IO

from django.utils.translation import gettext as _

from shuzheng.base.registers.workbooks import SheetColumn, write_xlsx
from shuzheng.kernel.errors import FieldFault

AT_HAND = 200
"""So many are shown; the file has all."""
MOST = 1_000_000
"""More than a sheet of Excel can list are counted and no longer kept."""


class Faults:
    """What is wrong with a sheet, in the order it was found."""

    def __init__(self) -> None:
        self.first: list[FieldFault] = []
        self.rows: set[int] = set()
        self._count = 0
        self._file: IO[str] | None = None

    def __len__(self) -> int:
        return self._count

    def add(self, fault: FieldFault) -> None:
        """One more."""
        self._count += 1
        if fault.row is not None:
            self.rows.add(fault.row)
        if len(self.first) < AT_HAND:
            self.first.append(fault)
        if self._count <= MOST:
            if self._file is None:
                self._file = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 -- as long as the faults
            self._file.write(json.dumps(asdict(fault), ensure_ascii=False, default=str) + "\n")

    def __iter__(self) -> Iterator[FieldFault]:
        if self._file is not None:
            self._file.seek(0)
            yield from _read(self._file)
            self._file.seek(0, os.SEEK_END)

    def keep(self, path: Path) -> None:
        """Write all to ``path``, for its owner alone; a file that is there is replaced, or goes where there are none."""
        path.unlink(missing_ok=True)
        if self._count:
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as kept:
                kept.writelines(json.dumps(asdict(f), ensure_ascii=False, default=str) + "\n" for f in self)


def kept(path: Path) -> Iterator[FieldFault]:
    """What ``keep`` wrote."""
    with path.open(encoding="utf-8") as file:
        yield from _read(file)


def faults_book(faults: Iterable[FieldFault]) -> IO[bytes]:
    """Faults as a workbook to work through beside the sheet; whoever sends it out closes it."""
    columns = [
        SheetColumn(_("行"), "integer"),
        SheetColumn(_("列")),
        SheetColumn(_("填的内容")),
        SheetColumn(_("问题"), width=60),
    ]
    file = tempfile.TemporaryFile()  # noqa: SIM115 -- the response closes it
    write_xlsx(file, columns, ([f.row, f.column, f.value, f.message] for f in faults), name=_("问题"))
    file.seek(0)
    return file


def _read(file: IO[str]) -> Iterator[FieldFault]:
    for line in file:
        yield FieldFault(**json.loads(line))


__all__ = ["AT_HAND", "Faults", "faults_book", "kept"]
