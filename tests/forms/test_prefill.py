"""What a form begins with: registers, ledgers and meters, the period before; each value with its source."""

from __future__ import annotations

import io
from collections.abc import Iterator
from decimal import Decimal

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from shuzheng.base.core.scope import system_scope
from shuzheng.base.forms import facts, offers, standing
from shuzheng.base.forms.facts import Fact
from shuzheng.base.forms.models import Cell, Definition, Round, Submission
from shuzheng.base.org.models import OrganProfile
from shuzheng.kernel.errors import Invalid
from tests.api.conftest import program  # noqa: F401
from tests.forms.conftest import UNIT, due
from tests.forms.test_pages import SECOND, office, patch, running, unit  # noqa: F401
from tests.forms.test_sheets import decided

pytestmark = pytest.mark.django_db
FORM = {
    "code": "carried", "name": "带入", "period": "quarter",
    "sections": [
        {"code": "b", "kind": "fields", "name": "基本", "fields": [
            {"code": "area", "name": "面积", "unit": "㎡", "prefill": "floor_area", "additive": False},
            {"code": "contact", "name": "联系人", "type": "text", "prefill": "previous"},
            {"code": "power", "name": "电", "unit": "kWh"}, {"code": "water", "name": "水", "unit": "m³"},
            {"code": "kind", "name": "类别", "type": "choice", "options": [{"code": "a", "name": "甲"}]},
            {"code": "open", "name": "开放", "type": "boolean"}]},
        {"code": "d", "kind": "rows", "name": "明细", "columns": [
            {"code": "what", "name": "品名", "type": "text"}, {"code": "n", "name": "数量"}]},
    ],
}  # fmt: skip
BEFORE = {
    "contact": (None, "张三"), "power": (900, ""), "water": (30, ""), "kind": (None, "gone"), "open": (1, ""),
    "d_1_what": (None, "笔"), "d_1_n": (12, ""),
}  # fmt: skip


@pytest.fixture
def ledgers(monkeypatch) -> None:
    monkeypatch.setattr(offers, "_ledgers", {})
    offers.keep_ledger("carried", lambda _node, _period: {"power": Decimal(1), "area": Decimal(7)})


@pytest.fixture
def mine(running, standards, ledgers) -> Iterator[Submission]:  # noqa: F811
    """This quarter's form, untouched; last quarter's was handed in; the register knows the floor area."""
    with system_scope("tests").activate():
        nation, organ = standards.organ("0/ngoa/"), standards.organ(UNIT)
        form = Definition(code="carried", name="带入", period_kind="quarter", spec=FORM, state="published")
        form.own(nation)
        form.save(force_insert=True)
        for period, state in (("2026Q2", "approved"), ("2026Q3", "todo")):
            one = Round(
                definition=form, title=period, period=period, due_at=due(2099), tier=1, state="open", audience=""
            )
            one.own(nation)
            one.save(force_insert=True)
            row = Submission(round=one, own_tier=4, due_at=due(2099), state=state)
            row.own(organ)
            row.save(force_insert=True)
            if state == "approved":
                Cell.objects.bulk_create(
                    Cell(submission=row, round=one, path=row.path, code=code, value=value, text=text)
                    for code, (value, text) in BEFORE.items()
                )
        profile = OrganProfile(floor_area=1234)
        profile.own(organ)
        profile.save(force_insert=True)
    return row


def sources(row: Submission) -> dict[str, tuple[Decimal | str | None, str]]:
    with system_scope("tests").activate():
        rows = Cell.objects.filter(submission=row).values_list("code", "value", "text", "source")
        return {code: (text or value, source) for code, value, text, source in rows if text or value is not None}


def test_an_untouched_form_begins_with_what_is_known_and_every_cell_says_from_where(running, mine):  # noqa: F811
    page = unit(running).get(reverse("forms:entry", args=[mine.pk])).content.decode()
    for code, mark in {"contact": "previous", "power": "register", "area": "register"}.items():
        assert f'class="in {mark} ' in page.split(f'data-cell="{code}"')[0].rsplit("<td", 1)[1]
    panel = unit(running).get(reverse("forms:cell", args=[mine.pk, "contact"]), headers={"HX-Request": "true"})
    assert "上期带入" in panel.content.decode()
    patch(unit(running), mine, {"water": "5"})
    assert sources(mine) == {
        "contact": ("张三", "previous"), "power": (1, "register"), "area": (7, "register"), "water": (5, "hand"),
    }  # fmt: skip


def test_a_meter_is_believed_before_a_ledger(running, mine):  # noqa: F811
    offers.keep_ledger("carried", lambda _node, _period: {"power": Decimal(88)}, Cell.Source.METER)
    offers.keep_ledger("carried", lambda _node, _period: {"power": Decimal(2)}, Cell.Source.BILL)
    patch(unit(running), mine, {"water": "5"})
    assert sources(mine)["power"] == (88, "meter")


def test_last_period_comes_over_where_nothing_stands_and_nowhere_else(running, mine):  # noqa: F811
    client = unit(running)
    patch(client, mine, {"water": "5"})
    url = reverse("forms:carry", args=[mine.pk])
    assert url in client.get(reverse("forms:entry", args=[mine.pk])).content.decode()
    client.post(url)
    now = sources(mine)
    assert (now["water"], now["power"]) == ((5, "hand"), (1, "register"))
    assert (now["open"], now["d_1_what"], now["d_1_n"]) == ((1, "previous"), ("笔", "previous"), (12, "previous"))
    assert "kind" not in now  # the option is no longer there
    assert url not in client.get(reverse("forms:entry", args=[mine.pk])).content.decode()
    patch(client, mine, {"d_1_n": "13"}, version=99, key="k2")
    assert sources(mine)["d_1_n"] == (13, "hand")


def test_nobody_carries_for_others(running, mine):  # noqa: F811
    url = reverse("forms:carry", args=[mine.pk])
    assert unit(running, SECOND).post(url).status_code == 404
    assert office(running, "33/11/23/").post(url).status_code == 403
    assert sources(mine) == {}


def test_the_template_marks_sources_and_what_is_not_changed_in_it_keeps_them(running, mine):  # noqa: F811
    client = unit(running)
    book = openpyxl.load_workbook(io.BytesIO(client.get(reverse("forms:template", args=[mine.pk])).content))
    sheet = book["基本"]
    assert (sheet["D6"].value, sheet["D6"].comment.text) == ("张三", "来源：上期带入")
    assert "台账带入" in sheet["D5"].comment.text
    assert sheet["D8"].comment is None
    sheet["D8"] = 6
    file = io.BytesIO()
    book.save(file)
    url = reverse("forms:upload", args=[mine.pk])
    shown = client.post(url, {"file": SimpleUploadedFile("a.xlsx", file.getvalue())})
    assert [d["code"] for d in shown.context["differences"]] == ["water"]
    client.post(decided(shown))
    assert sources(mine)["water"] == (6, "sheet")
    assert sources(mine)["contact"] == ("张三", "previous")


def test_a_program_reads_what_is_offered_and_carries(running, mine, program):  # noqa: F811
    client = program(UNIT, "clerk")
    address = f"/forms/submissions/{mine.pk}"
    offered = {c["code"]: (c["value"], c["source"]) for c in client.get(address).json()["offered"]}
    assert offered == {"contact": ("张三", "previous"), "power": ("1", "register"), "area": ("7", "register")}
    assert client.post(f"{address}/carry", None).json() == {"cells": 4}
    assert client.get(address).json()["offered"] == []


def test_what_a_ledger_kept_is_no_nil_report(running, mine):  # noqa: F811
    with pytest.raises(Invalid, match="台账里有本期的数"):
        standing.report_nil([mine], actor=running.unit(), signers={"statistics": "甲", "head": "乙"})
    with system_scope("tests").activate():
        mine.refresh_from_db()
    assert mine.state == "todo"


def test_names_of_sources_are_not_facts_and_only_keepers_keep():
    with pytest.raises(RuntimeError):
        facts.offer(Fact("previous", "", OrganProfile.objects.all, "address"))
    with pytest.raises(ValueError, match="tuple.index"):
        offers.keep_ledger("carried", lambda _node, _period: {}, Cell.Source.HAND)
