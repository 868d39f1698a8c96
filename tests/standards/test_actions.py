"""Defining, overriding and ending standards; the calendar of a year."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from io import BytesIO

import pytest
import xlsxwriter

from shuzheng.base.audit.models import Entry
from shuzheng.base.core.scope import system_scope
from shuzheng.base.events.models import Event
from shuzheng.base.standards import actions, drafting, resolve, working_days
from shuzheng.base.standards.calendar_file import read_file
from shuzheng.base.standards.load import load_standards
from shuzheng.base.standards.models import (
    CalendarDay,
    CalendarYear,
    CodeSet,
    ConversionFactor,
    DataElement,
    Rule,
    RulePack,
    Unit,
)
from shuzheng.kernel.errors import Denied, Invalid
from tests.standards.publishing import publish, release

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
DAY = date(2026, 9, 30)


@pytest.fixture
def province(standards):
    return standards.actor("33/0/goa/", "business_admin", at="33/")


@pytest.fixture
def national(standards):
    return standards.actor("0/ngoa/", "business_admin", at="")


def rule(nation, owner="33/0/goa/", **values):
    with system_scope("tests").activate():
        pack = RulePack.objects.get(code="deadlines")
    values = {
        "code": "ENERGY-ANNUAL-REPORT", "name": "年度报告", "region": "33/", "value": Decimal(228), "unit": "MMDD",
        "bound": "at_most", "effective_from": date(2026, 1, 1), "source": "某省通知", "confidence": "B",
    } | values  # fmt: skip
    return actions.owned_by(Rule(pack=pack, **values), nation.organ(owner))


def gas(nation, **values):
    values = {
        "name": "天然气", "energy": "natural_gas", "region": "33/", "from_unit": "m³", "to_unit": "kgce",
        "value": Decimal("1.2143"), "effective_from": date(2026, 1, 1),
    } | values  # fmt: skip
    return actions.owned_by(ConversionFactor(**values), nation.organ("33/0/goa/"))


def said(caught):
    return [f.message for f in caught.value.faults]


def test_stricter_rule_of_a_province_holds_below_it_and_nowhere_else(standards, province):
    [row] = publish(standards, [rule(standards)], actor=province)

    assert resolve.rule("ENERGY-ANNUAL-REPORT", DAY, "33/11/23/0/u1/").id == row.id
    assert working_days.due("ENERGY-ANNUAL-REPORT", DAY, "33/11/23/0/u1/").day == date(2027, 2, 28)
    assert resolve.rule("ENERGY-ANNUAL-REPORT", DAY, "32/0/u1/").value == 331
    with standards.actor("33/11/23/0/u1/").scope.activate():
        assert Rule.objects.filter(pk=row.pk).exists()
    with standards.actor("32/0/u1/").scope.activate():
        assert not Rule.objects.filter(pk=row.pk).exists()
    with system_scope("tests").activate():
        assert [e.action for e in Entry.objects.filter(object_id=str(row.pk)).order_by("id")] == [
            "standards.rule.draft", "standards.item.submit", "standards.item.publish",
        ]  # fmt: skip
    assert Event.objects.get(name="standards.item.published").ids == [str(row.pk)]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"value": Decimal(415)}, "只能更严：上级上限 331 MMDD，这里填了 415 MMDD。"),
        ({"unit": "工作日"}, "单位须与上级规定一致：MMDD。"),
        ({"bound": "free"}, "约束方向由上级定为“上限（下级只可更低）”。"),
        ({"code": "RETAIN-STAT-SOURCE", "value": Decimal(1), "unit": "a", "bound": "at_least"},
         "只能更严：上级下限 2 a，这里填了 1 a。"),
        ({"code": "TARGET-2025", "key": "energy_total", "value": Decimal(1), "unit": "tce", "bound": "fixed",
          "effective_from": date(2025, 1, 1)}, "上级定为 189000000 tce，下级不可调整。"),
        ({"code": "nope"}, "规则代码用大写字母、数字和连字符，如 REPORT-DUE-QUARTER。"),
        ({"effective_to": date(2026, 1, 1)}, "失效日期须晚于生效日期 2026-01-01。"),
        ({"source": ""}, "没有来源文件时，可信度只能是待核。"),
    ],
)  # fmt: skip
def test_looser_or_malformed_rule_is_refused_in_words_and_nothing_is_written(standards, province, values, words):
    with pytest.raises(Invalid) as caught:
        publish(standards, [rule(standards), rule(standards, **values)], actor=province)
    assert said(caught) == [words]
    assert caught.value.faults[0].row == 1
    assert resolve.rule("ENERGY-ANNUAL-REPORT", DAY, "33/0/u1/").value == 331


def test_rule_for_another_province_or_the_nation_is_denied(standards, province):
    for region in ("32/", ""):
        with pytest.raises(Denied, match="不包括这个区域"):
            publish(standards, [rule(standards, region=region)], actor=province)


def test_clerk_may_not_draft_rules(standards):
    clerk = standards.actor("33/0/goa/", "clerk", at="33/")
    with pytest.raises(Denied):
        publish(standards, [rule(standards)], actor=clerk)


def test_defining_again_makes_a_new_edition_and_leaves_the_old_row(standards, province):
    [first] = publish(standards, [rule(standards)], actor=province)
    [second] = publish(standards, [rule(standards, value=Decimal(131))], actor=province)
    assert (first.edition, second.edition) == (1, 2)
    assert resolve.rule("ENERGY-ANNUAL-REPORT", DAY, "33/0/u1/").value == 131
    with system_scope("tests").activate():
        assert Rule.objects.get(pk=first.pk).value == 228


def test_retry_with_the_same_key_drafts_once(standards, province):
    drafting.draft_rules([rule(standards)], actor=province, key="once")
    drafting.draft_rules([rule(standards)], actor=province, key="once")
    with system_scope("tests").activate():
        assert Rule.objects.filter(region="33/").count() == 1


def test_local_edition_of_a_shipped_rule_survives_an_upgrade(standards, national, monkeypatch):
    from shuzheng.base.standards import shipped

    own = rule(standards, "0/ngoa/", region="", code="REPORT-DUE-YEAR", value=Decimal(115), bound="free",
               effective_from=date(2020, 1, 1))  # fmt: skip
    publish(standards, [own], actor=national)
    packs = shipped.rules()
    next(r for _, rules in packs for r in rules if r.code == "REPORT-DUE-YEAR").value = Decimal(111)
    monkeypatch.setattr(shipped, "rules", lambda: packs)
    loaded = load_standards()

    assert dict(loaded.for_review) == {"rule": 1}
    assert resolve.rule("REPORT-DUE-YEAR", DAY).value == 115
    assert not load_standards()


def test_rule_that_is_ended_gives_way_from_that_day(standards, province):
    rows = publish(standards, [rule(standards)], actor=province)
    actions.end_items(rows, actor=province, on=date(2026, 7, 1), reason="通知废止")
    assert resolve.rule("ENERGY-ANNUAL-REPORT", date(2026, 6, 30), "33/0/u1/").value == 228
    assert resolve.rule("ENERGY-ANNUAL-REPORT", date(2026, 7, 1), "33/0/u1/").value == 331
    with pytest.raises(Invalid, match="终止日须晚于"):
        actions.end_items(rows, actor=province, on=date(2025, 1, 1))


def test_province_may_not_end_a_national_rule(standards, province):
    with province.scope.activate():
        rows = list(Rule.objects.filter(code="ENERGY-ANNUAL-REPORT"))
    with pytest.raises(Denied):
        actions.end_items(rows, actor=province, on=date(2027, 1, 1))


def test_factor_within_the_bounds_is_used_and_one_outside_is_refused(standards, province):
    [row] = publish(standards, [gas(standards)], actor=province)
    assert resolve.factor("natural_gas", on=DAY, path="33/11/0/u1/").id == row.id
    with pytest.raises(Invalid, match=r"上级允许 1.1 至 1.33，这里填了 1.5。"):
        publish(standards, [gas(standards, value=Decimal("1.5"))], actor=province)


@pytest.mark.parametrize(
    ("values", "field"),
    [({"energy": "plutonium"}, "energy"), ({"from_unit": "桶"}, "from_unit"), ({"value": Decimal(0)}, "value")],
)
def test_factor_of_something_unknown_is_refused(standards, province, values, field):
    with pytest.raises(Invalid) as caught:
        publish(standards, [gas(standards, **values)], actor=province)
    assert [f.field for f in caught.value.faults] == [field]


def test_element_names_a_known_unit_and_code_set(standards, national):
    def element(**values):
        values = {
            "identifier": "energy.test", "name": "测试", "group": "energy", "data_type": "number", "unit": "kWh",
            "effective_from": date(2026, 1, 1),
        } | values  # fmt: skip
        return actions.owned_by(DataElement(**values), standards.organ("0/ngoa/"))

    publish(standards, [element()], actor=national)
    assert resolve.element("energy.test", DAY).unit == "kWh"
    for values in ({"unit": "桶"}, {"code_set": "nope"}, {"data_type": "code"}, {"identifier": "中文"}):
        with pytest.raises(Invalid):
            publish(standards, [element(**values)], actor=national)


def test_unit_of_ones_own_is_understood_everywhere_and_names_stay_unique(standards, national):
    def unit(**values):
        values = {"code": "桶", "name": "桶装水", "dimension": "volume", "factor": Decimal("0.0189"),
                  "effective_from": date(2026, 1, 1)} | values  # fmt: skip
        return actions.owned_by(Unit(**values), standards.organ("0/ngoa/"))

    publish(standards, [unit()], actor=national)
    assert resolve.units().convert(Decimal(10), "桶", "L") == 189
    with pytest.raises(Invalid, match="已是 kWh 的名称"):
        publish(standards, [unit(code="x", name="度")], actor=national)


def draft(nation, actor, items, **values):
    values = {"code": "funding", "name": "经费供给方式", "effective_from": date(2026, 1, 1)} | values
    row = actions.owned_by(CodeSet(**values), nation.organ("0/ngoa/"))
    return drafting.draft_code_sets([row], actor=actor, items=[items])


def test_draft_is_unseen_below_until_published_and_old_codes_learn_what_follows_them(standards, national):
    rows = draft(
        standards, national,
        [{"code": "11", "name": "全额", "replaces": ["1"]}, {"code": "19", "name": "其他", "replaces": ["2", "3"]}],
    )  # fmt: skip
    with standards.actor("33/11/23/0/u1/").scope.activate():
        assert CodeSet.objects.filter(code="funding").count() == 1
    assert [c.code for c in resolve.code_items("funding", DAY)] == ["1", "2", "3"]

    release(standards, rows, actor=national)
    assert [c.code for c in resolve.code_items("funding", DAY)] == ["11", "19"]
    before = resolve.code_items("funding", date(2025, 1, 1))
    assert [(c.code, c.successors) for c in before] == [("1", ("11",)), ("2", ("19",)), ("3", ("19",))]
    with standards.actor("33/11/23/0/u1/").scope.activate():
        assert CodeSet.objects.get(code="funding", edition=2).items.count() == 2
    with pytest.raises(Invalid, match="现在是已发布"):
        release(standards, rows, actor=national)


@pytest.mark.parametrize(
    ("items", "words"),
    [
        ([], "没有代码"),
        ([{"code": "1", "name": "a"}, {"code": "1", "name": "b"}], "出现不止一次"),
        ([{"code": "1", "name": "a", "parent_code": "9"}], "上级代码 9"),
    ],
)
def test_malformed_list_of_codes_is_refused(standards, national, items, words):
    with pytest.raises(Invalid, match=words):
        draft(standards, national, items)


def workbook(*rows):
    out = BytesIO()
    book = xlsxwriter.Workbook(out, {"default_date_format": "yyyy-mm-dd"})
    sheet = book.add_worksheet()
    for n, row in enumerate(rows):
        for m, value in enumerate(row):
            sheet.write(n, m, value)
    book.close()
    return out.getvalue()


def import_2027(nation, actor, days):
    year = actions.owned_by(CalendarYear(year=2027, confidence="C"), nation.organ("0/ngoa/"))
    return actions.import_year([year], actor=actor, days=days, source="测试通知")


def test_year_is_loaded_from_a_worksheet_as_people_type_it(standards, national):
    content = workbook(
        ("名称", "日期 ", "类别"), ("元旦", date(2027, 1, 1), "休"), ("元旦调休", "２０２７/1/3", " 班 "), ("", "", "")
    )
    import_2027(standards, national, read_file("2027.xlsx", content))
    assert not working_days.is_working_day(date(2027, 1, 1))
    assert working_days.is_working_day(date(2027, 1, 3))
    assert working_days.is_loaded(date(2027, 1, 1))


def test_year_is_loaded_from_a_published_list_and_loading_again_replaces_it(standards, national):
    first = json.dumps({"year": 2027, "days": [{"name": "元旦", "date": "2027-01-04", "isOffDay": True}]})
    [year] = import_2027(standards, national, read_file("2027.json", first.encode()))
    again = json.dumps({"days": [{"name": "元旦", "date": "2027-01-05", "isOffDay": True}]})
    actions.import_year([year], actor=national, days=read_file("2027.json", again.encode()), source="更正")
    assert working_days.is_working_day(date(2027, 1, 4))
    assert not working_days.is_working_day(date(2027, 1, 5))


def test_bad_worksheet_names_row_column_and_value(standards):
    content = workbook(("日期", "类别", "名称"), ("2027-02-30", "休", "春节"), ("2027-02-06", "假", ""))
    with pytest.raises(Invalid) as caught:
        read_file("a.xlsx", content)
    assert [(f.row, f.column, f.value) for f in caught.value.faults] == [
        (2, "日期", "2027-02-30"), (3, "类别", "假"), (3, "名称", None),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "content"), [("a.txt", b""), ("a.xlsx", b"no"), ("a.json", b"[]"), ("a.json", b'{"days": [{}]}')]
)
def test_file_of_another_kind_is_refused(name, content):
    with pytest.raises(Invalid):
        read_file(name, content)


def test_day_of_another_year_or_twice_is_refused(standards, national):
    days = read_file("a.json", json.dumps({"days": [
        {"name": "元旦", "date": "2027-01-01", "isOffDay": True}, {"name": "元旦", "date": "2027-01-01", "isOffDay": True},
        {"name": "元旦", "date": "2028-01-01", "isOffDay": True},
    ]}).encode())  # fmt: skip
    with pytest.raises(Invalid) as caught:
        import_2027(standards, national, days)
    assert said(caught) == ["2028-01-01 不在 2027 年。", "2027-01-01 出现不止一次。"]


def test_day_is_edited_and_made_ordinary_again_and_an_upgrade_leaves_both(standards, national):
    with national.scope.activate():
        worked = CalendarDay.objects.get(day=date(2026, 10, 10))
        holiday = CalendarDay.objects.get(day=date(2026, 10, 7))
    actions.change_days([worked], actor=national, kind="holiday", name="临时放假")
    actions.change_days([holiday], actor=national, kind="")
    load_standards()
    assert not working_days.is_working_day(date(2026, 10, 10))
    assert working_days.is_working_day(date(2026, 10, 7))


def test_region_adds_a_holiday_of_its_own(standards, province):
    day = actions.owned_by(CalendarDay(region="33/", day=date(2026, 4, 20)), standards.organ("33/0/goa/"))
    actions.change_days([day], actor=province, kind="holiday", name="地方节日")
    assert not working_days.is_working_day(date(2026, 4, 20), "33/11/0/u1/")
    assert working_days.is_working_day(date(2026, 4, 20), "32/0/u1/")
