"""The library of standard processes: adopting one, what it allows, what differs, and telling adopters of a new edition."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from shuzheng.base.core.action import new_key
from shuzheng.base.core.scope import system_scope
from shuzheng.base.events.deliver import deliver
from shuzheng.base.events.dispatch import dispatch
from shuzheng.base.flows import defining, library, packages, simple
from shuzheng.base.flows.comparing import Side, differences
from shuzheng.base.flows.models import Definition
from shuzheng.base.flows.reaching import startable
from shuzheng.base.flows.shipped import files, load_flows
from shuzheng.base.notify.models import Notice
from shuzheng.kernel.errors import Invalid
from tests.factories import Nation, actor_of
from tests.flows.conftest import FIELDS, OFFICE, UPPER, Desk, step
from tests.flows.test_pages import Caller, browser

pytestmark = pytest.mark.django_db

STEPS = [
    step("head", "部门审核", "head", due="2d"),
    step("check", "合规审查", "role:reviewer@organ", mode="any", hold="fixed"),
    step("note", "抄录备查", "role:clerk@organ", hold="free"),
    step("sign", "签发", "role:leader@organ", due="3d"),
]
SAID = {
    "code": "norm",
    "name": "用印规范",
    "title": "{subject}",
    "confidence": "B",
    "basis": "《公章管理办法》第三条",
    "fields": FIELDS,
}


def text(steps: list[dict[str, Any]] = STEPS, **values: Any) -> str:
    return simple.to_bpmn({**SAID, "steps": steps, **values})


def changed(
    *changes: tuple[str, dict[str, Any] | None], more: list[dict[str, Any]] | None = None
) -> list[dict[str, Any]]:
    told = dict(changes)
    kept = [{**s, **(told.get(s["id"]) or {})} for s in STEPS if s["id"] not in told or told[s["id"]] is not None]
    return kept + (more or [])


class Shelf:
    """The city's office issues a standard, the county's adapts it."""

    def __init__(self, nation: Nation) -> None:
        self.desk = Desk(nation)
        self.city = actor_of(nation.account(UPPER, "business_admin", at="33/11/", name="市管理"))
        self.county = self.desk.hire("县管理", OFFICE, "business_admin", at="33/11/23/")
        self.norm = self.publish(self.city, text())

    def publish(self, actor: Any, bpmn: str, tables: dict[str, str] | None = None, code: str = "norm") -> Definition:
        with actor.scope.activate():
            row = Definition.objects.filter(node_id=actor.organ_id, code=code).order_by("-edition").first()
            if row is None:
                row = Definition(code=code)
                row.node_id, row.path = actor.organ_id, actor.organ_path
            [draft] = defining.save_definitions([row], actor=actor, bpmn=bpmn, tables=tables)
            [row] = defining.publish([draft], actor=actor)
        return row


def tell() -> None:
    """What the workers do between: events go to those who take them up."""
    while dispatch():
        pass
    deliver("flows.standard")


@pytest.fixture
def shelf(nation: Nation) -> Shelf:
    return Shelf(nation)


def test_a_standard_is_used_at_once_or_taken_over_as_it_is(shelf: Shelf):
    clerk = shelf.desk.hire("经办", OFFICE)
    with clerk.scope.activate():
        assert [d.pk for d in startable(clerk)] == [shelf.norm.pk]
    page = browser(shelf.desk, "县管理")
    assert 'href="/flows/library/"' in page.get("/standards/").content.decode()
    assert "《公章管理办法》第三条" in page.get("/flows/library/").content.decode()
    sent = page.post(f"/flows/library/{shelf.norm.pk}/adopt/", {"as": "is", "key": new_key()}, follow=True)
    assert "已采用“用印规范”第 1 版" in sent.content.decode()
    with shelf.county.scope.activate():
        own = Definition.objects.get(node_id=shelf.county.organ_id, code="norm")
        assert (own.state, own.standard_id, own.digest) == ("published", shelf.norm.pk, shelf.norm.digest)
        [adopter] = library.adopters(shelf.norm)
    assert (adopter.found, adopter.is_behind) == ([], False)
    with clerk.scope.activate():
        assert [d.pk for d in startable(clerk)] == [own.pk]


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        (changed(("sign", None)), "标准要求保留这一环节"),
        (changed(("check", {"due": "1d"})), "原样保留"),
        (changed(("sign", {"due": "5d"})), "时限只能比标准短"),
        (changed(("sign", {"due": ""})), "时限只能比标准短"),
        (changed(("head", {"mode": "any"})), "标准不允许改会签方式"),
        (changed(("head", {"overdue": "pass"})), "自动通过"),
        ([STEPS[1], STEPS[0], *STEPS[2:]], "先后"),
        (
            [STEPS[0], {"type": "branch", "id": "b", "name": "多少", "arms": [
                {"name": "大", "when": "amount > 100", "steps": [STEPS[1]]}, {"name": "小", "when": "", "steps": []}]}, *STEPS[2:]],
            "可以绕过",
        ),
    ],
    ids=["a step dropped", "a fixed one changed", "a limit longer", "a limit gone", "signed otherwise", "passed by itself",
         "another order", "a way past a step"],
)  # fmt: skip
def test_what_a_standard_does_not_allow_is_refused_in_words(shelf: Shelf, steps: list[dict[str, Any]], said: str):
    with pytest.raises(Invalid) as refused:
        shelf.publish(shelf.county, text(steps))
    assert any(said in fault.message for fault in refused.value.faults)


def test_what_it_allows_is_shown_in_words_and_on_the_diagram(shelf: Shelf):
    steps = changed(
        ("note", None),
        ("sign", {"due": "1d", "who": ["post:局长@organ"]}),
        more=[step("file", "归档", "role:clerk@organ")],
    )
    own = shelf.publish(shelf.county, text(steps, fields=[*FIELDS, {"code": "box", "label": "档案盒号"}]))
    assert own.standard_id == shelf.norm.pk
    with shelf.county.scope.activate():
        [adopter] = library.adopters(shelf.norm)
        words = [d.words for d in adopter.found]
    assert words == [
        "减去“抄录备查”", "“签发”：由谁办 本单位 负责人 → 本单位 局长；时限 3 个工作日 → 1 个工作日", "增加“归档”", "增加“档案盒号”",
    ]  # fmt: skip
    page = browser(shelf.desk, "县管理").get(f"/flows/library/{shelf.norm.pk}/compare/{own.pk}/").content.decode()
    assert 'class="nd minus"' in page and 'class="nd plus"' in page and page.count('class="nd diff"') == 2
    assert (
        "增 2 · 减 1 · 改 1" in browser(shelf.desk, "县管理").get(f"/flows/library/{shelf.norm.pk}/").content.decode()
    )


def test_no_steps_may_be_added_where_the_standard_says_so(shelf: Shelf):
    shelf.publish(shelf.city, text(adding="none"))
    with pytest.raises(Invalid) as refused:
        shelf.publish(shelf.county, text([*STEPS, step("file", "归档", "role:clerk@organ")]))
    assert "不允许增加环节" in refused.value.faults[0].message


def test_a_new_edition_tells_its_adopters_what_has_changed(shelf: Shelf):
    own = shelf.publish(shelf.county, text())
    newer = shelf.publish(shelf.city, text(changed(("sign", {"due": "1d"}))))
    tell()
    with system_scope("tests").activate():
        [notice] = Notice.objects.filter(template="flows.standard")
        own.refresh_from_db()
    assert "“签发”：时限 3 个工作日 → 1 个工作日" in notice.body
    assert notice.link == f"/flows/library/{shelf.norm.pk}/compare/{newer.pk}/"
    page = browser(shelf.desk, "县管理")
    assert "规范有新版" in page.get("/flows/library/").content.decode()
    assert "1 个工作日" in page.get(notice.link).content.decode()
    assert own.state == "published"  # it goes on until its own office has decided
    with pytest.raises(Invalid, match="处不能用"):
        shelf.publish(shelf.county, text())
    taken = shelf.publish(shelf.county, text(changed(("sign", {"due": "1d"}))))
    assert taken.standard_id == newer.pk
    tell()
    with system_scope("tests").activate():
        assert Notice.objects.filter(template="flows.standard").count() == 1


def test_a_standard_goes_out_and_comes_in_as_one_file(shelf: Shelf):
    page = browser(shelf.desk, "县管理")
    sent = page.get(f"/flows/library/{shelf.norm.pk}/package/")
    assert packages.unpack(sent.content) == (shelf.norm.bpmn, {}, [])
    file = SimpleUploadedFile("norm.zip", sent.content)
    came = page.post("/flows/library/import/", {"file": file, "key": new_key()}, follow=True)
    assert came.status_code == 200 and "草稿" in came.content.decode()
    with shelf.county.scope.activate():
        assert Definition.objects.get(node_id=shelf.county.organ_id, code="norm").digest == shelf.norm.digest
    again = page.post(f"/flows/library/{shelf.norm.pk}/adopt/", {"key": new_key()}, follow=True)
    assert "已有这个流程的草稿" in again.content.decode()


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ({}, "有且只有一个"),
        ({"a.bpmn": "x", "b.bpmn": "x"}, "有且只有一个"),
        ({"a.exe": "x"}, "只能有"),
        (None, "不是流程包"),
    ],
)
def test_what_is_no_package_is_refused(names: dict[str, str] | None, said: str):
    made = io.BytesIO()
    if names is not None:
        with zipfile.ZipFile(made, "w") as package:
            for name, content in names.items():
                package.writestr(name, content)
    with pytest.raises(Invalid, match=said):
        packages.unpack(made.getvalue())


def test_programs_read_compare_and_adopt(shelf: Shelf):
    admin = Caller(shelf.county)
    [row] = admin.get("/flows/standards")["rows"]
    assert (row["code"], row["confidence"], row["own"], row["adopters"]) == ("norm", "B", None, 0)
    told = admin.get(f"/flows/standards/{row['id']}")
    assert [(s["id"], s["hold"]) for s in told["steps"]] == [
        ("head", "kept"), ("check", "fixed"), ("note", "free"), ("sign", "kept"),
    ]  # fmt: skip
    draft = admin.send("POST", f"/flows/standards/{row['id']}/adopt", None)
    simpler = admin.get(f"/flows/definitions/{draft['id']}/simple")["simple"]
    simpler["steps"] = [s for s in simpler["steps"] if s["id"] != "note"]
    draft = admin.send("PUT", f"/flows/definitions/{draft['id']}/simple", {"simple": simpler})
    assert draft["faults"] == []
    own = admin.send("POST", f"/flows/definitions/{draft['id']}/publish", None)
    [found] = admin.get(f"/flows/standards/{row['id']}/differences/{own['id']}")["rows"]
    assert (found["kind"], found["element"], found["fault"]) == ("removed", "note", "")
    assert admin.get("/flows/standards")["rows"][0]["own"] == 1


def test_the_shipped_standards_can_be_published_and_say_what_they_rest_on(nation: Nation):
    owner = nation.organ("0/ngoa/")
    root = nation.actor("0/ngoa/", "business_admin", at="")
    made = load_flows(root, owner)
    assert len(made) == len(list(files())) >= 18
    assert load_flows(root, owner) == []
    office = {"seal", "instruct", "purchase", "room", "trip", "news"}
    rest = {"space-apply", "vehicle-trip", "repair", "doc-send", "doc-receive", "asset-allocate", "asset-use", "asset-stocktake",
            "asset-disposal", "asset-pool", "asset-lease", "asset-yearly"}  # fmt: skip
    apps = {file.stem for file in files() if "apps" in file.parts}
    assert {d.code for d in made} == office | rest | apps
    for row in made:
        side = Side.of(row.bpmn, row.tables)
        assert row.confidence and row.name_en and all(s.name_en for s in side.outline.steps.values()), row.code
        assert all(f.label_en for f in side.outline.fields) and side.outline.fields, row.code
        assert (row.basis or row.code == "room") and differences(side, side, standard=True) == [], row.code
