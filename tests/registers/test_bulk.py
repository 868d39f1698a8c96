"""Many records at once: all or none, with the versions that were seen."""

from __future__ import annotations

import re

import pytest

from shuzheng.base.audit.models import Entry
from shuzheng.base.core.scope import system_scope
from shuzheng.base.masters.models import Place
from tests.registers.conftest import U1, place, sign_in

pytestmark = pytest.mark.django_db


def stored() -> dict[str, Place]:
    with system_scope("tests").activate():
        return {p.number: p for p in Place.objects.all()}


def ids(*rows) -> list[str]:
    return [f"{row.pk}.{row.version}" for row in rows]


def test_bulk_change_asks_then_changes_the_ticked_fields_only(clerk, places):
    chosen = ids(places["own"], places["room"])
    page = clerk.post("/r/places/bulk/", {"do": "change", "id": chosen})
    assert page.status_code == 200
    assert "批量修改 2 处" in page.content.decode()
    assert 'value="number"' not in page.content.decode()  # what must differ from row to row is not offered
    data = {"do": "change", "step": "run", "id": chosen, "set": ["state"], "state": "repair", "address": "未勾选"}
    assert clerk.post("/r/places/bulk/", {**data, "_key": "b1"}).status_code == 302
    now = stored()
    assert [(now[n].state, now[n].address, now[n].version) for n in ("A1", "A2")] == [("repair", "", 2)] * 2
    with system_scope("tests").activate():
        assert Entry.objects.filter(action="masters.place.change").count() == 2
    clerk.post("/r/places/bulk/", {**data, "_key": "b1"})
    assert stored()["A1"].version == 2


def test_one_stale_row_stops_the_whole_batch(clerk, places):
    chosen = ids(places["own"], places["room"])
    data = {"do": "change", "step": "run", "set": ["state"], "state": "repair"}
    clerk.post("/r/places/bulk/", {**data, "id": chosen[:1]})
    response = clerk.post("/r/places/bulk/", {**data, "state": "closed", "id": chosen})
    assert response.status_code == 422
    assert "已被别人修改" in response.content.decode()
    assert [stored()[n].state for n in ("A1", "A2")] == ["repair", "idle"]


def test_fault_of_one_row_names_it_and_changes_none(clerk, nation, places):
    floor = place(nation, U1, "A1-1", "一层", "floor", parent=places["own"])
    chosen = ids(floor, places["own"])
    data = {"do": "change", "step": "run", "id": chosen, "set": ["parent"], "parent": ""}
    response = clerk.post("/r/places/bulk/", data)
    assert response.status_code == 422
    assert "一层：楼层和房间要填所在位置" in response.content.decode()


def test_all_rows_of_the_filtered_list_are_taken(clerk, places):
    page = clerk.post("/r/places/bulk/?state=idle", {"do": "change", "all": "1", "id": ids(places["own"])})
    assert re.findall(r'name="id" value="([^"]+)"', page.content.decode()) == ids(places["room"])


def test_another_organs_row_in_the_batch_makes_it_missing(clerk, places):
    data = {"do": "delete", "step": "run", "id": ids(places["own"], places["neighbour"])}
    assert clerk.post("/r/places/bulk/", data).status_code == 404
    assert "A1" in stored()


def test_bulk_needs_the_right(nation, places):
    reader = sign_in(nation.account(U1))
    for do in ("change", "delete"):
        assert reader.post("/r/places/bulk/", {"do": do, "id": ids(places["own"])}).status_code == 403


def test_bulk_delete_asks_and_is_guarded(clerk, nation, places):
    place(nation, U1, "A1-1", "一层", "floor", parent=places["own"])
    data = {"do": "delete", "id": ids(places["own"], places["room"])}
    assert "删除 2 处？" in clerk.post("/r/places/bulk/", data).content.decode()
    refused = clerk.post("/r/places/bulk/", {**data, "step": "run", "_key": "d"})
    assert refused.status_code == 422
    assert {"A1", "A2"} < set(stored())
    assert (
        clerk.post("/r/places/bulk/", {**data, "id": ids(places["room"]), "step": "run", "_key": "d2"}).status_code
        == 302
    )
    assert "A2" not in stored()


@pytest.mark.parametrize("data", [{"do": "change"}, {"do": "change", "id": ["x.1"]}, {"do": "nothing", "id": "1"}])
def test_batch_that_cannot_be_is_a_fault_in_words(clerk, places, data):
    assert clerk.post("/r/places/bulk/", data).status_code in (404, 422)


def test_labels_lead_to_the_records_page(clerk, places):
    response = clerk.get(f"/r/places/labels/?id={places['own'].pk}")
    text = response.content.decode()
    assert text.count("<svg") == 1
    assert "<b>A1</b>" in text
    assert "style=" not in text
    assert clerk.get(f"/r/places/labels/?id={places['neighbour'].pk}").status_code == 404
    assert clerk.get("/r/places/labels/?state=idle").content.decode().count('class="lb"') == 1
