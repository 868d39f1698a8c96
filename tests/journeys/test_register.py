"""A register as somebody keeps it: one record, many at once, a sheet with faults and a mended one, files, labels, export."""

from __future__ import annotations

import io
import re
import secrets
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook
from playwright.sync_api import Page, expect

from tests.journeys.conftest import Desk, serious

pytestmark = pytest.mark.browser


def sheet(rows: list[list[object]]) -> dict[str, object]:
    book, file = Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(file)
    return {
        "name": "位置.xlsx",
        "mimeType": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "buffer": file.getvalue(),
    }


def place(page: Page, number: str, name: str) -> None:
    """Enter a place by the form."""
    page.goto("/r/places/new/")
    page.fill("[name=number]", number)
    page.fill("[name=name]", name)
    page.select_option("[name=kind]", "building")
    page.get_by_role("button", name="保存", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(name)


def test_places_are_entered_changed_together_and_exported(desk: Desk) -> None:
    page, mark = desk("sc.unit2"), secrets.token_hex(3)
    one, two = f"甲楼{mark}", f"乙楼{mark}"
    place(page, f"J-{mark}-1", one)
    place(page, f"J-{mark}-2", two)
    assert serious(page) == []

    page.goto("/r/places/")
    for name in (one, two):
        page.locator("tr", has_text=name).locator("input[type=checkbox]").check()
    page.get_by_role("button", name=re.compile("批量修改|修改")).first.click()
    page.locator("[name=set][value=state]").check()
    page.select_option("[name=state]", "idle")
    page.locator("main button[type=submit]", has_text="保存").click()
    expect(page.get_by_text("已修改 2")).to_be_visible()

    page.goto("/r/places/")
    with page.expect_download() as loading:
        page.get_by_role("button", name="导出").click()
    found = load_workbook(io.BytesIO(Path(loading.value.path()).read_bytes())).active
    cells = {str(c.value) for row in found.iter_rows() for c in row}
    assert {f"J-{mark}-1", f"J-{mark}-2", one, two} <= cells

    page.goto("/r/places/labels/")
    expect(page.locator(".lb").first).to_be_visible()


def test_a_sheet_with_faults_changes_nothing_and_a_mended_one_does(desk: Desk) -> None:
    page, mark = desk("sc.unit2"), secrets.token_hex(3)
    head, good = ["编号", "名称", "类别"], [f"J-{mark}-1", f"丙楼{mark}", "建筑"]
    page.goto("/r/places/import/")
    page.set_input_files("input[type=file]", sheet([head, good, [f"J-{mark}-2", f"丁楼{mark}", "城堡"]]))
    page.locator("main button[type=submit]").last.click()
    expect(page.locator("main")).to_contain_text("城堡")
    expect(page.locator("main table").last).to_contain_text("3")  # the row, as the sheet numbers it
    page.goto(f"/r/places/?q=丙楼{mark}")
    expect(page.locator("table tbody tr", has_text=mark)).to_have_count(0)

    page.goto("/r/places/import/")
    page.set_input_files("input[type=file]", sheet([head, good, [f"J-{mark}-2", f"丁楼{mark}", "建筑"]]))
    page.locator("main button[type=submit]").last.click()
    page.get_by_role("button", name=re.compile("^(确认)?导入")).last.click()
    expect(page.get_by_text("新增 2")).to_be_visible()
    expect(page.locator("table tbody tr", has_text=f"丁楼{mark}")).to_have_count(1)


def test_a_marked_file_is_stopped_and_a_plain_one_kept(desk: Desk) -> None:
    page = desk("sc.unit2", quiet=False)  # the refusal answers 422, which the console reports
    mark = secrets.token_hex(3)
    place(page, f"J-{mark}", f"档案楼{mark}")
    panel = page.locator(".sz-files")
    upload = panel.locator("input[type=file]")
    upload.set_input_files({"name": "通知.txt", "mimeType": "text/plain", "buffer": "机密★一年 会议记录".encode()})
    panel.get_by_role("button", name="上传", exact=True).click()
    expect(panel).to_contain_text("疑似涉密")
    upload.set_input_files({"name": "平面图说明.txt", "mimeType": "text/plain", "buffer": "档案楼一层平面".encode()})
    panel.get_by_role("button", name="上传", exact=True).click()
    expect(panel).to_contain_text("平面图说明.txt")
    expect(panel).not_to_contain_text("通知.txt")
    with page.expect_download() as loading:
        panel.get_by_role("link", name=re.compile("平面图说明")).click()
    assert Path(loading.value.path()).read_text(encoding="utf-8") == "档案楼一层平面"
