"""Sheets in and out through the pages: template, check, faults with their place, all or nothing, updates by key."""

from __future__ import annotations

import io
import os
import re
import time
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import Workbook, load_workbook

from shuzheng.base.core.scope import system_scope
from shuzheng.base.events.models import Event
from shuzheng.base.masters.models import Place
from shuzheng.base.registers import exporting, jobs
from shuzheng.base.registers.models import Transfer
from tests.registers.conftest import U1, place, sign_in

pytestmark = pytest.mark.django_db

HEADS = ["编号", "名称", "类别", "所在位置", "使用面积（㎡）", "状态"]


def book(*rows, heads=HEADS) -> bytes:
    sheet = Workbook()
    sheet.active.append(heads)
    for row in rows:
        sheet.active.append(row)
    file = io.BytesIO()
    sheet.save(file)
    return file.getvalue()


def upload(client, content: bytes, name: str = "位置.xlsx"):
    return client.post("/r/places/import/", {"file": SimpleUploadedFile(name, content)})


def bring(client, content: bytes, **data):
    """Upload and confirm; the response to the confirmation."""
    address = upload(client, content)["Location"]
    return client.post(address, {"_key": "k", **data})


def stored() -> dict[str, Place]:
    with system_scope("tests").activate():
        return {p.number: p for p in Place.objects.select_related("parent", "node")}


def faults(client, address: str) -> list[tuple[str, ...]]:
    text = client.get(address).content.decode()
    body = text.partition("下载全部问题")[2]
    return [
        tuple(re.findall(r"<td[^>]*>(.*?)</td>", row)) for row in re.findall(r"<tr>(.*?)</tr>", body) if "<td" in row
    ]


def test_sheet_creates_and_updates_by_key(clerk, nation, places):
    content = book(
        ["A1", "主楼", "建筑", None, "１，２３４．５", None],
        ["A1-1", "一层", "楼层", "A1", None, None],
        ["A1-101", "101 室", "房间", "A1-1", 20, "闲置"],
    )
    address = upload(clerk, content)["Location"]
    assert "共 3 行：新增 2，修改 1，未变 0。" in clerk.get(address).content.decode()
    assert stored()["A1"].name == "一号楼"  # nothing is written before the decision
    clerk.post(address, {"_key": "k"})
    now = stored()
    assert (now["A1"].name, now["A1"].net_area, now["A1"].version) == ("主楼", Decimal("1234.50"), 2)
    assert (now["A1-101"].full_name, now["A1-101"].state, now["A1-101"].path) == ("主楼 / 一层 / 101 室", "idle", U1)
    assert Event.objects.filter(name="masters.place.created").count() == 1


def test_every_fault_has_row_column_value_and_reason_and_nothing_is_written(clerk, places):
    content = book(
        ["N1", "好的", "建筑", None, 1, None],
        ["N2", "", "大楼", None, "12 平", None],
        ["N1", "重复", "建筑", None, -1, None],
        ["N3", "在外县之下", "房间", "C1", None, None],
        ["N4", "没有上级", "房间", None, None, None],
    )
    address = upload(clerk, content)["Location"]
    found = faults(clerk, address)
    assert sorted((row, column, value) for row, column, value, _reason in found) == [
        ("3", "B 名称", ""),
        ("3", "C 类别", "大楼"),
        ("3", "E 使用面积", "12 平"),
        ("4", "A 编号", "N1"),
        ("4", "E 使用面积", "-1"),
        ("5", "D 所在位置", "C1"),
        ("6", "D 所在位置", ""),
    ]
    assert clerk.post(address, {"_key": "k"}).status_code == 422
    assert set(stored()) == {"A1", "A2", "B1", "C1"}


def test_partly_brings_the_good_rows_only_when_asked(clerk, places):
    content = book(["N1", "好的", "建筑", None, 1, None], ["N2", "坏的", "大楼", None, 1, None])
    assert bring(clerk, content, partly="1").status_code == 302
    assert {"N1"} == set(stored()) - {"A1", "A2", "B1", "C1"}


def test_confirming_twice_brings_the_rows_once(clerk, places):
    content = book(["N1", "楼", "建筑", None, 1, None])
    address = upload(clerk, content)["Location"]
    assert clerk.post(address, {"_key": "k"}).status_code == 302
    assert clerk.post(address, {"_key": "k"}).status_code == 422
    assert len([n for n in stored() if n == "N1"]) == 1


def test_import_of_another_person_is_missing(clerk, nation, places):
    address = upload(clerk, book(["N1", "楼", "建筑", None, 1, None]))["Location"]
    other = sign_in(nation.account(U1, "clerk"))
    assert other.get(address).status_code == 404
    assert other.post(address).status_code == 404
    assert other.get(f"{address}faults/").status_code == 404


def test_authority_brings_rows_for_organs_below_and_no_others(county, nation, places):
    heads = ["归属单位", *HEADS]
    address = upload(
        county,
        book(
            ["甲县第1小学", "N1", "楼", "建筑", None, 1, None],
            ["甲县第2小学", "B1", "改名楼", "建筑", None, 7, None],
            ["乙县第1小学", "N3", "楼", "建筑", None, 1, None],
            heads=heads,
        ),
    )["Location"]
    [fault] = faults(county, address)
    assert fault[:3] == ("4", "A 单位", "乙县第1小学")
    county.post(address, {"_key": "k", "partly": "1"})
    assert (stored()["N1"].path, stored()["B1"].name) == (U1, "改名楼")


def test_same_number_in_another_organ_is_another_record(clerk, nation, places):
    assert bring(clerk, book(["B1", "本单位的 B1", "建筑", None, 1, None])).status_code == 302
    with system_scope("tests").activate():
        assert Place.objects.filter(number="B1").count() == 2


def test_unreadable_file_is_refused_in_words(clerk):
    response = upload(clerk, b"%PDF-1.4", "a.xlsx")
    assert response.status_code == 422
    assert "打不开" in response.content.decode()


@pytest.mark.parametrize("name", ["export", "import", "template"])
def test_sheets_need_their_right(nation, places, name):
    stranger = sign_in(nation.account(U1))
    send = stranger.post if name == "export" else stranger.get
    assert send(f"/r/places/{name}/").status_code == (200 if name == "export" else 403)


def exported(response) -> list[list[object]]:
    sheet = load_workbook(io.BytesIO(b"".join(response.streaming_content))).active
    return [[cell.value for cell in row] for row in sheet.iter_rows()]


def test_export_holds_what_the_list_shows_and_nothing_else(clerk, places):
    [heads, *rows] = exported(clerk.post("/r/places/export/?sort=-number"))
    assert heads[:2] == ["编号", "名称"]
    assert [row[0] for row in rows] == ["A2", "A1"]
    assert [row[0] for row in exported(clerk.post("/r/places/export/?state=idle"))[1:]] == ["A2"]


def test_exported_file_comes_back_without_a_change(county, nation, places):
    place(nation, U1, "A1-1", "一层", "floor", parent=places["own"])
    response = county.post("/r/places/export/?cols=number,name,kind,parent,net_area,state")
    content = b"".join(response.streaming_content)
    address = upload(county, content)["Location"]
    text = county.get(address).content.decode()
    assert "共 4 行：新增 0，修改 0，未变 4。" in text, re.findall(r"<td[^>]*>(.*?)</td>", text)


def test_export_of_chosen_rows_takes_only_those_that_may_be_seen(clerk, places):
    ids = [f"{places['own'].pk}.1", f"{places['neighbour'].pk}.1"]
    rows = exported(clerk.post("/r/places/bulk/", {"do": "export", "id": ids}))
    assert [row[0] for row in rows[1:]] == ["A1"]


def test_exports_are_on_record_with_their_number_of_rows(clerk, places):
    clerk.post("/r/places/export/")
    with system_scope("tests").activate():
        transfer = Transfer.objects.get(way="export")
    assert (transfer.rows, transfer.state) == (2, "done")


def test_template_lists_what_may_be_chosen(clerk, places):
    response = clerk.get("/r/places/template/")
    sheet = load_workbook(io.BytesIO(b"".join(response.streaming_content)))
    heads = [cell.value for cell in sheet["位置"][1]]
    assert heads == [
        "编号",
        "名称",
        "类别",
        "所在位置",
        "坐落",
        "建筑面积（㎡）",
        "使用面积（㎡）",
        "楼层号",
        "建成日期",
        "状态",
        "备注",
    ]
    rules = {str(v.sqref): v.formula1 for v in sheet["位置"].data_validations.dataValidation}
    assert "一号楼" in rules["D2:D1001"]
    assert "邻居楼" not in rules["D2:D1001"]


def test_sheets_nobody_went_on_with_are_removed_after_their_days(settings, tmp_path):
    settings.MEDIA_ROOT, settings.SZ_TRANSFER_DAYS = tmp_path, 7
    old, fresh = exporting.folder("import") / "a.sheet", exporting.folder("import") / "b.sheet"
    left = exporting.folder("export") / "c.part"
    for path, days in ((old, 8), (fresh, 6), (left, 8)):
        path.write_bytes(b"sheet")
        os.utime(path, (time.time() - days * 86400,) * 2)
    jobs.remove_sheets()
    assert fresh.exists() and not old.exists() and not left.exists()
