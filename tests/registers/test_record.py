"""One record: reading, writing, conflicts, removing, remarks, history, rights."""

from __future__ import annotations

import re
from html import unescape

import pytest

from shuzheng.base.audit.models import Entry
from shuzheng.base.core.scope import system_scope
from shuzheng.base.masters.models import Party, Place
from shuzheng.kernel.uscc import make_uscc
from tests.queries import Trips
from tests.registers.conftest import GOA, U1, place, sign_in

pytestmark = pytest.mark.django_db

NEW = {"number": "N1", "name": "新楼", "kind": "building", "state": "used", "net_area": "１，２３４.5"}


def stored(**where) -> Place:
    with system_scope("tests").activate():
        return Place.objects.select_related("parent").get(**where)


def hidden(response, name: str) -> str:
    return re.search(rf'name="{name}" value="([^"]*)"', response.content.decode()).group(1)


def values(response) -> dict[str, str]:
    """What a form page holds, as a browser would send it."""
    text = response.content.decode()
    found = dict(re.findall(r'<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"', text))
    for name, options in re.findall(r'<select name="([^"]+)".*?>(.*?)</select>', text, re.S):
        chosen = re.search(r'value="([^"]*)" selected', options)
        found[name] = chosen.group(1) if chosen else ""
    return {k: unescape(v) for k, v in found.items() if k not in ("csrfmiddlewaretoken", "q")}


def test_created_record_is_the_own_organs_and_in_the_trail(clerk, nation):
    response = clerk.post("/r/places/new/", {**NEW, "_key": "k1"})
    row = stored(number="N1")
    assert response["Location"] == f"/r/places/{row.pk}/"
    assert (row.path, str(row.net_area), row.full_name) == (U1, "1234.50", "新楼")
    with system_scope("tests").activate():
        assert [e.action for e in Entry.objects.filter(object_id=str(row.pk))] == ["masters.place.create"]
    assert clerk.post("/r/places/new/", {**NEW, "_key": "k2"}).status_code == 422  # the number is taken now


def test_second_click_on_save_makes_no_second_record(clerk):
    first, again = (clerk.post("/r/places/new/", {**NEW, "_key": "k1"}) for _n in (1, 2))
    assert first["Location"] == again["Location"]
    assert stored(number="N1").version == 1


def test_refused_form_keeps_what_was_typed_and_says_where(clerk):
    response = clerk.post("/r/places/new/", {**NEW, "number": "", "kind": "room", "net_area": "12 平米"})
    assert response.status_code == 422
    text = response.content.decode()
    assert 'value="新楼"' in text
    assert 'value="12 平米"' in text
    assert "只填数字" in text
    response = clerk.post("/r/places/new/", {**NEW, "kind": "room"})
    assert "楼层和房间要填所在位置" in response.content.decode()


def test_choice_out_of_sight_is_refused_like_one_that_is_not_there(clerk, places):
    data = {**NEW, "kind": "room"}
    invisible = clerk.post("/r/places/new/", {**data, "parent": places["neighbour"].pk})
    absent = clerk.post("/r/places/new/", {**data, "parent": "01920000-0000-7000-8000-000000000000"})
    assert (invisible.status_code, absent.status_code) == (422, 422)
    faults = [re.findall(r'class="sz-hint over".*?<span>(.*?)</span>', r.content.decode()) for r in (invisible, absent)]
    assert faults[0] == faults[1] != []


def test_authority_registers_for_an_organ_below_but_not_elsewhere(county, nation):
    assert county.post("/r/places/new/", {**NEW, "node": nation.organ(U1).pk}).status_code == 302
    assert stored(number="N1").path == U1
    refused = county.post("/r/places/new/", {**NEW, "number": "N2", "node": nation.organ("33/11/22/0/u1/").pk})
    assert refused.status_code == 422


def test_detail_shows_fields_related_records_and_history(clerk, nation, places):
    place(nation, U1, "A1-1", "一层", "floor", parent=places["own"])
    clerk.post(
        f"/r/places/{places['own'].pk}/edit/",
        {**values(clerk.get(f"/r/places/{places['own'].pk}/edit/")), "name": "主楼"},
    )
    text = clerk.get(f"/r/places/{places['own'].pk}/").content.decode()
    assert "主楼" in text
    assert "一层" in text
    assert re.search(r"<del>一号楼</del>.*?<ins>主楼</ins>", text, re.S)
    assert "修改位置" in text
    assert stored(number="A1-1").full_name == "主楼 / 一层"


def test_stale_edit_shows_both_versions_and_keeps_the_typed_one(clerk, places):
    address = f"/r/places/{places['own'].pk}/edit/"
    mine, theirs = values(clerk.get(address)), values(clerk.get(address))
    assert clerk.post(address, {**theirs, "name": "别人改的"}).status_code == 302
    response = clerk.post(address, {**mine, "name": "我改的"})
    assert response.status_code == 409
    text = response.content.decode()
    assert "<del>别人改的</del>" in text
    assert "<ins>我改的</ins>" in text
    assert stored(number="A1").name == "别人改的"
    again = values(response)
    assert again["name"] == "我改的"
    assert clerk.post(address, again).status_code == 302
    assert stored(number="A1").name == "我改的"


def test_record_that_others_refer_to_is_not_deleted(clerk, nation, places):
    place(nation, U1, "A1-1", "一层", "floor", parent=places["own"])
    response = clerk.post(f"/r/places/{places['own'].pk}/delete/", {"_key": "d"}, follow=True)
    assert "引用它" in response.content.decode()
    assert stored(number="A1")
    assert clerk.post(f"/r/places/{places['room'].pk}/delete/", {"_key": "d2"})["Location"] == "/r/places/"
    with system_scope("tests").activate():
        assert not Place.objects.filter(number="A2").exists()


def test_remark_is_read_by_those_who_see_the_record(clerk, county, nation, places):
    assert county.post(f"/r/places/{places['own'].pk}/comment/", {"text": "面积请核对"}).status_code == 302
    text = clerk.get(f"/r/places/{places['own'].pk}/").content.decode()
    assert "面积请核对" in text
    assert "徐立" in text
    assert clerk.post(f"/r/places/{places['neighbour'].pk}/comment/", {"text": "x"}).status_code == 404


@pytest.mark.parametrize("page", ["", "edit/", "history/", "delete/", "comment/", "act/block/"])
def test_another_organs_record_is_missing_on_every_page(clerk, places, page):
    address = f"/r/places/{places['neighbour'].pk}/{page}"
    send = clerk.post if page in ("delete/", "comment/") else clerk.get
    assert send(address, {"text": "x"} if page == "comment/" else {}).status_code == 404


@pytest.mark.parametrize("page", ["edit/", "delete/"])
def test_own_record_without_the_right_is_forbidden(nation, places, page):
    reader = sign_in(nation.account(U1))
    address = f"/r/places/{places['own'].pk}/{page}"
    assert (reader.post(address) if page == "delete/" else reader.get(address)).status_code == 403
    assert reader.get(f"/r/places/{places['own'].pk}/").status_code == 200
    assert "修改</a>" not in reader.get(f"/r/places/{places['own'].pk}/").content.decode()
    assert reader.get("/r/places/new/").status_code == 403


@pytest.mark.parametrize("pk", ["not-an-id", "01920000-0000-7000-8000-000000000000", "1"])
def test_id_of_nothing_is_missing(clerk, pk):
    assert clerk.get(f"/r/places/{pk}/").status_code == 404


@pytest.fixture
def party(nation):
    row = Party(name="某物业公司", uscc=make_uscc(body="MA0ABCDE"), categories=["property"])
    row.own(nation.organ(GOA))
    with system_scope("tests").activate():
        row.save(force_insert=True)
    return row


def test_own_verb_asks_for_its_reason_and_fits_the_state(county, party):
    address = f"/r/parties/{party.pk}/act/block/"
    assert county.get(address).status_code == 200
    refused = county.post(address, {"why": ""})
    assert refused.status_code == 422
    assert county.post(address, {"why": "服务考核两次不合格", "_key": "b"}).status_code == 302
    with system_scope("tests").activate():
        assert Party.objects.get().blocked_reason == "服务考核两次不合格"
    text = county.get(f"/r/parties/{party.pk}/").content.decode()
    assert "act/unblock/" in text
    assert "act/block/" not in text
    assert county.post(address, {"why": "再来", "_key": "b2"}).status_code == 422


def test_wrong_credit_code_is_refused_with_the_reason(county):
    data = {"name": "x", "uscc": "91330000MA27U8RX0A", "categories": ["property"]}
    response = county.post("/r/parties/new/", data)
    assert response.status_code == 422
    assert "校验" in response.content.decode() or "代码" in response.content.decode()


@pytest.mark.parametrize("count", [1, 3])
def test_detail_asks_the_same_questions_for_one_related_row_and_for_three(clerk, nation, places, count):
    for n in range(count):
        place(nation, U1, f"F{n}", f"{n}层", "floor", parent=places["own"])
    address = f"/r/places/{places['own'].pk}/"
    clerk.get(address)
    with Trips() as caught:
        clerk.get(address)
    asked = caught.about("masters_place")
    assert len(asked) == 2, asked
