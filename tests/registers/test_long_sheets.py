"""Sheets that are too long to hold: read part by part, checked as sets, all or nothing, every fault told."""

from __future__ import annotations

import io
import re
from datetime import date, datetime

import pytest
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile

from shuzheng.base.core.scope import system_scope
from shuzheng.base.masters.models import Place
from shuzheng.base.registers import faults as fault_files
from shuzheng.base.registers import importing, sheets, streams, transfers
from shuzheng.base.registers.importing import Importer
from shuzheng.base.registers.models import Transfer
from shuzheng.base.registers.service import get
from shuzheng.base.registers.sheets import read
from shuzheng.kernel.errors import Invalid
from shuzheng.kernel.uscc import make_uscc
from tests.factories import actor_of
from tests.registers.conftest import U1, sign_in

pytestmark = pytest.mark.django_db
HEADS = ["编号", "名称", "类别", "所在位置", "使用面积（㎡）", "状态"]


def long_book(rows: int, every: int = 0, faults: tuple[int, str] = (4, "12 平")) -> bytes:
    """Buildings, one a row; each ``every``-th with something unreadable in it."""
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"constant_memory": True})
    sheet = book.add_worksheet("位置")
    sheet.write_row(0, 0, HEADS)
    for n in range(1, rows + 1):
        sheet.write_row(n, 0, [f"N{n}", f"第 {n} 栋", "建筑", "", n * 1.5, "闲置"])
        if every and n % every == 0:
            sheet.write(n, faults[0], faults[1])
    book.close()
    return file.getvalue()


@pytest.fixture
def in_parts(monkeypatch):
    """Everything counts as long: small pieces, nothing held."""
    monkeypatch.setattr(streams, "WHOLE", 0)
    monkeypatch.setattr(streams, "PIECE", 100_000)
    monkeypatch.setattr(streams, "STEP", 50_000)
    monkeypatch.setattr(importing, "HELD", 500)


def parts_of(content: bytes, name: str = "a.xlsx") -> list[sheets.RawSheet]:
    with streams.opened(io.BytesIO(content), name) as stream:
        return list(stream.parts())


def test_parts_say_the_same_as_the_whole(in_parts):
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file)
    sheet = book.add_worksheet("表 & 一")
    hidden = book.add_worksheet("藏")
    hidden.hide()
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    for n in range(9000):
        sheet.write_row(n, 1, [f"文 {n % 7}", n / 3, n % 2 == 0])
        sheet.write_datetime(n, 4, datetime(2026, 1, 1 + n % 28), day)
    sheet.set_row(8000, None, None, {"hidden": True})
    sheet.merge_range(8500, 1, 8501, 1, "合")
    sheet.write_formula(8700, 2, "=1/0", None, "#DIV/0!")
    book.close()
    whole = read(file.getvalue(), "a.xlsx").sheet()
    parts = parts_of(file.getvalue())
    assert len(parts) > 1
    assert [p.first for p in parts] == [0, *(p.end for p in parts[:-1])]
    assert [row for p in parts for row in p.rows] == whole.rows
    assert whole.value(5, 4) == date(2026, 1, 6) == parts[0].value(5, 4)
    last = parts[-1]
    assert last.value(8999, 1) == whole.value(8999, 1)
    assert [area for p in parts for area in p.merged] == whole.merged
    assert set().union(*(p.hidden_rows for p in parts)) == whole.hidden_rows == {8000}
    assert [f.row for p in parts for f in p.bad_places(p.first, p.end)] == [f.row for f in whole.bad_places(0, 9000)]


def test_a_csv_is_read_line_by_line_in_either_encoding(in_parts, monkeypatch):
    monkeypatch.setattr(streams, "LINES", 100)
    text = "编号;名称\n" + "".join(f"N{n};第{n}栋\n" for n in range(250))
    for encoding in ("utf-8-sig", "gb18030"):
        parts = parts_of(text.encode(encoding), "a.csv")
        assert [(p.first, len(p.rows)) for p in parts] == [(0, 100), (100, 100), (200, 51)]
        assert parts[2].rows[-1] == ["N249", "第249栋"]
    for wrong in (b"a,b\x00", "é".encode("latin-1") * 3 + b"\xff\xff"):
        with pytest.raises(Invalid):
            parts_of(wrong, "a.csv")


def test_a_broken_or_endless_book_is_refused_in_words(in_parts, monkeypatch):
    content = long_book(3000)
    with pytest.raises(Invalid, match="损坏"):
        parts_of(content[: len(content) // 2])
    for name, value, said in (
        ("MOST_ROWS", 2000, "超过 2000 行"),
        ("MOST_UNPACKED", 1000, "解开后过大"),
        ("MOST_SHARED", 1, "解开后过大"),
    ):
        with monkeypatch.context() as limits, pytest.raises(Invalid, match=said):
            limits.setattr(streams, name, value)
            parts_of(content)


def test_twenty_thousand_rows_with_faults_hold_a_part_at_a_time_and_tell_every_fault(nation, in_parts):
    content = long_book(20_000, every=100)
    actor = actor_of(nation.account(U1, "clerk"))
    assert max(len(part.rows) for part in parts_of(content)) < 4000
    with actor.scope.activate():
        importer = Importer(get("places"), actor, io.BytesIO(content), "a.xlsx")
        checked = importer.check()
    assert importer.held is None
    assert (checked.rows, checked.created, len(checked.faults), len(checked.faults.rows)) == (20_000, 19_800, 200, 200)
    assert [(f.row, f.column, f.value) for f in checked.faults][-1] == (20_001, "E 使用面积", "12 平")


def test_a_long_sheet_is_checked_by_a_job_and_brought_in_all_or_nothing(nation, in_parts, monkeypatch):
    monkeypatch.setattr(transfers, "LATER", 1000)
    monkeypatch.setattr(fault_files, "AT_HAND", 10)
    account = nation.account(U1, "clerk")
    client = sign_in(account)
    actor, told = actor_of(account), []
    content = long_book(600, every=20)
    address = client.post("/r/places/import/", {"file": SimpleUploadedFile("位置.xlsx", content)})["Location"]
    assert "正在后台检查" in client.get(address).content.decode()
    assert client.post(address, {"_key": "k"}).status_code == 422  # not before it was checked
    with system_scope("tests").activate():
        transfer = Transfer.objects.get()
    with actor.scope.activate():
        transfers.check_import(get("places"), actor, transfer, lambda *far: told.append(far))
    assert told == sorted(set(told))  # how far it is, part by part
    assert told[-1] == (601, 601)
    page = client.get(address).content.decode()
    assert "共 600 行：新增 570" in page.replace(",", "")
    assert "另有 20 处" in page
    whole = read(b"".join(client.get(f"{address}faults/").streaming_content), "f.xlsx").sheet()
    assert len(whole.rows) == 31
    assert client.post(address, {"_key": "k"}).status_code == 422
    assert not stored()
    with actor.scope.activate():
        assert transfers.run_import(get("places"), actor, transfer, partly=True, key="k") == (570, 0)
    assert len(stored()) == 570


def test_a_check_that_was_stopped_is_not_waited_for(nation, in_parts, monkeypatch):
    monkeypatch.setattr(transfers, "LATER", 1000)
    client = sign_in(nation.account(U1, "clerk"))
    address = client.post("/r/places/import/", {"file": SimpleUploadedFile("位置.xlsx", long_book(600))})["Location"]
    waiting = client.get(address).content.decode()
    assert "every 3s" in waiting
    run = re.search(r"/jobs/[^/]+/", waiting).group()
    client.post(f"{run}stop/")
    page = client.get(address).content.decode()
    assert "已按要求停止。 什么也没有写入。" in page
    assert "every 3s" not in page


def stored() -> list[str]:
    with system_scope("tests").activate():
        return list(Place.objects.filter(number__startswith="N").values_list("number", flat=True))


def test_doubles_across_parts_are_found_and_a_second_time_changes_nothing(nation, in_parts):
    from shuzheng.base.registers.service import get

    actor = actor_of(nation.account(U1, "clerk"))
    content = long_book(600)
    doubled = long_book(600, every=599, faults=(0, "N1"))
    with actor.scope.activate():
        found = Importer(get("places"), actor, io.BytesIO(doubled), "a.xlsx").check()
        assert [(f.row, f.message) for f in found.faults] == [(600, "与第 2 行重复。")]
        importer = Importer(get("places"), actor, io.BytesIO(content), "a.xlsx")
        importer.check()
        assert importer.held is None
        assert importer.write(key="k1") == (600, 0)
        again = Importer(get("places"), actor, io.BytesIO(content), "a.xlsx").check()
    assert (again.created, again.changed, again.same) == (0, 0, 600)


def test_equal_cells_and_empty_ones_give_each_record_a_list_of_its_own(nation):
    heads = ["名称", "统一社会信用代码", "服务类别"]
    rows = [["甲公司", "", "保洁绿化、安保"], ["乙公司", "", "保洁绿化、安保"], ["丙公司", "", ""], ["丁公司", "", ""]]
    for n, row in enumerate(rows):
        row[1] = make_uscc(body=f"MA{n:06d}")
    content = "\n".join(",".join(row) for row in [heads, *rows]).encode()
    actor = actor_of(nation.account(U1, "clerk"))
    with actor.scope.activate():
        importer = Importer(get("parties"), actor, io.BytesIO(content), "a.csv")
        assert importer.check().created == 4, list(importer.out.faults)
    [batch] = importer.held
    lists = [party.categories for party in batch.created]
    assert lists == [["cleaning", "security"]] * 2 + [[]] * 2
    assert len(set(map(id, lists))) == 4
    assert len({party.pk for party in batch.created}) == 4
