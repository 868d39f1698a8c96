"""Findings of a round as a page: by institution and cell, with what became of each, and asking for a cell again from there."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from shuzheng.base.audit.models import Entry
from shuzheng.base.core.scope import system_scope
from shuzheng.base.forms import amendments, findings
from shuzheng.base.forms.models import Amendment, Cell, Round, Submission
from shuzheng.base.forms.pages import findings as page_module
from shuzheng.base.forms.values import cell_row
from shuzheng.base.jobs.models import JobRun
from shuzheng.base.registers.sheets import read
from tests.forms.conftest import UNIT, due
from tests.forms.test_pages import COUNTY, OTHER, SECOND, office, running, unit  # noqa: F401
from tests.portal.test_templates import faults as template_faults

pytestmark = pytest.mark.django_db


@pytest.fixture
def found(running):  # noqa: F811
    """Two institutions of a county and one of another have reported; each is odd in its own way."""
    for path in (UNIT, SECOND, OTHER):
        running.handed_in(path, e01_m1=10000)
    with system_scope("tests").activate():
        whole = [running.submission(UNIT), running.submission(OTHER)]
        Cell.objects.filter(submission__in=whole, code="e011_q").update(value=Decimal(50000))  # part above whole
        Cell.objects.filter(submission=running.submission(SECOND), code="e01_price").update(value=Decimal(9))
        for n, value in enumerate((100, 101, 99, 100)):
            one = Round(definition=running.definition, title=str(n), period=f"2025Q{n + 1}", due_at=due(2025), tier=1,
                        state="closed")  # fmt: skip
            one.own(running.nation.organ("0/ngoa/"))
            one.save(force_insert=True)
            row = Submission(round=one, own_tier=4, due_at=due(2025), state="approved")
            row.own(running.nation.organ(SECOND))
            row.save(force_insert=True)
            Cell.objects.bulk_create([cell_row(row, "e01_m1", Decimal(value), "hand")])
    return running


def address(reporting, at: str = COUNTY, name: str = "findings", **query: str) -> str:
    more = "".join(f"&{k}={v}" for k, v in query.items())
    return f"{reverse(f'forms:{name}', args=[reporting.round.pk])}?at={at}{more}"


def rows_of(page) -> set[tuple[str, str, str, str]]:
    return {(f.submission.node.name, f.kind, f.cell, f.state) for f, *_rest in page.context["rows"]}


def test_the_page_lists_what_the_checks_and_the_history_say_by_kind_and_state(found):
    page = office(found, COUNTY).get(address(found))
    rows = rows_of(page)
    names = {name for name, *_rest in rows}
    assert names == {"甲县第1小学", "甲县第2小学"}  # the other county's is not here
    assert ("甲县第1小学", "error", "e011_q", "open") in rows
    assert ("甲县第2小学", "outlier", "e01_m1", "open") in rows
    assert template_faults(page.content.decode()) == []
    assert "往期中位数 100" in page.content.decode()
    only = rows_of(office(found, COUNTY).get(address(found, kind="outlier", q="第2")))
    assert {kind for _n, kind, *_rest in only} == {"outlier"}
    assert rows_of(office(found, "33/11/").get(address(found, "33/11/"))) > rows


def test_one_click_returns_the_cells_and_the_answer_shows(found):
    client = office(found, COUNTY)
    [key] = [f.key for f, *_rest in client.get(address(found, kind="error")).context["rows"] if f.cell == "e011_q"]
    client.post(address(found, name="findings_ask"), {"return": key, "key": "k"})
    client.post(address(found, name="findings_ask"), {"return": key, "key": "k"})  # sent twice
    with system_scope("tests").activate():
        [row] = Amendment.objects.all()
    assert {c["code"] for c in row.cells} == {"e011_m1", "e011_m2", "e011_m3"}
    assert ("甲县第1小学", "error", "e011_q", "returned") in rows_of(client.get(address(found)))
    with found.unit(UNIT).scope.activate():
        mine = Amendment.objects.select_related("submission__node", "round__definition").get()
        amendments.answer([mine], actor=found.unit(UNIT), values={"e01_m1": Decimal(60000)}, note="表计抄错")
    assert ("甲县第1小学", "error", "e011_q", "open") not in rows_of(client.get(address(found)))


def test_ticked_findings_are_asked_for_an_explanation_and_who_can_not_is_named(found):
    client = office(found, COUNTY)
    rows = [f for f, *_rest in client.get(address(found)).context["rows"] if f.inputs]
    other = office(found, "33/11/")
    assert other.post(address(found, "33/11/", "findings_ask"), {"return": rows[0].key}).status_code == 302
    with system_scope("tests").activate():
        assert not Amendment.objects.exists()  # it has not come to the prefecture yet
    client.post(address(found, name="findings_ask"), {"bulk": "explain", "pick": [f.key for f in rows]})
    with system_scope("tests").activate():
        asked = list(Amendment.objects.all())
    assert len(asked) == 2
    assert all(c["reason"].startswith("请说明：") for row in asked for c in row.cells)


def test_a_large_part_of_the_tree_is_checked_by_a_job_and_a_small_one_at_once(found, monkeypatch):
    client = office(found, COUNTY)
    sheet = read(client.get(address(found, name="findings_export", kind="error")).content, "x.xlsx").sheet()
    assert any("甲县第1小学" in row and "错误" in row for row in sheet.rows[1:])
    with system_scope("tests").activate():
        assert Entry.objects.filter(action="forms.round.export", after__what="findings").count() == 1
    monkeypatch.setattr(page_module, "LIVE", 1)
    assert "后台检查" in client.get(address(found)).content.decode()
    assert client.get(address(found, name="findings_export")).status_code == 302
    with system_scope("tests").activate():
        assert JobRun.objects.count() == 1


def test_findings_ask_the_same_for_two_institutions_as_for_three(found):
    def count(path: str) -> int:
        with system_scope("tests").activate(), CaptureQueriesContext(connection) as asked:
            assert list(findings.collect(found.round, path))
        return len(asked)

    assert count(COUNTY) == count("33/11/")
