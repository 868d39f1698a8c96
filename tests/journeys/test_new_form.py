"""A form that nobody has programmed: from an Excel layout to a number that four tiers stand for, and on paper."""

from __future__ import annotations

import io
import re
from datetime import date, timedelta
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook
from playwright.sync_api import Page, expect

from tests.journeys.conftest import Desk

pytestmark = pytest.mark.browser

NAME, CODE = "办公用品消耗季报", "supplies-quarterly"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def layout() -> dict[str, object]:
    """A sheet as an office has it: a title over all, headings with units, labels, a sum, people's names at the foot."""
    book = Workbook()
    sheet = book.active
    for row in (
        [NAME], ["项目", "计量单位", "本季领用", "金额（元）"], ["复印纸", "包"], ["硒鼓", "个"],
        ["合计", "", "=C3+C4", "=SUM(D3:D4)"], ["填表人："],
    ):  # fmt: skip
        sheet.append(row)
    sheet.merge_cells("A1:D1")
    file = io.BytesIO()
    book.save(file)
    return {"name": "办公用品.xlsx", "mimeType": XLSX, "buffer": file.getvalue()}


def make_form(page: Page) -> None:
    page.goto("/forms/definitions/")
    page.get_by_role("link", name="新建报表").click()
    page.fill("main [name=name]", NAME)
    page.fill("main [name=code]", CODE)
    page.select_option("main [name=period]", "quarter")
    page.set_input_files("main [name=file]", layout())
    page.locator("main form button[type=submit]").click()
    page.wait_for_url("**/edit/")
    expect(page.locator("[data-builder]")).to_contain_text("硒鼓")
    builder = page.url

    page.get_by_role("link", name="一数一源").click()
    for choice in page.locator("fieldset.on-item").all():
        choice.get_by_label("仍然要问", exact=True).check()
        choice.locator("input[name^=why-]").fill("各单位分别领用，别处没有")
    if page.get_by_role("button", name="存下决定").count():
        page.get_by_role("button", name="存下决定").click()
    page.goto(builder)
    page.locator("[data-publish]").click()
    confirm = page.get_by_role("dialog").get_by_role("button").last
    if confirm.is_visible():
        confirm.click()
    expect(page.get_by_text("已发布").first).to_be_visible()


def issue(page: Page) -> None:
    """To two provinces, the form being chosen by its name."""
    page.goto("/forms/rounds/issue/")
    option = page.locator("main [name=definition] option", has_text=NAME)
    page.select_option("main [name=definition]", option.get_attribute("value"))
    expect(page.locator("main [name=period]")).to_have_value(re.compile(r"Q\d$"))  # the periods follow the form
    page.locator("main [name=whole]").last.check()
    for province in ("浙江省", "江苏省"):
        page.get_by_label(province, exact=True).check()
    page.fill("main [name=due]", (date.today() + timedelta(days=20)).isoformat())
    page.fill("main [name=title]", NAME)
    page.locator("main button[type=submit]").click()
    page.get_by_role("dialog").get_by_role("button", name="下达").click()
    expect(page.get_by_text(NAME).first).to_be_visible()


def put(page: Page, code: str, value: str) -> None:
    field = page.locator(f"sz-grid [data-cell='{code}'] input")
    field.fill(value)
    field.press("Enter")


def hand_in(page: Page) -> None:
    expect(page.locator("[data-submit-form]")).to_be_enabled(timeout=20_000)
    page.locator("[data-submit-form]").click()
    page.fill("#s-stat", "王统计")
    page.fill("#s-head", "李校长")
    page.locator("dialog form[data-after-saving] button[type=submit]").click()
    expect(page.get_by_text("已提交，内容锁定")).to_be_visible()


def fill_sheet(page: Page, folder: Path, values: dict[str, tuple[int, int]]) -> None:
    """By Excel: the round's own template, filled in beside the labels, sent back, looked at, taken over."""
    with page.expect_download() as loading:
        page.get_by_role("link", name="下载", exact=True).first.click()
    path = folder / "template.xlsx"
    loading.value.save_as(path)
    book = load_workbook(path)
    sheet = book.active
    for row in sheet.iter_rows():
        for cell in row:
            if cell.value in values:
                amount, cost = values[cell.value]
                sheet.cell(cell.row, cell.column + 2).value = amount
                sheet.cell(cell.row, cell.column + 3).value = cost
    book.save(path)
    page.get_by_role("link", name="上传 Excel").click()
    page.set_input_files("#f-file", path)
    page.get_by_role("button", name="上传", exact=True).click()
    page.get_by_role("button", name=re.compile("^存入")).click()
    page.wait_for_url("**/forms/entry/**")


def round_of(page: Page) -> str:
    """The address of the round, as an office sees it whose province it was issued to."""
    page.goto("/forms/")
    page.locator("table.wb-rounds a.strong", has_text=NAME).first.click()
    page.wait_for_url("**/forms/rounds/**")
    return page.url.split("?")[0].rstrip("/")


def review(page: Page, base: str, form: str) -> None:
    """Open a submission in the reviewer's desk of its county."""
    page.goto(f"{base}/review/?at=33/11/23/&s={form.rstrip('/').rsplit('/', 1)[-1]}")


def approve(page: Page) -> None:
    page.locator("[data-approve]").click()
    page.wait_for_load_state("networkidle")


def test_a_form_from_a_sheet_goes_up_four_tiers_and_is_printed(desk: Desk, tmp_path: Path) -> None:
    maker = desk("gj.admin")
    make_form(maker)
    issue(maker)

    first = desk("sc.unit")
    web = wait_for_entry(first)
    for code, value in (("r101_c1", "120"), ("r101_c2", "2400"), ("r102_c1", "9"), ("r102_c2", "5400")):
        put(first, code, value)
    expect(first.locator("[data-cell='r103_c2']")).to_contain_text("7,800")
    hand_in(first)

    second = desk("sc.unit2")
    sheet = wait_for_entry(second)
    fill_sheet(second, tmp_path, {"复印纸": (80, 1600), "硒鼓": (3, 1800)})
    expect(second.locator("[data-cell='r103_c2']")).to_contain_text("3,400")
    hand_in(second)

    county = desk("sc.review")
    base = round_of(county)
    review(county, base, web)
    county.locator("[data-cell='r102_c1'] button.rv-cell").first.click()
    county.fill("[data-return-pop] textarea[name=why]", "硒鼓数量与领用单不符。")
    county.locator("[data-return-pop] button[type=submit]").click()
    county.wait_for_load_state("networkidle")

    first.goto(web)
    first.get_by_role("link", name="去答复").click()
    first.fill("main [name=r102_c1]", "8")
    first.locator("main form button[type=submit]").last.click()
    expect(first.locator("main")).to_contain_text("已生效")  # no tier had approved it yet

    review(county, base, web)
    expect(county.locator("del", has_text="9.00").first).to_be_visible()  # old and new beside each other
    for account in ("sc.review", "ls.review", "zj.review", "gj.review"):
        page = county if account == "sc.review" else desk(account)
        for form in (web, sheet):
            review(page, base, form)
            approve(page)

    nation = desk("gj.review")
    nation.goto(f"{base}/rollup/")
    expect(nation.locator("main")).to_contain_text("11,200")
    paper = nation.request.get(nation.get_by_role("link", name="PDF", exact=True).get_attribute("href") or "")
    assert paper.body().startswith(b"%PDF")
    nation.goto("/stats/cockpit/")
    expect(nation.get_by_role("heading", level=1)).to_be_visible()


def wait_for_entry(page: Page) -> str:
    """The round is opened by a job a moment after it was issued."""
    row = page.locator("main tr", has_text=NAME).get_by_role("link", name="填报")
    for _ in range(30):
        page.goto("/forms/")
        if row.count():
            break
        page.wait_for_timeout(1000)
    row.first.click()
    page.wait_for_url("**/forms/entry/**")
    return page.url
