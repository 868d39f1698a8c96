"""People from a sheet: every fault by row, column and reason; all or nothing unless asked."""

from __future__ import annotations

import io
from datetime import date

import pytest
import xlsxwriter

from shuzheng.base.accounts.imports import import_people, read_people
from shuzheng.base.accounts.models import Person, PersonContact, Post
from shuzheng.base.audit.models import Entry
from shuzheng.base.core.scope import system_scope
from shuzheng.base.events.models import Event
from shuzheng.kernel.errors import Denied, Invalid

pytestmark = pytest.mark.django_db
HEAD = ["姓名", "工号", "单位", "部门", "岗位", "任职日期", "手机号", "身份证号"]
SCHOOL, ORGAN, COUNTY = "33/11/23/0/u1/", "33/11/23/0/goa/", "33/11/23/"


def sheet(*rows, head=HEAD):
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"in_memory": True})
    page = book.add_worksheet()
    for number, row in enumerate([head, *rows]):
        page.write_row(number, 0, row)
    book.close()
    return stream.getvalue()


@pytest.fixture
def admin(nation):
    return nation.actor(ORGAN, "business_admin", at=COUNTY)


def read(actor, *rows, **values):
    with actor.scope.activate():
        return read_people(sheet(*rows, **values), "人员.xlsx", actor=actor)


GOOD = [
    ["单雄信", "A001", "甲县第1小学", "财务室", "会计", "2024-03-01", "138 0000 0001", "11010519491231002X"],
    ["李四", "Ａ002", "甲县第2小学", "", "教师", "", "", ""],
]


def test_people_posts_and_contacts_arrive_with_one_event(nation, admin):
    plan = read(admin, *GOOD)
    assert (plan.rows, plan.faults) == (2, [])
    import_people(plan, actor=admin)
    with system_scope("tests").activate():
        people = list(Person.objects.filter(number__startswith="A00").order_by("number"))
        assert [(p.name, p.number, p.path, p.initials) for p in people] == [
            ("单雄信", "A001", SCHOOL, "sxx"),
            ("李四", "A002", "33/11/23/0/u2/", "ls"),
        ]
        assert [(p.path, p.name) for p in Post.objects.filter(person__in=people).order_by("path")] == [
            (f"{SCHOOL}fin/", "会计"),
            ("33/11/23/0/u2/", "教师"),
        ]
        assert Post.objects.get(person=people[0]).valid.lower == date(2024, 3, 1)
        assert PersonContact.objects.get().person == people[0]
        assert Entry.objects.filter(action="accounts.person.import").count() == 5
        [event] = Event.objects.all()
        assert (event.name, len(event.ids)) == ("accounts.person.changed", 2)


@pytest.mark.parametrize(
    ("column", "value", "place", "reason"),
    [
        (0, "", ("A", 2), "没有填写姓名"),
        (1, "", ("B", 2), "没有填写工号"),
        (2, "不存在的单位", ("C", 2), "没有这个单位"),
        (2, "乙县第1小学", ("C", 2), "不在您的管理范围内"),
        (3, "没有的科室", ("D", 2), "没有这个部门"),
        (4, " ", ("E", 2), "没有填写岗位"),
        (5, "2024-02-30", ("F", 2), "没有"),
        (5, "1890-01-01", ("F", 2), "1949"),
        (6, "12345", ("G", 2), "手机号"),
        (7, "110105194912310021", ("H", 2), "校验位"),
        (7, 110105194912310021, ("H", 2), "15 位"),
    ],
)  # fmt: skip
def test_fault_names_row_column_value_and_reason_and_nothing_is_written(nation, admin, column, value, place, reason):
    row = list(GOOD[0])
    row[column] = value
    plan = read(admin, row, GOOD[1])
    [fault] = plan.faults
    assert (fault.column, fault.row) == place
    assert reason in fault.message
    with pytest.raises(Invalid, match="1 处错误"):
        import_people(plan, actor=admin)
    with system_scope("tests").activate():
        assert not Person.objects.filter(number__startswith="A00").exists()


def test_right_rows_alone_when_asked(nation, admin):
    plan = read(admin, ["", *GOOD[0][1:]], GOOD[1])
    import_people(plan, actor=admin, partly=True)
    with system_scope("tests").activate():
        assert list(Person.objects.filter(number__startswith="A00").values_list("name", flat=True)) == ["李四"]


def test_number_twice_in_the_sheet_or_known_already(nation, admin):
    import_people(read(admin, GOOD[1]), actor=admin)
    plan = read(admin, GOOD[0], [*GOOD[0]], GOOD[1])
    assert [(f.row, f.message) for f in plan.faults] == [
        (3, "与第 2 行的工号相同。"),
        (4, "工号已登记。已有人员在人员台账中修改。"),
    ]


def test_missing_column_and_missing_right(nation, admin):
    plan = read(admin, ["张三", "A1"], head=["姓名", "工号"])
    assert "缺少列" in plan.faults[0].message
    with pytest.raises(Denied, match="导入人员"):
        read(nation.actor(ORGAN, "clerk", at=COUNTY), *GOOD)


def test_retry_with_the_same_key_has_no_second_effect(nation, admin):
    plan = read(admin, *GOOD)
    import_people(plan, actor=admin, key="import-1")
    import_people(read_again(plan), actor=admin, key="import-1")
    with system_scope("tests").activate():
        assert Person.objects.filter(number__startswith="A00").count() == 2


def read_again(plan):
    """The same sheet, as a second request would have read it before the first was through."""
    return plan
