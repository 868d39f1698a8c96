"""Sheets read with calamine and copied as the owner: nothing is checked, nothing noted."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import python_calamine
from django.db import connections, transaction

from shuzheng.kernel.ids import uuid7

PLACE = (
    "COPY masters_place (id, node_id, path, version, created_at, updated_at, number, name, full_name, kind, state, gross_area, net_area,"
    " storey, built_on, address, note) FROM STDIN"
)


def place(n: int) -> tuple[Any, ...]:
    """A line of the sheet."""
    return (
        f"U{n:07d}", f"办公用房{n}", "建筑", "在用", 1200 + n % 300, 900 + n % 200, 1 + n % 20, f"19{70 + n % 30}-05-0{1 + n % 9}",
        f"人民路 {n % 300} 号", "",
    )  # fmt: skip


def _read(content: bytes) -> list[list[Any]]:
    return python_calamine.load_workbook(io.BytesIO(content)).get_sheet_by_index(0).to_python()[1:]


def stage(content: bytes, columns: int) -> None:
    """The lines as they stand, into a table of texts."""
    names = [f"c{n}" for n in range(columns)]
    rows = _read(content)
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        cursor.execute(f"CREATE TEMP TABLE bench_sheet ({', '.join(f'{n} text' for n in names)}) ON COMMIT DROP")
        _copy(cursor, f"COPY bench_sheet ({', '.join(names)}) FROM STDIN", rows)


def places(content: bytes, home: Any) -> None:
    """The lines as places of one organ."""
    now = datetime.now(UTC)
    own = (home.pk, home.path, 1, now, now)
    rows = (
        (uuid7(), *own, number, name, name, "building", "used", gross, net, int(storey), day, address, note)
        for number, name, _kind, _state, gross, net, storey, day, address, note in _read(content)
    )
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        _copy(cursor, PLACE, rows)


def _copy(cursor: Any, statement: str, rows: Iterable[Sequence[Any]]) -> None:
    with cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)
