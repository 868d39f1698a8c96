"""Loading what ships: all of it, once, and what a deployment changed is left alone."""

from __future__ import annotations

from decimal import Decimal

import pytest

from shuzheng.base.audit.models import Entry
from shuzheng.base.core.scope import system_scope
from shuzheng.base.standards import shipped
from shuzheng.base.standards.load import load_standards
from shuzheng.base.standards.models import CalendarDay, CodeItem, CodeSet, ConversionFactor, DataElement, Rule, Unit
from shuzheng.kernel.units import UNITS

pytestmark = pytest.mark.django_db


def test_all_that_ships_is_loaded_published_and_audited(standards):
    with system_scope("tests").activate():
        assert ConversionFactor.objects.count() == len(shipped.factors())
        assert DataElement.objects.count() == len(shipped.elements())
        assert Rule.objects.count() == sum(len(rules) for _, rules in shipped.rules())
        assert CodeItem.objects.count() == sum(len(items) for _, items in shipped.code_sets())
        assert set(Unit.objects.values_list("code", flat=True)) == {u.code for u in UNITS}
        assert set(Rule.objects.values_list("path", "audience")) == {("0/ngoa/", "")}
        assert Entry.objects.filter(model="standards.rule", action="standards.load").count() == Rule.objects.count()


def test_loading_again_changes_nothing(standards):
    assert not load_standards()


def test_everybody_below_sees_what_ships(standards):
    with standards.actor("33/11/23/0/u1/").scope.activate():
        assert Rule.objects.filter(code="ENERGY-ANNUAL-REPORT").count() == 1


def test_changed_value_becomes_a_new_edition_and_wording_is_corrected_in_place(standards, monkeypatch):
    rows = shipped.factors()
    coal = next(r for r in rows if r.energy == "raw_coal" and r.to_unit == "kgCO2")
    coal.value = Decimal("1.95")
    gas = next(r for r in rows if r.energy == "natural_gas" and r.to_unit == "kgCO2")
    gas.note = "更正"
    monkeypatch.setattr(shipped, "factors", lambda: rows)
    loaded = load_standards()

    assert (dict(loaded.created), dict(loaded.reworded)) == ({"conversionfactor": 1}, {"conversionfactor": 1})
    with system_scope("tests").activate():
        editions = ConversionFactor.objects.filter(energy="raw_coal", to_unit="kgCO2").order_by("edition")
        assert [(e.edition, e.value) for e in editions] == [(1, Decimal("1.9")), (2, Decimal("1.95"))]
        stored = ConversionFactor.objects.get(energy="natural_gas", to_unit="kgCO2")
        assert (stored.note, stored.version) == ("更正", 2)


def test_another_list_of_codes_becomes_a_new_edition(standards, monkeypatch):
    sets = shipped.code_sets()
    chosen, items = next(s for s in sets if s[0].code == "funding")
    items.append(CodeItem(code="9", name="其他", name_en="Other", order=9))
    monkeypatch.setattr(shipped, "code_sets", lambda: sets)
    load_standards()
    with system_scope("tests").activate():
        assert list(CodeSet.objects.filter(code="funding").order_by("edition").values_list("edition", flat=True)) == [
            1,
            2,
        ]
        assert CodeItem.objects.filter(code_set__code="funding", code_set__edition=2).count() == 4
        assert CodeItem.objects.filter(code_set__code="funding", code_set__edition=1).count() == 3


def test_day_that_was_edited_here_survives_the_next_load(standards):
    with system_scope("tests").activate():
        CalendarDay.objects.filter(day="2026-10-10").update(kind="holiday", is_shipped=False)
    assert not load_standards()
    with system_scope("tests").activate():
        assert CalendarDay.objects.get(day="2026-10-10").kind == "holiday"
