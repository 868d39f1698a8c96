"""The list of a register: what is seen, filtered, sorted, counted and kept."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import parse_qs

import pytest

from shuzheng.base.core.scope import system_scope
from shuzheng.base.registers.models import SavedView
from tests.queries import Trips
from tests.registers.conftest import U1, U2, place, sign_in

pytestmark = pytest.mark.django_db


def numbers(response) -> list[str]:
    return re.findall(r'class="strong nowrap" href="[^"]*">([^<]*)</a>', response.content.decode())


def test_clerk_sees_the_own_organ_only(clerk, places):
    response = clerk.get("/r/places/")
    assert response.status_code == 200
    assert numbers(response) == ["A1", "A2"]
    text = response.content.decode()
    assert "邻居楼" not in text
    assert "外县楼" not in text
    assert "共 2 处" in text


def test_county_sees_its_county_and_narrows_to_its_own_level(county, places, nation):
    place(nation, "33/11/23/0/goa/", "G1", "县府楼")
    assert numbers(county.get("/r/places/")) == ["G1", "A1", "A2", "B1"]
    assert numbers(county.get("/r/places/?scope=own")) == ["G1", "A1", "A2", "B1"]
    assert numbers(county.get("/r/places/?q=县府")) == ["G1"]


def test_role_in_the_own_organ_does_not_open_what_the_organ_supervises(nation, places):
    client = sign_in(nation.account("33/11/23/0/goa/", "clerk"))
    assert numbers(client.get("/r/places/")) == []
    assert client.get(f"/r/places/{places['own'].pk}/").status_code == 404


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("kind=room", []),
        ("kind=building&kind=room", ["A1", "A2", "B1"]),
        ("state=idle", ["A2"]),
        ("net_area_from=２０&net_area_to=100", ["A1", "A2"]),
        ("net_area_to=7", ["B1"]),
        ("q=二号", ["A2"]),
        ("view=idle", ["A2"]),
        ("view=idle&q=一", []),
        ("sort=-number", ["B1", "A2", "A1"]),
        ("sort=net_area", ["B1", "A2", "A1"]),
        ("size=20&page=2", []),
        ("nonsense=1", ["A1", "A2", "B1"]),
    ],
)
def test_conditions_live_in_the_address(county, places, query, found):
    assert numbers(county.get(f"/r/places/?{query}")) == found


def test_filter_by_node_takes_what_lies_below_it(county, places, nation):
    assert numbers(county.get(f"/r/places/?node={nation.organ(U2).pk}")) == ["B1"]
    assert numbers(county.get(f"/r/places/?node={nation.organ('33/11/23/').pk}")) == ["A1", "A2", "B1"]


@pytest.mark.parametrize(
    "query",
    ["net_area_from=x", "built_on_from=2026-02-30", "state=none", "node=1", "sort=nothing", "page=0", "size=9999"],
)
def test_condition_that_cannot_be_is_said_and_the_list_stays(county, places, query):
    response = county.get(f"/r/places/?{query}")
    assert response.status_code == 422
    assert 'role="alert"' in response.content.decode()
    assert numbers(response) == ["A1", "A2", "B1"]


def test_tabs_and_sums_count_what_may_be_seen(county, places):
    text = county.get("/r/places/").content.decode()
    assert re.search(r"闲置\s*<span class=\"n warn\">1</span>", text)
    assert re.search(r"建筑\s*<span class=\"n \">3</span>", text)
    assert '<td class="num">127.00</td>' in text


def test_unknown_register_is_missing(clerk):
    assert clerk.get("/r/unknown/").status_code == 404


def test_htmx_gets_the_changing_part_only(clerk, places):
    response = clerk.get("/r/places/", headers={"HX-Request": "true", "HX-Target": "div#list"})
    assert response.content.decode().strip().startswith('<div id="list"')
    assert "HX-Request" in response["Vary"]


def queries(client, address: str) -> int:
    client.get(address)
    with Trips() as caught:
        client.get(address)
    return len(caught)


@pytest.mark.parametrize("count", [1, 3])
def test_list_asks_the_same_few_questions_for_one_row_and_for_three(clerk, nation, count):
    for n in range(count):
        parent = place(nation, U1, f"P{n}", "楼")
        place(nation, U1, f"R{n}", "室", "room", parent=parent)
    client = clerk
    client.get("/r/places/")
    with Trips() as caught:
        client.get("/r/places/")
    own = caught.about("masters_place", "registers_")
    assert len(own) == 3, own
    assert len(caught.asked()) <= 8


def test_columns_are_kept_for_the_person_and_view(clerk, places, nation):
    clerk.post("/r/places/columns/?", {"column": ["number", "state", "storey"]})
    text = clerk.get("/r/places/").content.decode()
    heads = re.findall(r"<th[^>]*>(?:<a[^>]*>)?([^<]+)", text)
    assert heads == ["编号", "状态", "楼层号"]
    assert "<th" in clerk.get("/r/places/?view=idle").content.decode()
    assert "使用面积" in re.sub(
        r"<sz-columns>.*?</sz-columns>", "", clerk.get("/r/places/?view=idle").content.decode(), flags=re.S
    )
    other = sign_in(nation.account(U1, "clerk"))
    assert re.findall(r"<th[^>]*>(?:<a[^>]*>)?([^<]+)", other.get("/r/places/").content.decode())[:3] == [
        "编号",
        "名称",
        "类别",
    ]
    clerk.post("/r/places/columns/?", {"reset": "1"})
    assert len(re.findall(r"<th[^>]*>(?:<a[^>]*>)?([^<]+)", clerk.get("/r/places/").content.decode())) > 3


def test_named_view_keeps_its_conditions_and_belongs_to_one_person(clerk, places, nation):
    response = clerk.post("/r/places/views/?state=idle&sort=-number", {"name": "闲置的楼"})
    address = response["Location"]
    asked = parse_qs(address.partition("?")[2])
    assert (asked["state"], asked["sort"]) == (["idle"], ["-number"])
    text = clerk.get(address).content.decode()
    assert "我的：闲置的楼" in text
    assert numbers(clerk.get(address)) == ["A2"]
    with system_scope("tests").activate():
        view = SavedView.objects.get(name="闲置的楼")
    other = sign_in(nation.account(U1, "clerk"))
    assert "闲置的楼" not in other.get("/r/places/").content.decode()
    assert other.post(f"/r/places/views/{view.pk}/delete/").status_code == 404
    assert clerk.post(f"/r/places/views/{view.pk}/delete/").status_code == 302
    assert "我的：" not in clerk.get("/r/places/").content.decode()


def test_typeahead_offers_only_what_may_be_seen(clerk, places):
    text = clerk.get("/r/places/choices/parent/").content.decode()
    assert "一号楼" in text
    assert "邻居楼" not in text
    assert "二号楼" in clerk.get("/r/places/choices/parent/?q=A2").content.decode()
    assert "一号楼" not in clerk.get("/r/places/choices/parent/?q=A2").content.decode()
    assert clerk.get("/r/places/choices/number/").status_code == 404
    assert clerk.get("/r/places/choices/none/").status_code == 404


def test_owner_choices_are_where_one_may_write(clerk, county, places):
    assert "甲县第2小学" not in clerk.get("/r/places/choices/node/").content.decode()
    text = county.get("/r/places/choices/node/").content.decode()
    assert "甲县第2小学" in text
    assert "乙县" not in text


def test_cell_text_is_escaped(clerk, nation):
    place(nation, U1, "X<b>", "<script>alert(1)</script>")
    text = clerk.get("/r/places/").content.decode()
    assert "<script>alert" not in text
    assert "X&lt;b&gt;" in text


@pytest.fixture
def short_cap(monkeypatch):
    """Counts end at 2, so that three rows are a list too long to count along the way."""
    from shuzheng.base.core import counting
    from shuzheng.base.registers import query

    monkeypatch.setattr(counting, "CAP", 2)
    monkeypatch.setattr(query, "CAP", 2)


def test_long_list_counts_its_views_in_one_question_asked_afterwards(county, places, short_cap):
    text = county.get("/r/places/").content.decode()
    address = unescape(re.search(r'hx-get="([^"]*figures[^"]*)"', text).group(1))
    with Trips() as caught:
        answer = county.get(address).content.decode()
    assert len(caught.about("masters_place")) == 1
    assert re.search(r"闲置\s*<span class=\"n warn\">1</span>", answer)
    assert 'hx-swap-oob="true"' in answer


def test_long_list_sorts_only_by_what_has_an_index(county, places, short_cap):
    refused = county.get("/r/places/?sort=net_area")
    assert refused.status_code == 422
    assert "先加条件缩小范围" in refused.content.decode()
    assert county.get("/r/places/?sort=net_area&state=idle").status_code == 200
    assert county.get("/r/places/?sort=state").status_code == 200


def test_cursor_reads_the_whole_register_once_in_order(county_actor, places, nation):
    from django.http import QueryDict

    from shuzheng.base.registers import service
    from shuzheng.kernel.errors import Invalid

    with county_actor.scope.activate():
        for asked, wanted in (
            ("", ["A1", "A2", "B1"]),
            ("sort=-net_area", ["A1", "A2", "B1"]),
            ("sort=storey", ["A1", "A2", "B1"]),
        ):
            got, cursor = [], ""
            for _round in range(4):
                rows, cursor = service.list_after(service.get("places"), county_actor, QueryDict(asked), cursor, 1)
                got += [row.number for row in rows]
                if not cursor:
                    break
            assert got == wanted, asked
        with pytest.raises(Invalid):
            service.list_after(service.get("places"), county_actor, QueryDict(""), "bm9uc2Vuc2U", 1)
