"""Fields bound to data elements: what they name exists, and pages show its help with the way to its page."""

from __future__ import annotations

import re

import pytest
import yaml
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from shuzheng.base.core.scope import system_scope
from shuzheng.base.forms import shipped
from shuzheng.base.forms.spec import load
from shuzheng.base.registers.declare import REGISTERS
from shuzheng.base.registers.fields import NUMBERS, detail_value
from shuzheng.base.standards import resolve
from shuzheng.base.standards.uses import helps, where_used
from shuzheng.kernel.units import UnitError
from tests.forms.conftest import UNIT, definition, reporting  # noqa: F401 -- fixtures

pytestmark = pytest.mark.django_db


def test_what_shipped_forms_and_registers_are_bound_to_exists_and_measures_the_same(standards):
    with system_scope("tests").activate():
        book, today = resolve.current(), timezone.localdate()
        bound = [
            (f"{spec.code}.{cell.code}", cell.element, cell.unit if cell.is_number else "")
            for spec in (load(yaml.safe_load(file.read_text(encoding="utf-8"))) for file in shipped.files())
            for cell in [*spec.cells.values(), *(c for s in spec.sections for c in s.line)]
            if cell.element
        ] + [
            (f"{register.name}.{name}", element, str(shown.unit) if shown.kind in NUMBERS else "")
            for register in REGISTERS.values()
            for name, element in register.elements.items()
            for shown in (detail_value(register, name),)
        ]
        faults = []
        for place, identifier, unit in bound:
            element = book.element(identifier, today, "")
            if element is None:
                faults.append(f"{place}: there is no element {identifier}")
            elif unit and element.unit:
                try:
                    assert book.units.get(unit).dimensions == book.units.get(element.unit).dimensions
                except (UnitError, AssertionError):
                    faults.append(f"{place}: {unit} against {element.unit} of {identifier}")
    assert faults == []
    assert {place.partition(".")[0] for place, _element, _unit in bound} >= {
        "energy-quarterly", "energy-basic", "energy-datacentre", "energy-heating", "institution-basics-yearly",
        "nodes", "profiles", "places", "parties", "people", "posts", "institutions", "ledgers",
    }  # fmt: skip


def test_every_bound_cell_of_a_form_shows_help_and_link_in_the_grid_and_beside_it(reporting):  # noqa: F811
    client = Client()
    client.force_login(reporting.nation.account(UNIT, "clerk"))
    submission = reporting.submission()
    page = client.get(reverse("forms:entry", args=[submission.pk])).content.decode()
    spec = load(reporting.definition.spec)
    rows = {row.element for section in spec.sections for row in section.rows}
    rows |= {spec.cells[code].element for section in spec.sections for code in section.fields}
    assert len(rows) == 15 and "" not in rows
    with system_scope("tests").activate():
        known = helps(spec.elements)
    for identifier in rows:
        link = re.search(rf'<a class="fm-el" href="{re.escape(known[identifier].url)}" title="([^"]*)"', page)
        assert link and known[identifier].text.split(" · ")[0] in link[1], identifier
    panel = client.get(reverse("forms:cell", args=[submission.pk, "e01_cost"])).content.decode()
    assert known["energy.electricity.cost"].url in panel and "数源：供电企业" in panel


def test_every_bound_field_of_a_register_shows_help_and_link_in_its_form_and_on_the_record(standards):
    client = Client()
    client.force_login(standards.account("33/11/23/0/u1/", "clerk"))
    form = client.get("/r/ledgers/new/").content.decode()
    with system_scope("tests").activate():
        known = helps(REGISTERS["ledgers"].elements.values())
    assert len(known) == 21
    for about in known.values():
        assert f'{about.text} <a href="{about.url}"' in form.replace("&gt;", ">"), about.name
    assert "含在电里。" in form, "a field's own help stays"
    client.post("/r/ledgers/new/", {"month": "2026-09-01", "electricity": "1200", "_key": "k1"})
    [found] = set(re.findall(r"/r/ledgers/([0-9a-f-]{36})/", client.get("/r/ledgers/").content.decode()))
    record = client.get(f"/r/ledgers/{found}/").content.decode()
    assert all(f'<a class="fm-el" href="{about.url}"' in record for about in known.values())


def test_an_element_tells_which_forms_and_registers_use_it(definition):  # noqa: F811
    with system_scope("tests").activate():
        used = {(use.kind, use.label) for use in where_used("energy.electricity.amount")}
    assert ("报表", "公共机构能源资源消费季报") in used
    assert ("台账", "能耗台账 · 电") in used
    assert any(kind == "折算系数" for kind, _label in used)
