"""What a business app gets from one declaration of a register: each part of the kit is used once, as a user would."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from openpyxl import Workbook, load_workbook

from shuzheng.base.audit.models import Entry
from shuzheng.base.core.registry import PERMISSIONS
from shuzheng.base.core.scope import system_scope
from shuzheng.base.events.models import Event
from tests.dummy.models import Meter
from tests.factories import actor_of

pytestmark = pytest.mark.django_db

OWN, NEIGHBOUR = "33/11/23/0/u1/", "33/11/23/0/u2/"


def meter(nation, organ: str, number: str, **values) -> Meter:
    row = Meter(number=number, kind=values.pop("kind", "power"), **values)
    row.own(nation.organ(organ))
    with system_scope("tests").activate():
        row.save(force_insert=True)
    return row


def signed_in(account) -> Client:
    client = Client()
    client.force_login(account)
    return client


@pytest.fixture
def clerk(nation):
    return signed_in(nation.account(OWN, "clerk"))


@pytest.fixture
def meters(nation):
    return {
        "own": meter(nation, OWN, "E-1"),
        "two": meter(nation, OWN, "W-1", kind="water"),
        "far": meter(nation, NEIGHBOUR, "X-1"),
    }


def stored() -> dict[str, Meter]:
    with system_scope("tests").activate():
        return {m.number: m for m in Meter.objects.all()}


def test_declaration_is_shorter_than_forty_lines():
    text = (Path(__file__).parent / "registers.py").read_text(encoding="utf-8")
    assert len(text.splitlines()) < 40


def test_names_are_derived():
    names = {f"dummy.meter.{v}" for v in ("view", "create", "change", "delete", "import", "export")}
    assert names <= set(PERMISSIONS)


def test_list_filters_tabs_and_counts(clerk, meters):
    text = clerk.get("/r/meters/?kind=power").content.decode()
    assert "E-1" in text
    assert "W-1" not in text
    assert "X-1" not in clerk.get("/r/meters/").content.decode()
    assert re.search(r'电表\s*<span class="n ">1</span>', clerk.get("/r/meters/").content.decode())


def test_create_detail_history_edit_delete(clerk, meters):
    address = clerk.post("/r/meters/new/", {"number": "G-1", "kind": "gas", "factor": "1", "_key": "a"})["Location"]
    page = clerk.get(f"{address}edit/").content.decode()
    version = re.search(r'name="_version" value="(\d+)"', page).group(1)
    clerk.post(
        f"{address}edit/", {"number": "G-1", "kind": "gas", "factor": "２０", "in_use": "on", "_version": version}
    )
    assert stored()["G-1"].factor == 20
    text = clerk.get(f"{address}history/").content.decode()
    assert "登记表计" in text
    assert re.search(r"<del>1.00</del>.*?<ins>20.00</ins>", text, re.S)
    clerk.post(f"{address}comment/", {"text": "倍率已核"})
    assert "倍率已核" in clerk.get(address).content.decode()
    clerk.post(f"{address}delete/", {"_key": "d"})
    assert "G-1" not in stored()
    assert Event.objects.filter(name__startswith="dummy.meter.").count() == 3
    with system_scope("tests").activate():
        assert set(Entry.objects.filter(model="dummy.meter").values_list("action", flat=True)) == {
            "dummy.meter.create", "dummy.meter.change", "dummy.meter.delete"
        }  # fmt: skip


def test_bulk_change_and_labels(clerk, meters):
    chosen = [f"{meters[n].pk}.1" for n in ("own", "two")]
    clerk.post("/r/meters/bulk/", {"do": "change", "step": "run", "id": chosen, "set": "in_use", "_key": "b"})
    assert [m.in_use for m in stored().values()] == [False, False, True]
    assert clerk.post("/r/meters/bulk/", {"do": "labels", "id": chosen}).content.decode().count('class="lb"') == 2


def test_import_and_export(clerk, meters):
    book = Workbook()
    book.active.append(["表号", "类型", "倍率"])
    book.active.append(["E-1", "电表", "１，０００"])
    book.active.append(["N-1", "水表", None])
    file = io.BytesIO()
    book.save(file)
    address = clerk.post("/r/meters/import/", {"file": SimpleUploadedFile("a.xlsx", file.getvalue())})["Location"]
    assert "新增 1，修改 1" in clerk.get(address).content.decode()
    clerk.post(address, {"_key": "i"})
    assert (stored()["E-1"].factor, stored()["N-1"].kind) == (1000, "water")
    response = clerk.post("/r/meters/export/?kind=water")
    sheet = load_workbook(io.BytesIO(b"".join(response.streaming_content))).active
    assert [row[0].value for row in sheet.iter_rows(min_row=2)] == ["W-1", "N-1"]
    assert clerk.get("/r/meters/template/").status_code == 200


def test_rights_and_sight(nation, clerk, meters):
    reader = signed_in(nation.account(OWN))
    assert reader.get(f"/r/meters/{meters['own'].pk}/").status_code == 200
    assert reader.get(f"/r/meters/{meters['own'].pk}/edit/").status_code == 403
    assert reader.post(f"/r/meters/{meters['own'].pk}/delete/").status_code == 403
    for page in ("", "edit/", "history/"):
        assert clerk.get(f"/r/meters/{meters['far'].pk}/{page}").status_code == 404
    county = signed_in(nation.account("33/11/23/0/goa/", "reviewer", at="33/11/23/"))
    assert "X-1" in county.get("/r/meters/").content.decode()


def test_api_reads_and_writes_through_the_same_door(nation, meters):
    from shuzheng.base.registers import service
    from shuzheng.kernel.errors import Conflict, Missing

    actor = actor_of(nation.account(OWN, "clerk"))
    register = service.get("meters")
    with actor.scope.activate():
        made = service.create(register, actor, {"number": "A-1", "kind": "gas"}, key="k")
        assert service.create(register, actor, {"number": "A-1", "kind": "gas"}, key="k").pk == made.pk
        service.change(register, actor, made.pk, {"factor": "2.5"}, key="c", seen=1)
        with pytest.raises(Conflict):
            service.change(register, actor, made.pk, {"factor": "3"}, key="c2", seen=1)
        with pytest.raises(Missing):
            service.read(register, actor, meters["far"].pk)
    paths = Client().get("/api/v1/openapi.json")
    if paths.status_code == 200:
        assert "/api/v1/meters" in paths.json()["paths"]
