"""Sheets of 50,000 rows: checked against 20 data elements a row, and brought into a register; against reading and copying them."""

from __future__ import annotations

import io
import statistics
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import xlsxwriter
from django.db import connections
from django.urls import get_resolver

from bench import stock
from bench.measure import Result, timed
from bench.reference import upload as reference
from shuzheng.base.core.action import new_key
from shuzheng.base.org.models import Node
from shuzheng.base.registers.importing import Importer
from shuzheng.base.registers.service import get
from shuzheng.base.standards.conform import Checker
from shuzheng.base.standards.conform_file import check_sheet
from shuzheng.base.standards.selection import Selection

ROWS = 50_000
ROUNDS = 2
USERNAME = "zj.admin"
BAR = 3
NAMES = (
    "plate", "plate_kind", "vin", "engine_number", "body", "brand", "seats", "displacement", "fuel", "price", "purchased_on",
    "registered_on", "owner", "user", "use", "acquisition", "asset_number", "inspection_to", "mileage", "state",
)  # fmt: skip
ELEMENTS = tuple(f"vehicle.record.{name}" for name in NAMES)


def run() -> Iterator[Result]:
    yield conformance()
    yield register()


def conformance() -> Result:
    """A ledger of vehicles: a million checks, every departure said with its row and column."""
    actor = stock.actor(USERNAME)
    with actor.scope.activate():
        selection = Selection.of("", identifiers=ELEMENTS)
        content = vehicles(selection, ROWS)

        def ours() -> None:
            found = check_sheet(Checker(selection.elements, on=selection.on, book=selection.book), content, "a.xlsx")
            if (found.report.rows, found.report.total) != (ROWS, 3 * (ROWS // 1000)):
                raise AssertionError(f"{found.report.total} departures in {found.report.rows} rows")

        mine, theirs = _in_turn(ours, lambda: reference.stage(content, len(ELEMENTS)))
    how = f"{ROWS:,} rows × {len(ELEMENTS)} elements, three faults in each thousand rows found; calamine and COPY of the same rows"
    return Result("sheet against 20 data elements", mine, how, theirs, BAR)


def register() -> Result:
    """Places: read, checked, written with trail, search and event."""
    get_resolver().url_patterns  # noqa: B018 -- loads every app's pages, and with them the registers
    actor = stock.actor(USERNAME)
    held = get("places")
    content = places(ROWS)
    with actor.scope.activate():
        home = Node.objects.get(pk=actor.organ_id)

    def ours() -> None:
        with actor.scope.activate():
            importer = Importer(held, actor, io.BytesIO(content), "places.xlsx")
            checked = importer.check()
            if checked.faults.first:
                raise AssertionError(f"faults: {checked.faults.first[0]}")
            created, _changed = importer.write(key=new_key())
        if created != ROWS:
            raise AssertionError(f"{created} of {ROWS} came in")

    mine, theirs = _in_turn(ours, lambda: reference.places(content, home), forget=_forget)
    how = (
        f"{ROWS:,} places of 10 columns: type and limits of each, duty, key, right, unique number; trail, search, event."
        " calamine and COPY of the same rows as owner"
    )
    return Result("upload of 50,000 places", mine, how, theirs, BAR)


def _in_turn(
    ours: Callable[[], Any], theirs: Callable[[], Any], *, forget: Callable[[], Any] = lambda: None
) -> tuple[float, float]:
    taken: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS):
        for side, do in enumerate((ours, theirs)):
            taken[side].append(timed(do))
            forget()
    return statistics.median(taken[0]), statistics.median(taken[1])


def _forget() -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "DELETE FROM search_doc WHERE object_id IN (SELECT id FROM masters_place WHERE number LIKE 'U%%')", []
        )
        cursor.execute("DELETE FROM masters_place WHERE number LIKE 'U%%'", [])
        cursor.execute("TRUNCATE audit_entry")
        cursor.execute("VACUUM ANALYZE masters_place")


def vehicles(selection: Selection, rows: int) -> bytes:
    """A ledger of vehicles with three faults in each thousand rows: a letter too many, a code that is none, a negative price."""
    codes = {
        e.identifier.rpartition(".")[2]: [i.code for i in found.on(selection.on)]
        for e in selection.elements
        if e.code_set and (found := selection.book.code_set(e.code_set, selection.on, ""))
    }

    def row(n: int) -> list[Any]:
        values: dict[str, Any] = {
            "plate": f"浙A{n:05d}", "vin": f"LSVAA{n:012d}", "engine_number": f"EA{n:08d}", "brand": f"红旗 H{n % 9}",
            "seats": 5 + n % 3, "displacement": 1.5 + n % 4 / 10, "price": 120_000 + n % 5000 + 0.25,
            "purchased_on": f"20{10 + n % 15}06{1 + n % 28:02d}", "registered_on": f"20{10 + n % 15}07{1 + n % 28:02d}",
            "owner": f"单位{n % 900:04d}", "user": f"单位{n % 900:04d}", "asset_number": f"TY{n:09d}",
            "inspection_to": f"2027{1 + n % 12:02d}{1 + n % 28:02d}", "mileage": n % 200_000 + 0.5,
        }  # fmt: skip
        values |= {name: found[n % len(found)] for name, found in codes.items()}
        match n % 1000:
            case 250:
                values["vin"] += "X"
            case 500:
                values["fuel"] = "?"
            case 750:
                values["price"] = -1
        return [values[name] for name in NAMES]

    return _sheet([e.name for e in selection.elements], map(row, range(rows)))


def places(rows: int) -> bytes:
    head = ("编号", "名称", "类别", "状态", "建筑面积", "使用面积", "楼层号", "建成日期", "坐落", "备注")
    return _sheet(head, (reference.place(n) for n in range(rows)))


def _sheet(head: Sequence[str], rows: Iterator[Sequence[Any]] | map[Any]) -> bytes:
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True})
    sheet = book.add_worksheet("台账")
    sheet.write_row(0, 0, head)
    for number, values in enumerate(rows, 1):
        sheet.write_row(number, 0, values)
    book.close()
    return file.getvalue()


__all__ = ["ELEMENTS", "run", "vehicles"]
