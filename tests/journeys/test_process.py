"""A process that nobody has programmed: drawn as steps down a page, published, run over three tiers, watched, printed."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from shuzheng.ops.pg import Cluster
from tests.journeys.conftest import Desk, serious
from tests.journeys.program import run_name

pytestmark = pytest.mark.browser

COUNTY, PREFECTURE, PROVINCE = "遂昌县机关事务服务中心", "丽水市机关事务服务中心", "浙江省机关事务管理局"
ROOT = Path(__file__).resolve().parents[2]


def name_of(page: Page) -> str:
    """Who has signed in."""
    return (page.locator("button[aria-label$='，账户']").get_attribute("aria-label") or "").removesuffix("，账户")


def add_step(page: Page, name: str, *rules: Callable[[Page], None]) -> None:
    """Below the last one; its name is typed over, its people are picked."""
    page.locator(".fd-plus").last.click()
    page.locator(".fd-palette").get_by_role("button", name="审批").click()
    page.locator(".fd-side [data-key=name]").fill(name)
    for rule in rules:
        page.get_by_role("button", name="加人").click()
        rule(page)


def person(name: str, place: str) -> Callable[[Page], None]:
    def pick(page: Page) -> None:
        page.get_by_role("button", name="指定人员").click()
        page.locator(".fd-more [role=combobox]").fill(name)
        page.locator(".fd-more [role=option]", has_text=f"{name}（{place}）").first.click()  # people may have namesakes
        expect(page.locator(".fd-chip", has_text=name)).to_contain_text(place)

    return pick


def leader_at(place: str) -> Callable[[Page], None]:
    def pick(page: Page) -> None:
        page.get_by_role("button", name="角色", exact=True).click()
        page.get_by_label("哪里的").select_option("node")
        page.locator(".fd-more [role=combobox]").fill(place)
        page.locator(".fd-more [role=option]", has_text=place).first.click()
        page.locator(".fd-more").get_by_role("button", name="加上").click()
        expect(page.locator(".fd-chip", has_text="负责人")).to_contain_text(place)

    return pick


def saved(page: Page, standing: str) -> None:
    """All is stored, and the check has said this of it."""
    expect(page.locator(".sz-submit [data-saved]")).to_have_attribute("data-state", "saved")
    expect(page.locator("[data-standing]")).to_contain_text(standing)


def draw(page: Page, county: str, prefecture: str) -> None:
    page.goto("/flows/definitions/new/")
    page.fill("#n-name", "办公用房维修")
    page.fill("#n-code", "house-repair")
    page.get_by_role("button", name="开始设计").click()
    page.wait_for_url("**/design/")
    page.get_by_role("button", name="申请表单").click()
    page.get_by_role("button", name="加字段").click()
    page.locator(".fd-side [data-key=label]").fill("预算")
    page.locator(".fd-side [data-key=kind]").select_option("money")
    page.get_by_role("button", name="步骤", exact=True).click()
    add_step(page, "市县会签")
    expect(page.locator(".fd-box", has_text="市县会签").locator(".fd-note")).to_contain_text(
        "由谁办"
    )  # beside the step at fault
    saved(page, "改正 1 处才能发布")
    expect(page.get_by_role("button", name="发布", exact=True)).to_be_disabled()
    for name, place in ((county, COUNTY), (prefecture, PREFECTURE)):
        page.get_by_role("button", name="加人").click()
        person(name, place)(page)
    page.locator(".fd-card", has_text="都要表态").click()
    add_step(page, "省局批准", leader_at(PROVINCE))
    page.locator(".fd-fold summary", has_text="时限").click()
    page.locator(".fd-side [data-key=due]").fill("1")
    page.locator(".fd-side [data-key=overdue]").select_option("pass")
    page.locator(".fd-pick", has_text="省局批准").press("Alt+ArrowUp")
    expect(page.locator(".fd-box .fd-say b").nth(1)).to_have_text("省局批准")
    page.keyboard.press("Control+z")
    expect(page.locator(".fd-box .fd-say b").nth(2)).to_have_text("省局批准")
    saved(page, "可以发布")
    expect(page.locator(".fd-map [data-id]")).to_have_count(3)
    assert serious(page) == []


def play(page: Page) -> None:
    """A test case, before anybody uses it: everybody agrees; how it went is what is expected from now on."""
    page.get_by_role("link", name="测试用例").click()
    page.get_by_role("link", name="新测试用例").click()
    page.fill("[name=name]", "都同意")
    page.fill("[name=f-subject]", "漏水")
    for n, step in enumerate(("部门负责人审批", "市县会签", "省局批准")):
        page.locator(f"[name=step-{n}]").select_option(label=step)
        page.locator(f"[name=verb-{n}]").select_option("pass")
    page.get_by_role("button", name="照走出来的存").click()
    expect(page.locator("main")).to_contain_text("全部通过")
    page.get_by_role("link", name="办公用房维修").click()
    page.get_by_role("link", name="设计", exact=True).click()


def look_as_specialist(page: Page) -> None:
    """The same process in bpmn-js: a step is renamed and hurried there; the mark of its makers is seen, the policy holds."""
    page.get_by_role("link", name="专业设计器").click()
    page.locator(".djs-shape", has_text="市县会签").click()
    expect(page.locator(".fd-side [data-key=name]")).to_have_value("市县会签")
    page.locator(".fd-side [data-key=name]").fill("市县一起签")
    expect(page.locator(".djs-shape", has_text="市县一起签")).to_be_visible()
    expect(page.locator(".bp-canvas .bjs-powered-by")).to_be_in_viewport(ratio=1)
    assert serious(page) == []
    page.get_by_role("link", name="简易设计器").click()  # at once: the link waits until what was drawn is kept
    expect(page.locator(".fd-step", has_text="市县一起签")).to_contain_text("会签")


def say(page: Page, case: str, text: str, verb: str = "同意") -> None:
    page.goto(case)
    page.fill("#decide [name=text]", text)
    with page.expect_navigation():
        page.get_by_role("button", name=verb, exact=True).first.click()


def way(page: Page, case: str, title: str, button: str, *, whom: str = "", text: str = "", **choices: str) -> None:
    """One of the other ways of a case, unfolded, filled in, pressed."""
    page.goto(case)
    fold = page.locator("#ways details", has=page.locator("summary", has_text=title))
    fold.locator("summary").click()
    if whom:
        fold.locator("[role=combobox]").first.fill(whom)
        fold.locator("[role=option]", has_text=whom).filter(has_text=COUNTY).first.click()
    for name, value in choices.items():
        fold.locator(f"[name={name}]").select_option(label=value)
    if text:
        fold.locator("[name=text]").first.fill(text)
    if title == "退回":
        fold.locator("[name=straight]").uncheck()
    with page.expect_navigation():
        fold.get_by_role("button", name=button).first.click()


@pytest.fixture
def overdue(address: str) -> Iterator[Callable[[str], None]]:
    """Lets a case, by its id, be past its time limits. What does it starts at once: that takes as long as some pages."""
    data = Path(tempfile.gettempdir()) / f"sz-test-{run_name()}" / "data"
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("DATABASE_", "SZ_", "PYTEST_"))}
    environment = {**kept, "DATABASE_URL": Cluster(data).url("sz_app", "shuzheng"), "SZ_DATA": str(data)}
    command = [sys.executable, "-m", "tests.journeys.overdue"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdin=pipe, stderr=pipe, text=True) as waiting:

        def pass_by(case: str) -> None:
            said = waiting.communicate(case)[1]
            assert waiting.returncode == 0, said

        yield pass_by
        waiting.kill()


def test_a_process_is_drawn_and_goes_over_three_tiers(desk: Desk, overdue: Callable[[str], None]) -> None:
    admin, clerk, county, prefecture, province = (
        desk(account) for account in ("zj.admin", "sc.clerk", "sc.review", "ls.review", "zj.review")
    )
    draw(admin, name_of(county), name_of(prefecture))
    play(admin)
    look_as_specialist(admin)
    admin.get_by_role("button", name="发布", exact=True).click()
    expect(admin.locator("main")).to_contain_text("已发布")

    clerk.goto("/flows/start/")
    clerk.get_by_role("link", name="办公用房维修").click()
    clerk.fill("[name=f-subject]", "三楼会议室漏水")
    clerk.fill("[name=f-f2]", "48000")
    clerk.get_by_role("button", name="提交").click()
    expect(clerk.locator("svg.sz-flow .nd.now")).to_contain_text("部门负责人审批")
    case = clerk.url
    way(clerk, case, "催办、撤回、撤销", "撤回修改", text="补预算依据")
    say(clerk, case, "已补", "再报")

    way(county, case, "加签、减签", "加签", whom=name_of(clerk), when="在我之后")
    say(county, case, "同意维修")
    say(clerk, case, "现场已看过")  # the added signer
    way(prefecture, case, "转办、委派", "委派", whom=name_of(clerk), text="请核预算")
    say(clerk, case, "预算已核")
    for page in (prefecture, county):
        say(page, case, "同意")
    way(province, case, "退回", "退回", text="报价附上", target="市县一起签")
    for page in (prefecture, county):
        say(page, case, "报价已附")

    clerk.goto(case)
    expect(clerk.locator("svg.sz-flow .nd.now")).to_contain_text("省局批准")
    expect(clerk.locator("svg.sz-flow .nd.done")).to_have_count(2)
    overdue(case.rstrip("/").rsplit("/", 1)[-1])
    clerk.reload()
    expect(clerk.locator("svg.sz-flow .nd.done")).to_have_count(3)
    expect(clerk.locator(".ap-op")).to_contain_text("自动通过")
    paper = clerk.request.get(clerk.get_by_role("link", name="打印审批单").get_attribute("href") or "")
    assert paper.body().startswith(b"%PDF")
