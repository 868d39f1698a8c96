"""Forms of every kind of section: read, computed, asked when they apply, and through a workbook and back."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from shuzheng.base.core.scope import system_scope
from shuzheng.base.forms import actions, sheets, uploads
from shuzheng.base.forms.engine import check, compute, read_values
from shuzheng.base.forms.models import Definition, Round, Submission
from shuzheng.base.forms.saving import save
from shuzheng.base.forms.spec import load
from shuzheng.base.forms.values import stored_values
from shuzheng.base.registers import streams
from shuzheng.base.registers.sheets import read as read_sheet
from shuzheng.kernel.errors import Conflict, Invalid
from tests.forms.conftest import UNIT, due
from tests.forms.test_setcheck import MIXED
from tests.forms.test_sheets import decided


def test_what_is_not_asked_counts_as_empty_and_is_not_checked():
    spec = load(MIXED)
    values = {"kind": "b", "own": True, "area": Decimal(-5)}
    made = compute(spec, values, {})
    assert made["area"] is None
    assert "area" not in {f.check.cell for f in check(spec, made, {}, {}, {})}
    made = compute(spec, {**values, "kind": "a"}, {})
    assert {f.check.code for f in check(spec, made, {}, {}, {}) if f.check.cell == "area"} == {"range.area"}


def test_values_are_read_by_the_type_of_their_cell():
    spec = load(MIXED)
    values, faults = read_values(
        spec, {"kind": "乙", "own": "否", "since": "2026年3月5日", "d_12_n": "1,200", "area": "很大", "d_0_n": "1"}
    )
    assert values == {"kind": "b", "own": False, "since": date(2026, 3, 5), "d_12_n": Decimal(1200)}
    assert [f.field for f in faults] == ["area", "d_0_n"]


@pytest.mark.parametrize(
    ("expr", "said"),
    [("x + 1", "互相引用"), ("r1_c1 / 0", "除数写成了 0"), ("r1_c9 + 1", "没有名为"), ("r1_c1 +", "字符")],
)
def test_a_formula_that_cannot_stand_is_said_at_its_place(expr, said):
    raw = {**MIXED, "computed": [{"code": "x", "name": "数", "unit": "", "expr": expr}]}
    with pytest.raises(Invalid) as fault:
        load(raw)
    [one] = fault.value.faults
    assert one.field == "x"
    assert said in one.message


def test_a_division_by_nought_is_empty_not_a_fault():
    made = compute(load(MIXED), {"r1_c1": Decimal(0), "r1_c2": Decimal(5)}, {})
    assert made["r1_p"] is None


@pytest.fixture
def mine(standards):
    with system_scope("tests").activate():
        form = Definition(code="mixed", name="混合", period_kind="quarter", spec=MIXED, state="published")
        form.own(standards.organ("0/ngoa/"))
        form.save(force_insert=True)
        one = Round(definition=form, title="混合", period="2026Q3", due_at=due(), tier=1, state="open", audience="")
        one.own(standards.organ("0/ngoa/"))
        one.save(force_insert=True)
        row = Submission(round=one, own_tier=4, due_at=due())
        row.own(standards.organ(UNIT))
        row.save(force_insert=True)
    return row


FILLED = {"kind": "a", "own": "true", "since": "2026-01-31", "area": "120.5", "note": "好", "r1_c1": "10", "r1_c2": "5",
          "d_1_what": "笔", "d_1_n": "2", "d_1_price": "3"}  # fmt: skip


def read(row: Submission) -> Submission:
    return Submission.objects.select_related("node", "round__definition").get(pk=row.pk)


def test_every_type_is_stored_handed_in_and_read_back_from_a_workbook(standards, mine):
    actor = standards.actor(UNIT, "clerk")
    saved = save(actor, mine, FILLED)
    assert saved.faults == {}
    with system_scope("tests").activate():
        values = stored_values(read(mine))
        assert values["since"] == date(2026, 1, 31)
        assert values["own"] is True
        assert (values["d_1_sum"], values["d_sum"]) == (6, 6)
        content = sheets.template(read(mine), values)
        same = uploads.read_back(io.BytesIO(content), "a.xlsx", read(mine), values)
        assert (list(same.faults), same.differences) == ([], [])
        other = uploads.read_back(
            io.BytesIO(content), "a.xlsx", read(mine), {**values, "kind": "b", "d_1_n": Decimal(7)}
        )
        assert {d.code for d in other.differences} == {"kind", "d_1_n"}
    actions.submit([read_as(actor, mine)], actor=actor)
    with system_scope("tests").activate():
        assert read(mine).editions.get().values["since"] == "2026-01-31"


def read_as(actor, row: Submission) -> Submission:
    with actor.scope.activate():
        return read(row)


def test_two_people_in_one_form_clash_only_where_they_typed_the_same_cell(standards, mine):
    actor = standards.actor(UNIT, "clerk")
    base = save(actor, mine, {"note": "原"}).version
    save(actor, read_as(actor, mine), {"note": "甲", "r1_c1": "1"}, base=base)
    save(actor, read_as(actor, mine), {"r1_c2": "2"}, base=base)  # another cell: both stand
    with pytest.raises(Conflict) as clash:
        save(actor, read_as(actor, mine), {"note": "乙"}, base=base)
    assert clash.value.current["cells"] == {"note": "甲"}


def test_a_long_sheet_is_read_in_parts_and_every_fault_is_told(standards, mine, monkeypatch):
    with system_scope("tests").activate():
        one = Round.objects.get(pk=mine.round_id)
        spec = {**one.definition.spec, "sections": [dict(s) for s in one.definition.spec["sections"]]}
        spec["sections"][-1]["most"] = 2000
        Definition.objects.filter(pk=one.definition_id).update(spec=spec)
        book = openpyxl.load_workbook(io.BytesIO(sheets.template(read(mine), {})))
    sheet = book["明细"]
    for n in range(1000):
        for place, value in enumerate(["笔", n + 1, 2], 2):
            sheet.cell(sheets.HEAD + 1 + n, place, value)
    whole = io.BytesIO()
    book.save(whole)
    for n in range(0, 1000, 100):
        sheet.cell(sheets.HEAD + 1 + n, 3, "若干")
    faulty = io.BytesIO()
    book.save(faulty)
    for name, value in (("WHOLE", 0), ("PIECE", 20_000), ("STEP", 5_000)):
        monkeypatch.setattr(streams, name, value)
    monkeypatch.setattr("shuzheng.base.registers.faults.AT_HAND", 4)
    client = Client()
    client.force_login(standards.account(UNIT, "clerk"))
    url = reverse("forms:upload", args=[mine.pk])
    page = client.post(url, {"file": SimpleUploadedFile("a.xlsx", faulty.getvalue())})
    assert (page.status_code, page.context["fault_count"], len(page.context["faults"])) == (422, 10, 4)
    listed = client.get(f"{decided(page)}faults/")
    listed = read_sheet(b"".join(listed.streaming_content), "f.xlsx").sheet()
    assert [row[:3] for row in listed.rows[1:]][-1] == [905, "C", "若干"]
    page = client.post(url, {"file": SimpleUploadedFile("a.xlsx", whole.getvalue())})
    assert (page.status_code, page.context["changed"], len(page.context["differences"])) == (200, 3000, 200)
    assert client.post(decided(page)).status_code == 302
    with system_scope("tests").activate():
        values = stored_values(read(mine))
    assert (values["d_1000_n"], values["d_1000_sum"], values["d_n"]) == (1000, 2000, 500_500)
