"""Making a form: from an Excel layout, by saving drafts, in editions; and what becomes of those who fill in the old one."""

from __future__ import annotations

import io
import json
from decimal import Decimal

import openpyxl
import pytest
from django.urls import reverse

from shuzheng.base.core.scope import system_scope
from shuzheng.base.forms import actions
from shuzheng.base.forms.building.changes import differences
from shuzheng.base.forms.building.drafts import create_drafts, save_drafts
from shuzheng.base.forms.building.formulas import NotTaken, translate
from shuzheng.base.forms.building.layouts import read_layout
from shuzheng.base.forms.engine import compute
from shuzheng.base.forms.models import Definition
from shuzheng.base.forms.spec import load
from shuzheng.kernel.errors import Conflict, Invalid
from tests.forms.conftest import UNIT, full

SIMPLE = {
    "code": "simple", "name": "试报", "period": "quarter",
    "sections": [{"code": "s1", "kind": "fields", "name": "基本", "fields": [{"code": "f1", "name": "人数", "unit": "人"}]}],
}  # fmt: skip


def layout_file(change=None) -> bytes:
    """A cost table as an office would draw it: title, unit line, two heading rows, groups, a sum, a hidden row."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "运行成本"
    sheet.append(["机关运行成本表", None, None, None, None])
    sheet.append(["单位名称：", None, None, None, None])
    sheet.append(["序号", "项目", "预算（万元）", "执行", None])
    sheet.append([None, None, None, "金额（万元）", "比例（%）"])
    sheet.append([1, "办公费", None, None, "=ROUND(D5/C5*100,2)"])
    sheet.append([2, "印刷费", None, None, "=ROUND(D6/C6*100,2)"])
    sheet.append([3, "合计", "=SUM(C5:C6)", "=D5+D6", "=VLOOKUP(A1,B1:B2,1)"])
    sheet.append([4, "作废", None, None, None])
    sheet.append(["填表人：", None, None, None, None])
    sheet.merge_cells("A1:E1")
    for area in ("A3:A4", "B3:B4", "C3:C4", "D3:E3"):
        sheet.merge_cells(area)
    sheet.row_dimensions[8].hidden = True
    if change:
        change(sheet)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def test_a_layout_becomes_a_form_with_its_sums_and_says_what_it_left_out():
    found = read_layout(layout_file(), code="cost", name="运行成本", period="quarter")
    spec = load(found.raw)
    table = next(s for s in spec.sections if s.kind == "table")
    assert [r.name for r in table.rows] == ["办公费", "印刷费", "合计"]
    assert [(c.name, c.unit, c.group) for c in table.columns] == [
        ("预算", "万元", ""), ("金额", "万元", "执行"), ("比例", "%", "执行"),
    ]  # fmt: skip
    a, b, total = (r.code for r in table.rows)
    values = compute(spec, {f"{a}_c1": Decimal(10), f"{a}_c2": Decimal(4), f"{b}_c1": Decimal(5)}, {})
    assert values[f"{total}_c1"] == 15
    assert values[f"{total}_c2"] == 4  # an empty cell counts as nought next to +, as in a spreadsheet
    assert values[f"{a}_c3"] == 40
    assert values[f"{b}_c3"] is None
    left = {x.cell: x.why for x in found.left_out}
    assert "VLOOKUP" in left["运行成本!E7"]
    assert "运行成本!8:8" in left


def test_headings_over_empty_rows_become_repeating_rows():
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "车辆"
    sheet.append(["号牌", "购置日期", "数量", "单价（元）", "金额（元）"])
    for row in (2, 3, 4):
        sheet.cell(row, 5, f"=C{row}*D{row}")
    file = io.BytesIO()
    book.save(file)
    spec = load(read_layout(file.getvalue(), code="cars", name="车辆", period="year").raw)
    [section] = spec.lines.values()
    assert [c.type for c in section.line] == ["text", "date", "number", "number", "number"]
    key = section.code
    values = compute(
        spec,
        {f"{key}_1_c3": Decimal(2), f"{key}_1_c4": Decimal(3), f"{key}_2_c3": Decimal(1), f"{key}_2_c4": Decimal(9)},
        {},
    )
    assert values[f"{key}_1_c5"] == 6
    assert values[f"{key}_c5"] == 15


def test_formulas_in_a_circle_are_left_out_with_the_reason():
    def circle(sheet):
        sheet["C5"] = "=D5+1"
        sheet["D5"] = "=C5+1"

    found = read_layout(layout_file(circle), code="cost", name="运行成本", period="quarter")
    assert any("互相引用" in x.why for x in found.left_out)
    load(found.raw)


@pytest.mark.parametrize(
    ("formula", "expr"),
    [
        ("=A1*2+B1", "((a1 * 2) + coalesce(b1, 0))"),
        ("=IF(A1>0,B1/A1,\"\")", "(if (a1 > 0) then (b1 / a1) else null)"),
        ("=SUM(A1:B1,3)", "sum(a1, b1, 3)"),
        ("=-A1^2", "((-coalesce(a1, 0)) ** 2)"),  # a spreadsheet's sign binds more tightly than its power
        ("=IFERROR(A1/B1,0)", "coalesce((a1 / b1), 0)"),
        ("=50%", "(50 / 100)"),
    ],
)  # fmt: skip
def test_a_formula_is_said_in_the_language(formula, expr):
    assert translate(formula, lambda row, column: f"{'ab'[column]}{row + 1}") == expr


@pytest.mark.parametrize("formula", ["=VLOOKUP(A1,B1,1)", "=Sheet2!A1+1", "=A1:B1", "=A1+", "=A:A"])
def test_a_formula_that_the_language_has_not_is_refused(formula):
    with pytest.raises(NotTaken):
        translate(formula, lambda row, column: "x")


def admin(nation):
    return nation.actor("0/ngoa/", "business_admin", at="")


def draft(nation, raw=SIMPLE) -> Definition:
    actor = admin(nation)
    row = Definition(code=raw["code"], name=raw["name"], period_kind=raw["period"], spec=raw)
    with actor.scope.activate():
        create_drafts([row], actor=actor)
    return row


def test_a_draft_is_kept_half_done_and_a_stale_one_is_a_conflict(standards):
    actor, row = admin(standards), draft(standards)
    before = row.version
    with actor.scope.activate():
        save_drafts([row], actor=actor, seen={row.pk: row.version}, raw={**SIMPLE, "sections": []})
        stale = Definition.objects.get(pk=row.pk)
        with pytest.raises(Conflict):
            save_drafts([stale], actor=actor, seen={row.pk: before}, raw=SIMPLE)
        assert Definition.objects.get(pk=row.pk).spec["sections"] == []


def test_nobody_below_sees_a_draft(standards):
    row = draft(standards)
    with standards.actor(UNIT, "clerk").scope.activate():
        assert not Definition.objects.filter(pk=row.pk).exists()


def test_a_published_form_is_not_changed(standards, definition):
    actor = admin(standards)
    with actor.scope.activate():
        row = Definition.objects.get(pk=definition.pk)
        with pytest.raises(Invalid, match="已发布"):
            save_drafts([row], actor=actor, raw=SIMPLE)


def test_a_form_version_is_published_while_counties_fill_in_the_old_one(reporting):
    old = reporting.definition
    raw = json.loads(json.dumps(old.spec))
    raw["sections"][0]["fields"].append({"code": "beds", "name": "床位数", "unit": "张"})
    actor = admin(reporting.nation)
    actions.fill([reporting.submission()], actor=reporting.unit(), values={"e01_m1": Decimal(5)})
    with actor.scope.activate():
        row = Definition(code=old.code, name=old.name, period_kind=old.period_kind, spec=raw)
        create_drafts([row], actor=actor)
        assert row.edition == old.edition + 1
        said = differences(load(old.spec), load(raw))
        assert ("new", "床位数 (beds)") in [(c.kind, c.what) for c in said]
    with system_scope("tests").activate():
        row.refresh_from_db()
        Definition.objects.filter(pk=row.pk).update(state="published", audience="")
        Definition.objects.filter(pk=old.pk).update(state="retired")
    actions.fill([reporting.submission()], actor=reporting.unit(), values=full(e01_m1=9))
    with pytest.raises(Invalid):
        actions.fill([reporting.submission()], actor=reporting.unit(), values={"beds": Decimal(3)})
    actions.submit([reporting.submission()], actor=reporting.unit())
    assert reporting.submission().round.definition_id == old.pk


@pytest.fixture
def builder(standards, client):
    client.force_login(standards.account("0/ngoa/", "business_admin", at=""))
    return client


def test_a_form_is_begun_built_and_looked_at_in_the_browser(standards, builder):
    sent = {"code": "cost", "name": "运行成本", "period": "quarter"}
    file = io.BytesIO(layout_file())
    file.name = "表样.xlsx"
    answer = builder.post(reverse("forms:new_form"), {**sent, "file": file})
    assert answer.status_code == 302, answer.content.decode()[:2000]
    page = builder.get(answer.url)
    assert page.status_code == 200
    assert "VLOOKUP" in page.content.decode()
    with system_scope("tests").activate():
        row = Definition.objects.get(code="cost")
    raw = json.loads(json.dumps(row.spec))
    raw["computed"] = [{"code": "x1", "name": "比", "unit": "", "expr": "x1 / 0"}]
    body = json.dumps({"version": row.version, "spec": raw})
    saved = builder.patch(reverse("forms:draft", args=[row.pk]), body, content_type="application/json")
    assert saved.status_code == 200
    assert saved.json()["faults"][0]["field"] == "x1"
    assert "0" in saved.json()["faults"][0]["message"]
    stale = builder.patch(reverse("forms:draft", args=[row.pk]), body, content_type="application/json")
    assert stale.status_code == 409
    assert stale.json()["spec"]["computed"]
    shown = builder.get(reverse("forms:preview_form", args=[row.pk]))
    assert "除数写成了 0" in shown.content.decode()


def test_elements_are_found_and_bring_their_type(standards, builder):
    items = builder.get(reverse("forms:elements"), {"q": "编制人数"}).json()["items"]
    cell = next(i["cell"] for i in items if i["hint"] == "organ.staffing")
    assert cell["type"] == "integer"
    assert cell["unit"] == "人"
    assert cell["least"] == "0"
