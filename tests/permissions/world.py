"""What the routes are tried on: one record of each kind, owned by the first institution of the county unless said."""

from __future__ import annotations

import io
import os
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.test import Client
from django.utils import timezone

from shuzheng.apps.energy.models import Member, Month
from shuzheng.apps.vehicles.models import Alert as VehicleAlert
from shuzheng.apps.vehicles.models import Mark, Tip, Vehicle
from shuzheng.base.access.models import Grant, RoleChange, Sharing
from shuzheng.base.accounts.models import Account, Person, PersonContact, Post
from shuzheng.base.audit.models import Entry
from shuzheng.base.collect.models import Asked, Collection
from shuzheng.base.core.actor import system_actor
from shuzheng.base.core.scope import system_scope
from shuzheng.base.files.actions import receive
from shuzheng.base.files.models import Block
from shuzheng.base.flows import actions as flows
from shuzheng.base.flows import defining, simple, trials
from shuzheng.base.flows.models import Case, Delegation
from shuzheng.base.flows.models import Definition as Process
from shuzheng.base.forms import actions as reporting
from shuzheng.base.forms import incoming
from shuzheng.base.forms.models import Allowance, Amendment, Circular, Definition, Doubt, Rollup, Round, Submission
from shuzheng.base.forms.shipped import load_forms
from shuzheng.base.jobs.models import JobRun
from shuzheng.base.masters.models import Party, Place
from shuzheng.base.notify.models import Notice, Receipt
from shuzheng.base.org.models import NodeKind, OrganProfile, Reorganisation
from shuzheng.base.registers.declare import REGISTERS
from shuzheng.base.registers.models import SavedView, Transfer
from shuzheng.base.standards.load import load_standards
from shuzheng.base.standards.models import (
    CalendarDay,
    CodeItem,
    CodeSet,
    ConversionFactor,
    DataElement,
    Rule,
    RulePack,
    Unit,
)
from shuzheng.base.stats.models import OwnIndicator
from shuzheng.base.stats.models_pages import Alert, AlertRule, Brief, BriefCopy, View
from tests.factories import Nation, actor_of, add_node, small_nation
from tests.permissions import matrix_vehicles
from tests.permissions.personas import PERSONAS, Persona
from tests.rows import DAY, stored

UNIT, OFFICE = "33/11/23/0/u1/", "33/11/23/0/goa/"
RESULT = f"tests/permissions-{os.getpid()}.txt"  # test processes share a folder
PUBLISHED = {
    "region": "33/11/23/",
    "audience": "33/11/23/",
    "effective_from": DAY.replace(year=2025),
    "name": "县里自定的一项",
}


@dataclass
class World:
    """A nation with personas, and the records by the words that ``matrix.py`` uses."""

    nation: Nation
    accounts: dict[str, Account] = field(default_factory=dict)
    clients: dict[str, Client] = field(default_factory=dict)
    things: dict[str, Any] = field(default_factory=dict)

    def client(self, persona: Persona, line: str = "") -> Client:
        """A browser. "Another line" is another person for routes of reporting than for the others."""
        return self.clients[self.name(persona, line)]

    def sign_in(self) -> None:
        """Sessions for all, before the first test: one that a test made would be gone with it."""
        self.clients["nobody"] = Client()
        for name, account in self.accounts.items():
            self.clients[name] = Client()
            self.clients[name].force_login(account)

    def name(self, persona: Persona, line: str) -> str:
        return f"{persona.name}, of general" if persona.name == "another line" and line == "reporting" else persona.name

    def __getitem__(self, word: str) -> Any:
        return self.things[word]


def make_world() -> World:
    world = World(small_nation())
    nation = world.nation
    for persona in PERSONAS[1:]:
        world.accounts[persona.name] = nation.account(persona.organ, *persona.roles, at=persona.at)
    with system_scope("tests").activate():
        add_node(nation, "33/11/0/u3/", "甲市某业务局", NodeKind.ORGAN, type="1")
    world.accounts["another line, of general"] = nation.account("33/11/0/u3/", *PERSONAS[1].roles, at="33/11/")
    nation.competent("33/11/0/u1/", "33/11/", "reporting")
    nation.competent("33/11/0/u3/", "33/11/", "general")
    world.things = {**_records(world), **_standards(nation), **_reporting(nation), **_collections(nation)}
    world.things |= _flows(world) | _watched(nation) | _brought(world)
    world.sign_in()
    return world


def _brought(world: World) -> dict[str, Any]:
    """A workbook that the institution brought for the form it fills in, checked and without a fault."""
    holder, draft = actor_of(world.accounts["with right"]), world.things["draft"]
    facts = {"person_id": holder.person_id, "post_id": holder.id, "register": incoming.NAME, "way": "import"}
    options = {"submission": str(draft.pk), "version": draft.version}
    return {
        "upload": stored(
            Transfer, world.nation.organ(UNIT), filename="a.xlsx", state="checked", options=options, **facts
        )
    }


def _watched(nation: Nation) -> dict[str, Any]:
    unit = nation.organ(UNIT)
    car = stored(Vehicle, unit, plate="浙K0A123", vin="LSVAA0000A0000001", state="1")
    stored(Mark, unit, vehicle=car, token="tested-mark")
    alert = stored(VehicleAlert, unit, code="02", colour="2", key="02:tested", vehicle=car, run=None, trip=None, state="open",
                   outcome="", violation="", evidence={}, explain_due=DAY)  # fmt: skip
    tip = stored(Tip, nation.organ(OFFICE), vehicle=car, state="new", ticket="tested")
    given = {
        "repairs": {"state": "asked"},
        "trips": {"state": "03"},
        "terminals": {"in_use": True, "code_hash": "registered"},
        "commands": {"kind": "text", "state": "done", "content": {"text": "请减速", "spoken": True}, "answer": {}},
        "fences": {"shape": {"circle": [119.27, 28.59, 100]}},
    }
    things = {"v_car": car, "v_alert": alert, "v_tip": tip, "v_vehicles": car}
    for name in (*matrix_vehicles.READ_BY_ALL, *matrix_vehicles.KEPT_BY_MANY, *matrix_vehicles.MADE_BY_OTHERS, "trips"):
        if f"v_{name}" not in things:
            things[f"v_{name}"] = stored(REGISTERS[name].model, unit, **given.get(name, {}))
    return things


def _records(world: World) -> dict[str, Any]:
    nation, unit = world.nation, world.nation.organ(UNIT)
    holder = actor_of(world.accounts["with right"])
    with system_scope("tests").activate():
        post = Post.objects.get(pk=holder.id)
        asker = Post.objects.get(person=world.accounts["other county"].person)
        colleague = stored(Person, unit, name="同事", number="U1-001")
    place = stored(Place, unit, number="A1", name="一号楼", full_name="一号楼", kind="building")
    with holder.scope.activate():
        attachment = receive(place, "说明.txt", io.BytesIO("一号楼说明".encode()), actor=holder)
    with system_scope("tests").activate():
        account = Account(
            username="colleague", person=colleague, password=make_password(None), password_changed_at=timezone.now()
        )
        account.save(force_insert=True)
        role = nation.role("clerk")
    notice = stored(Notice, unit, title="会议通知", sender_name="甲", sender_organ="乙")
    with system_scope("tests").activate():
        Notice.objects.filter(pk=notice.pk).update(case_id=notice.pk)
    mine = {"person_id": holder.person_id, "register": "places"}
    rule = stored(AlertRule, unit, name="预警", indicator="energy.total", condition="value > 1", made_by=holder.id)
    return {
        **_statistics(unit, post, rule),
        "unit": unit,
        "office": nation.organ(OFFICE),
        "division": nation.organ("33/11/23/"),
        "place": place,
        "party": stored(Party, unit, name="供应商甲"),
        "profile": stored(OrganProfile, unit),
        "member": stored(Member, unit, since=date(2026, 1, 1)),
        "month": stored(Month, unit, month=date(2026, 7, 1)),
        "person": colleague,
        "account": account,
        "contact": stored(PersonContact, unit, person=colleague, mobile="13800000000"),
        "post": post,
        "other_post": stored(Post, unit, person=colleague, name="会计"),
        "grant": _grant(world, post),
        "change": stored(RoleChange, unit, post=post, role=role, at=unit, asked_by=post, verb="grant", state="asked"),
        "planned": stored(Reorganisation, unit, verb="rename", state="planned", values={"name": "新名"}),
        "sharing": stored(Sharing, unit, line="general", mode="on_request", state="asked", shared_path=UNIT,
                          to=nation.organ("33/11/22/0/goa/"), asked_by=asker),
        "active_sharing": stored(Sharing, unit, line="general", mode="on_request", state="active", shared_path=UNIT,
                                 to=nation.organ("33/11/22/0/goa/"), asked_by=asker),
        "attachment": attachment,
        "block": stored(Block, unit, name="内部.docx", words=["机密"], person_name="某人"),
        "job": stored(JobRun, unit, person_id=holder.person_id, title="导出", result=RESULT, result_name="导出.txt"),
        "notice": notice,
        "receipt": stored(Receipt, nation.organ(OFFICE), notice=notice, case_id=notice.pk, post_id=None, title="会议通知", sender_organ="乙"),
        "entry": stored(Entry, unit, model="masters.place", action="masters.place.change"),
        "view": stored(SavedView, unit, name="我的", **mine),
        "transfer": stored(Transfer, unit, post_id=holder.id, way="import", state="checked", filename="a.xlsx", **mine),
    }  # fmt: skip


def _statistics(unit: Any, post: Post, rule: AlertRule) -> dict[str, Any]:
    """Saved questions and what came of them, in the institution."""
    return {
        "st_view": stored(View, unit, name="视图", query="i=energy.total", post_id=post.pk),
        "st_rule": rule,
        "st_alert": stored(Alert, unit, rule=rule, period="2026Q3", label="甲", value=1, reason="above", level="warn",
                           values={"value": "1", "unit": "tce", "n": "4", "most": "0"}),
        "st_brief": stored(Brief, unit, name="简报", query="i=energy.total", posts=[post.pk], next_on=DAY),
        "st_copy": stored(BriefCopy, unit, brief_id=post.pk, day=DAY, post_id=post.pk, name="简报", query="", sender="甲"),
        "st_own": stored(OwnIndicator, unit, audience=unit.path, code="own1", name="人均用电", form="energy-quarterly",
                         formula="e01_q / people"),
    }  # fmt: skip


def _grant(world: World, post: Post) -> Any:
    with system_scope("tests").activate():
        return Grant.objects.filter(post=post).first()


def _standards(nation: Nation) -> dict[str, Any]:
    """Standards of the county: published to its organs and below."""
    load_standards(system_actor("tests"))
    office = nation.organ(OFFICE)
    codes = stored(CodeSet, office, code="colour", **PUBLISHED)
    draft = {**PUBLISHED, "audience": OFFICE, "state": "draft"}
    pack = stored(RulePack, office, code="COUNTY", **PUBLISHED)
    with system_scope("tests").activate():
        element = DataElement.objects.filter(region="").first()
        factor = ConversionFactor.objects.filter(region="").first()
        rule = Rule.objects.filter(region="").first()
        shipped = CodeSet.objects.filter(region="").first()
    return {
        "element": stored(DataElement, office, identifier="X-1", data_type="text", group="asset", **PUBLISHED),
        "codeset": codes,
        "draft_codesets": stored(CodeSet, office, code="shape", **draft),
        "draft_elements": stored(DataElement, office, identifier="X-3", data_type="text", group="asset", **draft),
        "draft_units": stored(Unit, office, code="cun", dimension="length", factor="0.033", **draft),
        "draft_factors": stored(ConversionFactor, office, energy="e02", to_unit="kgce", from_unit="kWh", value="1", **draft),
        "draft_rules": stored(Rule, office, pack=pack, code="COUNTY-3", value="1", **draft),
        "code": stored(CodeItem, office, code_set=codes, code="1", name="红", audience="33/11/23/"),
        "uom": stored(Unit, office, code="zhang", dimension="length", factor="3.333", **PUBLISHED),
        "factor": stored(ConversionFactor, office, energy="e01", to_unit="kgce", from_unit="kWh", **PUBLISHED),
        "pack": pack,
        "rule": stored(Rule, office, pack=pack, code="COUNTY-1", **PUBLISHED),
        "workday": stored(CalendarDay, office, region="33/11/23/", audience="33/11/23/", day=DAY, name="休", kind="holiday"),
        "national": {"element": element, "factor": factor, "rule": rule, "codeset": shipped},
    }  # fmt: skip


def _reporting(nation: Nation) -> dict[str, Any]:
    """Two rounds of the nation: in one the institution is still filling in, in the other it has handed in."""
    load_forms(system_actor("tests"), nation.organ("0/ngoa/"))
    issuer = nation.actor("0/ngoa/", "business_admin", at="")
    with system_scope("tests").activate():
        definition = Definition.objects.get(code="energy-quarterly")
    found: dict[str, Any] = {"definition": definition}
    for word, period, state in (("draft", "2026Q2", "draft"), ("sent", "2026Q3", "submitted")):
        due = timezone.make_aware(datetime(2099, 10, 16, 18))
        with issuer.scope.activate():
            [round_] = reporting.issue_rounds(
                [nation.organ("")], actor=issuer, definition=definition, period=period, due_at=due
            )
        reporting.open_rounds([round_], actor=system_actor("forms.open"))
        with system_scope("tests").activate():
            row = Submission.objects.select_related("round").get(round=round_, path=UNIT)
            waiting = 4 if state == "submitted" else None
            Submission.objects.filter(pk=row.pk).update(
                state=state,
                waiting_tier=waiting,
                edition=1 if waiting else 0,
                submitted_at=timezone.now() if waiting else None,
            )
            row.refresh_from_db()
            found |= {f"{word}_round": Round.objects.get(pk=round_.pk), word: row}
    return found | _beside(nation, found)


def _beside(nation: Nation, found: dict[str, Any]) -> dict[str, Any]:
    """What stands beside the rounds: a request, cells asked again and answered, an exemption, a signed roll-up, a circular."""
    unit, office, now = nation.organ(UNIT), nation.organ(OFFICE), timezone.now()
    sent, facts = found["sent"], {"asked_by": "甲", "asked_organ": "乙", "asked_at": now}
    with system_scope("tests").activate():
        second = Submission.objects.select_related("round", "node").get(round=sent.round, path="33/11/23/0/u2/")
        third = Submission.objects.select_related("round", "node").get(round=found["draft_round"], path=second.path)
        Submission.objects.filter(pk=second.pk).update(state="submitted", approved_tier=4, waiting_tier=3, edition=1)
        Submission.objects.filter(pk=third.pk).update(state="exempt")
        other = Submission.objects.get(round=found["draft_round"], path="33/11/0/u1/")
    asked = {"round": sent.round, "what": "return", "tier": 4, "cells": [{"code": "e01_m1", "reason": "核对"}], **facts}
    figures = {
        "tier": 4,
        "asked": 2,
        "counted": 0,
        "values": {},
        "members_digest": "",
        "signed_by": "甲",
        "signed_at": now,
    }
    return {
        "exempted": third, "other_sent": second, "elsewhere": other,
        "allowance": stored(
            Allowance, unit, round=found["draft_round"], submission=found["draft"], what="extension", at=UNIT,
            at_name="甲", decider="33/11/23/", until=now.replace(year=2098), reason="停电", **facts,
        ),
        "doubt": stored(Doubt, unit, round=sent.round, submission=sent, code="e01_m1", sort="flag"),
        "asked_cells": stored(Amendment, unit, submission=sent, state="asked", due_at=now, **asked),
        "answered_cells": stored(
            Amendment, second.node, submission=second, state="answered", waiting_tier=4, edition=2, **asked
        ),
        "rollup": stored(
            Rollup, office, round=sent.round, division=nation.organ("33/11/23/"), **figures
        ),
        "circular": stored(
            Circular, office, title="通报", text="通报", division="甲县", audience="33/11/23/", made_by="甲", state="published"
        ),
        "draft_circular": stored(
            Circular, office, title="草稿", text="草稿", division="甲县", audience=OFFICE, made_by="甲",
            asked_for={"path": "33/11/23/"},
        ),
    }  # fmt: skip


def _collections(nation: Nation) -> dict[str, Any]:
    """Three of the institution: a draft, one that asks the institution itself, one for whoever has the link."""
    unit = nation.organ(UNIT)
    at = timezone.make_aware(datetime(2099, 10, 16, 18))
    facts = {"closes_at": at, "keep_until": at.date(), "questions": [{"code": "q1", "kind": "number", "label": "人次"}]}
    opened = {**facts, "state": "open", "per": "any", "opened_at": timezone.now()}
    survey = stored(Collection, unit, title="收", token="t-one", audience="own", asked=1, **opened)
    stored(Asked, unit, collection=survey, case_id=survey.pk, person_id=None, name="本单位")
    return {
        "survey": survey,
        "open_survey": stored(Collection, unit, title="开", token="t-open", audience="open", **opened),
        "draft_survey": stored(Collection, unit, title="稿", token="t-draft", audience="own", state="draft", per="organ", **facts),
    }  # fmt: skip


def _flows(world: World) -> dict[str, Any]:
    """A process of the institution, and what one person of it started: they are its head, too, and so have to decide it."""
    unit, holder = world.nation.organ(UNIT), actor_of(world.accounts["with right"])
    field = {"code": "subject", "label": "事由", "required": True}
    step = {"type": "step", "id": "one", "name": "审批", "who": ["role:leader@organ"]}
    text = simple.to_bpmn(
        {"code": "unit-ask", "name": "请示", "title": "{subject}", "fields": [field], "steps": [step]}
    )
    made: dict[str, Any] = {}
    with holder.scope.activate():
        for word, code in (("flow", "unit-ask"), ("draft_flow", "unit-draft")):
            row = Process(code=code)
            row.own(unit)
            [made[word]] = defining.save_definitions([row], actor=holder, bpmn=text)
        norm = Process(code="unit-norm")
        norm.own(unit)
        sure = text.replace('code="unit-ask"', 'code="unit-norm" confidence="B"')
        [made["norm"]] = defining.save_definitions([norm], actor=holder, bpmn=sure)
        trials.save_trials([made["flow"]], actor=holder, trials=[{"name": "甲", "values": {"subject": "买纸"}}])
        defining.publish([made["flow"], made["norm"]], actor=holder)
        for word in ("case", "draft_case"):
            case = Case(definition=made["flow"])
            case.own(unit)
            [made[word]] = flows.save_drafts([case], actor=holder, values={"subject": "买纸"})
        made["case_file"] = receive(made["case"], "依据.txt", io.BytesIO("依据".encode()), actor=holder)
        flows.start([made["case"]], actor=holder)
    day = timezone.localdate()
    made["deputy"] = stored(Delegation, unit, post_id=holder.id, principal="甲", deputy="乙", first=day, last=day)
    return made


@contextmanager
def undone():
    """Whatever is written inside is taken back."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
