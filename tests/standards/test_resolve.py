"""What holds on a day at a place, and the versions a result names."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.db import transaction

from shuzheng.base.core.scope import system_scope
from shuzheng.base.standards import resolve
from shuzheng.base.standards.models import ConversionFactor, Rule, RulePack, Stamp, State
from shuzheng.kernel.errors import Missing
from shuzheng.kernel.units import UnitError

pytestmark = pytest.mark.django_db
DAY = date(2026, 9, 30)


def put(model, owner, **values):
    """Store an edition beside those that ship, as an action would."""
    with system_scope("tests").activate():
        same = model.objects.filter(**{n: values.get(n, "") for n in model.IDENTITY if n != "scope_level"})
        row = model(**{"name": "测试", "confidence": "C", "edition": same.count() + 1} | values)
        row.own(owner)
        row.publish()
        row.save(force_insert=True)
        Stamp.touch()
    return row


def put_rule(owner, **values):
    with system_scope("tests").activate():
        pack = RulePack.objects.get(code="reporting")
    return put(Rule, owner, pack=pack, **{"unit": "日"} | values)


@pytest.mark.parametrize(
    ("amount", "unit", "energy", "tonnes"),
    [
        ("10000", "kWh", "electricity", "1.229"),
        ("1000", "m³", "natural_gas", "1.33"),
        ("1", "t", "gasoline", "1.4714"),
        ("100", "GJ", "heat", "3.412"),
        ("1", "万kWh", "electricity", "1.229"),
        ("2", "tce", "other", "2"),
    ],
)
def test_standard_coal_by_equivalent_heat(standards, amount, unit, energy, tonnes):
    assert resolve.convert(Decimal(amount), unit, energy, on=DAY).value == Decimal(tonnes)


def test_carbon_of_purchased_electricity(standards):
    got = resolve.convert(Decimal(10000), "kWh", "electricity", "national_average", on=date(2022, 6, 1), to_unit="tCO2")
    assert got.value == Decimal("5.366")


def test_litres_of_petrol_go_through_the_density_and_both_factors_are_named(standards):
    got = resolve.convert(Decimal(1000), "L", "gasoline", on=DAY)
    assert got.value == Decimal("0.74") * Decimal("1.4714")
    assert [f.to_unit for f in got.factors] == ["kg", "kgce"]
    assert len(set(got.versions)) == 2
    assert got.factors[0].is_unverified


def test_energy_in_a_unit_that_does_not_measure_it_is_refused(standards):
    with pytest.raises(UnitError, match="不是同一类"):
        resolve.convert(Decimal(1), "㎡", "electricity", on=DAY)


def test_both_electricity_methods_are_kept_apart(standards):
    assert resolve.factor("electricity", resolve.Method.EQUIVALENT_HEAT, on=DAY).value == Decimal("0.1229")
    equal = resolve.factor("electricity", resolve.Method.EQUAL_VALUE, on=DAY)
    assert (equal.value, equal.is_unverified) == (Decimal("0.305"), True)


def test_past_year_is_computed_with_that_years_factor(standards):
    new = put(
        ConversionFactor, standards.organ("0/ngoa/"), energy="electricity", method="equal_value", to_unit="kgce",
        from_unit="kWh", value=Decimal("0.30"), effective_from=date(2026, 1, 1),
    )  # fmt: skip
    assert resolve.factor("electricity", "equal_value", on=DAY).id == new.id
    assert resolve.factor("electricity", "equal_value", on=date(2025, 12, 31)).value == Decimal("0.305")


def test_factor_of_the_edition_of_the_standard_in_force_then(standards):
    before = resolve.factor("raw_coal", on=date(2021, 3, 31))
    after = resolve.factor("raw_coal", on=date(2021, 4, 1))
    assert before.id != after.id
    assert ("2008" in before.source, "2020" in after.source) == (True, True)


def test_corrected_factor_of_the_same_day_takes_over_and_the_old_id_still_leads_to_the_old_one(standards):
    old = resolve.factor("raw_coal", on=DAY)
    put(
        ConversionFactor, standards.organ("0/ngoa/"), energy="raw_coal", to_unit="kgce", from_unit="kg",
        value=Decimal("0.72"), effective_from=old.effective_from,
    )  # fmt: skip
    assert resolve.factor("raw_coal", on=DAY).value == Decimal("0.72")
    with system_scope("tests").activate():
        assert ConversionFactor.objects.get(pk=old.id).value == Decimal("0.7143")


def test_no_factor_in_force_says_which(standards):
    with pytest.raises(Missing, match=r"1999-01-01.*raw_coal"):
        resolve.factor("raw_coal", on=date(1999, 1, 1))


def test_nearest_region_within_the_bounds_is_used_there_only(standards):
    shared = {"energy": "natural_gas", "to_unit": "kgce", "from_unit": "m³", "effective_from": date(2024, 1, 1)}
    province = put(ConversionFactor, standards.organ("33/0/goa/"), region="33/", value=Decimal("1.2143"), **shared)
    city = put(ConversionFactor, standards.organ("33/11/0/goa/"), region="33/11/", value=Decimal("1.25"), **shared)

    def used(path):
        return resolve.factor("natural_gas", on=DAY, path=path)

    assert used("33/11/23/0/u1/").id == city.id
    assert used("33/10/0/u1/").id == province.id
    assert used("32/0/u1/").value == used("").value == Decimal("1.33")


def test_factor_out_of_the_nations_bounds_is_left_out_and_named(standards):
    stray = put(
        ConversionFactor, standards.organ("33/0/goa/"), region="33/", energy="natural_gas", to_unit="kgce",
        from_unit="m³", value=Decimal("2"), effective_from=date(2024, 1, 1),
    )  # fmt: skip
    found = resolve.factor("natural_gas", on=DAY, path="33/11/0/u1/")
    assert (found.value, found.ignored) == (Decimal("1.33"), (stray.id,))


def test_rule_loosened_by_a_later_national_change_is_left_out_from_that_day(standards):
    owner = standards.organ("0/ngoa/")
    put_rule(owner, code="X-LIMIT", value=20, bound="at_most", effective_from=date(2024, 1, 1))
    put_rule(standards.organ("33/0/goa/"), region="33/", code="X-LIMIT", value=15, bound="at_most",
             effective_from=date(2024, 1, 1))  # fmt: skip
    put_rule(owner, code="X-LIMIT", value=10, bound="at_most", effective_from=date(2025, 1, 1), edition=2)

    assert resolve.rule("X-LIMIT", date(2024, 6, 1), "33/0/goa/").value == 15
    assert resolve.rule("X-LIMIT", date(2025, 6, 1), "33/0/goa/").value == 10


def test_temporary_rule_ends_and_the_one_before_holds_again(standards):
    owner = standards.organ("0/ngoa/")
    put_rule(owner, code="Y", value=1, effective_from=date(2024, 1, 1))
    put_rule(owner, code="Y", value=2, effective_from=date(2025, 1, 1), effective_to=date(2026, 1, 1), edition=2)
    assert [resolve.rule("Y", date(y, 1, 1)).value for y in (2024, 2025, 2026)] == [1, 2, 1]


def test_rule_for_the_tier_goes_before_the_one_for_all(standards):
    owner = standards.organ("0/ngoa/")
    put_rule(owner, code="Z", value=1, effective_from=date(2024, 1, 1))
    put_rule(owner, code="Z", value=2, scope_level=4, effective_from=date(2024, 1, 1))
    assert (resolve.rule("Z", DAY).value, resolve.rule("Z", DAY, tier=4).value) == (1, 2)


def test_subjects_of_a_rule_are_told_apart(standards):
    assert resolve.rule("PRICE-HIGH", DAY, key="water").unit == "元/m³"
    with pytest.raises(Missing, match="steam"):
        resolve.rule("PRICE-HIGH", DAY, key="steam")


def test_drafts_hold_nowhere(standards):
    row = put_rule(standards.organ("0/ngoa/"), code="D", value=1, effective_from=date(2024, 1, 1))
    with system_scope("tests").activate():
        Rule.objects.filter(pk=row.pk).update(state=State.DRAFT)
        Stamp.touch()
    with pytest.raises(Missing):
        resolve.rule("D", DAY)


def test_codes_come_in_order_with_english_labels(standards):
    items = resolve.code_items("institution_type", DAY)
    assert [i.code for i in items] == ["1", "2", "21", "22", "23", "24", "25", "29", "3"]
    assert (items[2].parent_code, items[2].name_en) == ("2", "Education")


def test_elements_name_known_units_and_code_sets(standards):
    book = resolve.current()
    for editions in book.elements.values():
        for element in editions:
            if element.unit:
                book.units.get(element.unit)
            if element.code_set:
                assert book.code_set(element.code_set, DAY, ""), element.identifier


def test_energies_and_units_of_factors_are_known(standards):
    book = resolve.current()
    known = {item.code for item in resolve.code_items("energy_kind", DAY)}
    assert set(book.factors) <= known
    for editions in book.factors.values():
        for found in editions:
            book.units.get(found.from_unit)
            book.units.get(found.to_unit)


def test_book_is_read_once_and_again_after_any_change(standards, django_assert_num_queries):
    held = resolve.current()
    with django_assert_num_queries(1):
        assert resolve.current() is held
    put_rule(standards.organ("0/ngoa/"), code="NEW", value=1, effective_from=date(2024, 1, 1))
    assert resolve.rule("NEW", DAY).value == 1


def test_change_that_is_rolled_back_leaves_nothing_cached(standards):
    with pytest.raises(RuntimeError), transaction.atomic():
        put_rule(standards.organ("0/ngoa/"), code="GONE", value=1, effective_from=date(2024, 1, 1))
        assert resolve.rule("GONE", DAY).value == 1
        raise RuntimeError
    with pytest.raises(Missing):
        resolve.rule("GONE", DAY)
    put_rule(standards.organ("0/ngoa/"), code="OTHER", value=1, effective_from=date(2024, 1, 1))
    with pytest.raises(Missing):
        resolve.rule("GONE", DAY)


def test_book_does_not_depend_on_who_asks_first(standards):
    put_rule(standards.organ("32/0/goa/"), region="32/", code="LOCAL", value=7, effective_from=date(2024, 1, 1))
    with standards.actor("33/11/23/0/u1/").scope.activate():
        assert not Rule.objects.filter(code="LOCAL").exists()
        assert resolve.rule("LOCAL", DAY, "32/0/u1/").value == 7
