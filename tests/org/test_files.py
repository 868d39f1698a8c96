"""Institutions from a sheet: read right or refused with row, column, value and reason; all or nothing; updates by key."""

from __future__ import annotations

import argparse
import io
from decimal import Decimal

import pytest
import xlsxwriter
from django.db import connection
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from shuzheng.base.audit.models import Entry
from shuzheng.base.core.scope import system_scope
from shuzheng.base.events.models import Event
from shuzheng.base.org.files import (
    import_command,
    import_institutions,
    read_institutions,
    write_export,
    write_export_csv,
    write_template,
)
from shuzheng.base.org.models import NodeVersion, OrganProfile
from shuzheng.kernel.errors import Denied, Invalid
from shuzheng.kernel.uscc import make_uscc
from tests.org.conftest import ON

pytestmark = pytest.mark.django_db

HEADS = ["名称*", "行政区划代码", "统一社会信用代码", "单位代码", "机构类型", "公共机构", "编内实有", "建筑面积（㎡）"]
HEADS[6] = "编制内实有人数"


def book(*rows, heads=HEADS, shape=None):
    file = io.BytesIO()
    workbook = xlsxwriter.Workbook(file)
    sheet = workbook.add_worksheet("机构")
    for number, row in enumerate([heads, *rows]):
        sheet.write_row(number, 0, row)
    if shape:
        shape(sheet)
    workbook.close()
    return file.getvalue()


def read(actor, *rows, **more):
    with actor.scope.activate():
        return read_institutions(book(*rows, **more), "机构.xlsx", actor=actor)


def told(plan):
    return [(f.row, f.column, f.value, f.message) for f in plan.faults]


def test_rows_become_institutions_with_staffing_versions_trail_and_one_event(tree, county_admin):
    uscc = make_uscc(body="77")
    plan = read(
        county_admin,
        ["甲县医院", "331123", uscc, "h", "卫生类事业单位", "是", 320, 15000.5],
        ["甲县文化馆", 331123.0, "", "", "23", "", "", ""],
    )
    assert (plan.total, plan.created, plan.faults) == (2, 2, [])
    nodes = import_institutions(plan, actor=county_admin, on=ON)

    hospital = tree.at("33/11/23/0/h/")
    assert (hospital.name, hospital.uscc, hospital.type, hospital.is_reporting) == ("甲县医院", uscc, "24", True)
    assert (hospital.organ_id, hospital.division_id == tree.at("33/11/23/").pk, hospital.tier, hospital.initials) == (
        hospital.pk,
        True,
        4,
        "jxyy",
    )
    with system_scope("tests").activate():
        profile = OrganProfile.objects.get(node=hospital)
        assert (profile.staff_actual, profile.floor_area, profile.path) == (320, Decimal("15000.50"), hospital.path)
        assert NodeVersion.objects.get(node=hospital).valid.lower == ON
        entry = Entry.objects.get(object_id=str(hospital.pk))
        assert (entry.action, entry.handed_over, entry.path) == ("org.node.import", True, hospital.path)
        event = Event.objects.get(name="org.node.reorganised")
    assert event.ids == [str(n.pk) for n in nodes]
    assert event.payload["created"] == 2


def test_known_ones_are_updated_by_credit_code_or_by_their_own_code_and_blanks_leave_alone(tree, county_admin):
    uscc = make_uscc(body="5")
    import_institutions(
        read(county_admin, ["甲县医院", "331123", uscc, "h", "24", "是", 300, 100]), actor=county_admin, on=ON
    )
    plan = read(
        county_admin,
        ["甲县人民医院", "331123", uscc, "", "", "", "", 200],
        ["甲县第1小学", "331123", "", "u1", "", "否", "", ""],
    )
    assert plan.created == 0
    import_institutions(plan, actor=county_admin)
    hospital = tree.at("33/11/23/0/h/")
    assert (hospital.name, hospital.type, hospital.is_reporting) == ("甲县人民医院", "24", True)
    assert tree.at("33/11/23/0/u1/").is_reporting is False
    with system_scope("tests").activate():
        profile = OrganProfile.objects.get(node=hospital)
        assert (profile.staff_actual, profile.floor_area) == (300, 200)
        assert [v.name for v in NodeVersion.objects.filter(node=hospital).order_by("valid")] == [
            "甲县医院",
            "甲县人民医院",
        ]


def test_every_fault_names_row_column_value_and_reason_and_nothing_is_written(tree, county_admin):
    good = make_uscc(body="9")
    wrong = good[:-1] + ("1" if good[-1] != "1" else "2")
    plan = read(
        county_admin,
        ["", "331123", "", "a", "", "", "", ""],
        ["乙", "331122", "", "b", "", "", "", ""],
        ["丙", "331123", wrong, "c", "军队", "也许", "一百", -1],
        ["丁", "331123", good, "d", "", "", "", ""],
        ["戊", "331123", good, "e", "", "", 1.5, ""],
        ["己", "3311xx", "", "x y", "", "", "", ""],
    )
    assert [(row, column, value) for row, column, value, _said in told(plan)] == [
        (2, "A", ""), (3, "B", "331122"), (4, "C", wrong), (4, "E", "军队"), (4, "F", "也许"), (4, "G", "一百"),
        (4, "H", "-1"), (6, "C", good), (6, "G", "1.5"), (7, "B", "3311xx"), (7, "D", "x y"),
    ]  # fmt: skip
    assert all(said for *_place, said in told(plan))
    with pytest.raises(Invalid, match="有 11 处错误"):
        import_institutions(plan, actor=county_admin)
    assert tree.paths(name="丁") == []
    import_institutions(plan, actor=county_admin, partly=True)
    assert tree.paths(name="丁") == ["33/11/23/0/d/"]


def test_messy_cells_are_read_right(tree, county_admin):
    def hide(sheet):
        sheet.set_row(2, None, None, {"hidden": True})

    plan = read(
        county_admin,
        [" 甲县　医院 ", "３３１１２３", "", "Ｈ１", " 卫生 ", "√", "１，２００", "12,345.60"],
        ["甲县馆", 331123, "", 7, "", "", "1 ", " "],
        shape=hide,
    )
    assert told(plan) == []
    assert any("隐藏" in note for note in plan.notes)
    first, second = plan.rows
    assert (first.node.name, first.node.path, first.node.type) == ("甲县 医院", "33/11/23/0/H1/", "24")
    assert first.profile == {"staff_actual": 1200, "floor_area": Decimal("12345.60")}
    assert (second.node.path, second.profile) == ("33/11/23/0/7/", {"staff_actual": 1})


def test_merged_cells_and_unsaved_formulas_are_refused_with_their_place(tree, county_admin):
    def spoil(sheet):
        sheet.merge_range("A2:A3", "甲县医院")
        sheet.write_formula("G3", "=1+1", value="")

    plan = read(
        county_admin, ["", "331123", "", "a", "", "", "", ""], ["", "331123", "", "b", "", "", "", ""], shape=spoil
    )
    places = {(row, column) for row, column, _value, _said in told(plan)}
    assert {(2, "A"), (3, "G")} <= places
    assert any("合并" in said for *_place, said in told(plan))


def test_repeated_rows_and_retired_codes_are_named(tree, county_admin):
    from shuzheng.base.org.actions import abolish_nodes

    abolish_nodes([tree.at("33/11/23/0/u2/")], actor=county_admin, on=ON)
    plan = read(
        county_admin,
        ["甲", "331123", "", "a"],
        ["乙", "331123", "", "a"],
        ["丙", "331123", "", "u2"],
        ["丁", "331123"],
        ["丁", "331123"],
        heads=HEADS[:4],
    )
    assert [(row, column) for row, column, _value, _said in told(plan)] == [(3, "D"), (4, "D"), (6, "A")]
    assert "第 2 行" in plan.faults[0].message
    assert "已停用" in plan.faults[1].message


def test_credit_code_of_another_division_is_no_way_to_move_a_node(tree, admin):
    uscc = make_uscc(body="31")
    import_institutions(read(admin, ["甲县医院", "331123", uscc, "h"], heads=HEADS[:4]), actor=admin, on=ON)
    plan = read(admin, ["甲县医院", "331122", uscc, "h"], heads=HEADS[:4])
    assert "另一区划" in plan.faults[0].message


def test_a_clerk_imports_nothing(tree, nation):
    clerk = nation.actor("33/11/23/0/u1/", "clerk")
    with pytest.raises(Denied):
        read(clerk, ["甲", "331123", "", "a", "", "", "", ""])


def test_a_plan_is_not_carried_out_by_somebody_without_the_right(tree, admin, nation):
    plan = read(admin, ["甲", "331122", "", "a", "", "", "", ""])
    with pytest.raises(Denied):
        import_institutions(plan, actor=nation.actor("33/11/23/0/goa/", "business_admin", at="33/11/23/"))
    assert tree.paths(name="甲") == []


def test_what_was_taken_in_between_is_refused(tree, admin):
    row = ["甲", "331122", "", "a", "", "", "", ""]
    first, second = read(admin, row), read(admin, row)
    import_institutions(first, actor=admin)
    with pytest.raises(Invalid, match="重新读取"):
        import_institutions(second, actor=admin)


def test_export_comes_back_without_a_change(tree, admin):
    tree.profile("33/11/23/0/u1/", staff_actual=12, contact="张三")
    file = io.BytesIO()
    with admin.scope.activate():
        assert write_export(file, within="33/11/23/") == 3
        plan = read_institutions(file.getvalue(), "export.xlsx", actor=admin)
    assert (told(plan), plan.created, plan.total) == ([], 0, 3)
    import_institutions(plan, actor=admin)
    with system_scope("tests").activate():
        assert not Entry.objects.filter(action="org.node.import", model="org.node").exists()
    text = io.StringIO()
    with admin.scope.activate():
        write_export_csv(text, within="33/11/23/")
        plan = read_institutions(text.getvalue().encode(), "export.csv", actor=admin)
    assert (told(plan), plan.created) == ([], 0)


def test_export_keeps_staffing_from_those_who_may_not_read_it(tree, nation):
    tree.profile("33/11/23/0/u1/", contact="张三")
    file = io.BytesIO()
    with nation.actor("33/11/22/0/u1/").scope.activate():
        write_export(file, within="33/11/23/")
    values = {cell.value for row in load_workbook(file).active.iter_rows() for cell in row}
    assert "甲县第1小学" in values
    assert "张三" not in values


def test_template_offers_the_choices_and_says_how():
    file = io.BytesIO()
    write_template(file)
    workbook = load_workbook(file)
    sheet = workbook.worksheets[0]
    assert sheet["A1"].value.startswith("名称")
    assert any("国家机关" in str(rule.formula1) for rule in sheet.data_validations.dataValidation)
    assert "信用代码" in " ".join(str(c.value) for ws in workbook.worksheets[1:] for row in ws.iter_rows() for c in row)


def test_command_prints_faults_and_changes_nothing_then_imports(tree, tmp_path, capsys):
    file = tmp_path / "机构.xlsx"
    file.write_bytes(book(["甲", "331123", "", "a"], ["乙", "331199", "", "b"], heads=HEADS[:4]))
    args = argparse.Namespace(file=file)
    assert import_command(args) == 1
    assert "第 3 行 B 列 “331199”" in capsys.readouterr().out
    assert tree.paths(name="甲") == []
    file.write_bytes(book(["甲", "331123", "", "a"], heads=HEADS[:4]))
    assert import_command(args) == 0
    assert "导入 1 家" in capsys.readouterr().out
    assert import_command(argparse.Namespace(file=tmp_path / "none.xlsx")) == 1


def test_queries_do_not_grow_with_the_rows(tree, admin):
    counts = []
    for start, size in ((0, 300), (1000, 600)):  # of few rows, some statements travel together
        rows = [
            [f"学校{n}", ("331123", "331122")[n % 2], make_uscc(body=f"{n:08d}"), "", "21", "是", n % 90, 100]
            for n in range(start, start + size)
        ]
        with CaptureQueriesContext(connection) as queries:
            import_institutions(read(admin, *rows), actor=admin)
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert len(tree.paths(name__startswith="学校")) == 900
