"""A warning's way (domain §3.5): the unit explains, the authority decides, the unit appeals, somebody else hears the appeal."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from shuzheng.apps.vehicles import offers
from shuzheng.apps.vehicles.actions import (
    appeal_alerts,
    decide_alerts,
    explain_alerts,
    issue_marks,
    review_appeals,
    take_tips,
)
from shuzheng.apps.vehicles.models import Driver, Fence, Refuel, Run, Trip, Vehicle
from shuzheng.apps.vehicles.models.alerts import Alert, Mark, Tip
from shuzheng.apps.vehicles.supervision.scan import lapse, scan, take_facts
from shuzheng.base.accounts.models import Person
from shuzheng.base.core.actor import system_actor
from shuzheng.base.core.scope import system_scope
from shuzheng.base.events.deliver import deliver
from shuzheng.base.events.dispatch import dispatch
from shuzheng.base.events.subscribers import SUBSCRIBERS
from shuzheng.base.files.models import Attachment
from shuzheng.base.forms.spec import load
from shuzheng.base.notify.models import Todo
from shuzheng.base.standards import working_days
from shuzheng.base.stats.board import headlines_of, ranked_of
from shuzheng.kernel.errors import Conflict, Denied, Missing
from shuzheng.kernel.periods import Period, PeriodKind
from tests.forms.conftest import standards  # noqa: F401 -- a fixture
from tests.rows import stored

UNIT, OFFICE, ABOVE = "33/11/23/0/u1/", "33/11/23/0/goa/", "33/11/0/goa/"
FORMS = {file.stem: file for file in (Path(offers.__file__).parent / "data/forms").glob("*.yaml")}
pytestmark = pytest.mark.django_db


@pytest.fixture
def car(standards) -> Vehicle:  # noqa: F811
    unit, later = standards.organ(UNIT), timezone.localdate() + timedelta(days=300)
    return stored(
        Vehicle, unit, plate="浙K0A123", brand="大众 朗逸", body="1", fuel="1", seats=5, displacement=Decimal("1.5"), use="5",
        vin="LSVAA0000A0000001", tank=Decimal(55), price=Decimal(109_900), registered_on=date(2022, 3, 1), title_holder=unit.name,
        compulsory_to=later, inspection_to=later, marking="marked",
    )  # fmt: skip


@pytest.fixture
def run(standards, car) -> Run:  # noqa: F811
    """Back two hours late, yesterday."""
    unit = standards.organ(UNIT)
    person = stored(Person, unit, name="王师傅", number="D001")
    driver = stored(Driver, unit, person=person, licence_class="C1", licence_to=car.inspection_to)
    ends = (timezone.localtime() - timedelta(days=1)).replace(hour=12, minute=0)
    begins = ends - timedelta(hours=3)
    row = stored(
        Run, unit, vehicle=car, driver=driver, state="back", begins=begins, ends=ends, out_at=begins, back_at=ends + timedelta(hours=2),
        odometer_out=Decimal(100), odometer_in=Decimal(140), track_km=Decimal(40),
    )  # fmt: skip
    stored(Trip, unit, number="PC1", state="08", run=row, person_id=person.pk, applicant="李科", passengers="李科", purpose="4",
           subject="调研", origin="县府", destination="北界镇", begins=begins, ends=ends, approved_at=begins, provider=unit)  # fmt: skip
    return row


def look(**how) -> list[Alert]:
    actor = system_actor("vehicles.watch")
    with actor.scope.activate():
        return scan(actor, **how)


def deliver_all() -> None:
    """What the worker does between: events go to those who take them up."""
    while dispatch():
        pass
    for name in SUBSCRIBERS:
        if name.startswith(("vehicles.alerts.", "vehicles.tips.")):
            deliver(name)


def todos(kind: str) -> set[str]:
    with system_scope("tests").activate():
        return set(Todo.objects.filter(kind=kind, closed_at=None).values_list("path", flat=True))


def fresh(alert: Alert) -> Alert:
    with system_scope("tests").activate():
        return Alert.objects.select_related("vehicle", "node").get(pk=alert.pk)


def test_a_warning_goes_its_way_to_an_end(standards, run):  # noqa: F811
    [alert] = look()
    assert look() == []  # the same thing twice is one warning
    assert (alert.code, alert.colour, alert.path) == ("02", "2", UNIT)
    late = next(f for f in alert.evidence["facts"] if f["what"] == "late_minutes")
    assert (late["value"], late["limit"], late["code"]) == ("120", "60", "VEH-OVERDUE-MINUTES")
    assert alert.explain_due == working_days.add(timezone.localdate(), 3, UNIT)
    deliver_all()
    assert todos("vehicles.alert.explain") == {UNIT}

    unit, office = standards.actor(UNIT, "clerk"), standards.actor(OFFICE, "reviewer", at="33/11/23/")
    neighbour = standards.actor("33/11/22/0/goa/", "reviewer", at="33/11/22/")
    with pytest.raises(Conflict):  # the unit still has time to explain
        decide_alerts([fresh(alert)], actor=office, text="太晚")
    with pytest.raises(Missing):
        decide_alerts([fresh(alert)], actor=neighbour, text="不归我管")
    explain_alerts([fresh(alert)], actor=unit, text="高速事故绕行，附交警证明。")
    deliver_all()
    assert todos("vehicles.alert.explain") == set()
    assert todos("vehicles.alert.decide") == {OFFICE}  # whoever is competent in the county

    decide_alerts([fresh(alert)], actor=office, text="没有报告调度", violation="9")
    row = fresh(alert)
    assert (row.state, row.appeal_due) == ("decided", working_days.add(timezone.localdate(), 5, UNIT))
    with pytest.raises(Conflict):
        explain_alerts([row], actor=unit, text="再补充一点说明")
    appeal_alerts([row], actor=unit, text="当时已电话报告，有通话记录。")
    with pytest.raises(Denied):  # not by who decided
        review_appeals([fresh(alert)], actor=office, text="维持", violation="9")
    review_appeals([fresh(alert)], actor=standards.actor(OFFICE, "leader", at="33/11/23/"), text="情况属实")
    row = fresh(alert)
    assert (row.state, row.outcome, row.violation) == ("final", "none", "")
    deliver_all()
    assert todos("vehicles.alert.decide") == set()


def test_an_authority_does_not_judge_itself(standards, run):  # noqa: F811
    """Whose own car it is has it judged one tier up, and those who don't explain in time are judged without."""
    with system_scope("tests").activate():
        office = standards.organ(OFFICE)
        for row in (run, run.vehicle, *run.trips.all()):
            type(row).objects.filter(pk=row.pk).update(node=office, path=OFFICE)
    [alert] = [a for a in look() if a.code == "02"]
    with system_scope("tests").activate():
        Alert.objects.update(explain_due=timezone.localdate() - timedelta(days=1))
    with pytest.raises(Denied):
        decide_alerts([fresh(alert)], actor=standards.actor(OFFICE, "reviewer", at="33/11/23/"), text="算了")
    above = standards.actor(ABOVE, "reviewer", at="33/11/")
    decide_alerts([fresh(alert)], actor=above, text="逾期未说明", violation="9")
    with system_scope("tests").activate():
        Alert.objects.update(appeal_due=timezone.localdate() - timedelta(days=1))
    with pytest.raises(Conflict):
        appeal_alerts([fresh(alert)], actor=standards.actor(OFFICE, "clerk", at="33/11/23/"), text="过了时限才来申诉")
    actor = system_actor("vehicles.watch")
    with actor.scope.activate():
        assert lapse(actor) >= 1
    assert (fresh(alert).state, fresh(alert).outcome) == ("final", "violation")


def test_how_things_stand_lapses_once_it_is_put_right(car):
    with system_scope("tests").activate():
        Vehicle.objects.update(inspection_to=timezone.localdate() - timedelta(days=2), title_holder="某某公司")
    assert sorted((a.code, a.colour) for a in look()) == [("11", "2"), ("14", "3"), ("15", "3")][::2]
    with system_scope("tests").activate():
        Vehicle.objects.update(inspection_to=timezone.localdate() + timedelta(days=300))
    actor = system_actor("vehicles.watch")
    with actor.scope.activate():
        assert lapse(actor) == 1
        assert set(Alert.objects.values_list("code", "state", "outcome")) == {
            ("11", "final", "lapsed"),
            ("15", "open", ""),
        }


def test_facts_of_the_track_become_warnings_once(standards, car):  # noqa: F811
    """Repeated ones grow red, and what they add up to is a score whose parts are shown."""
    fence = stored(Fence, standards.organ(UNIT), name="停车场", area="home", shape={"circle": [119.27, 28.59, 500]})
    at = timezone.localtime().replace(hour=23, minute=5, second=0, microsecond=0) - timedelta(days=2)

    def fact(kind, when, **figures):
        return {
            "vehicle": str(car.pk),
            "kind": kind,
            "at": when.isoformat(),
            "place": [119.27, 28.59],
            "subject": str(fence.pk),
            "figures": figures,
        }

    facts = [
        fact("left_home_without_order", at, metres=320), fact("moved_at_night", at, kmh=40),
        *(fact("speeding", at + timedelta(minutes=n), kmh=128) for n in range(3)), fact("fence_left", at), fact("unheard_of", at),
    ]  # fmt: skip
    actor = system_actor("vehicles.watch")
    with actor.scope.activate():
        made = take_facts(facts, actor=actor)
        assert take_facts(facts, actor=actor) == []
        Fence.objects.update(area="region")
        outside = take_facts([fact("fence_left", at)], actor=actor)
    assert sorted((a.code, a.colour) for a in made) == [("01", "3"), ("05", "3"), ("07", "2"), ("07", "2"), ("07", "3")]
    assert [a.code for a in outside] == ["04"]
    [private] = [a for a in look() if a.code == "20"]
    assert private.score == 50
    assert {p["part"]: p["points"] for p in private.evidence["points"]} == {"no_order": 30, "night": 20}


def test_the_public_reports_to_the_authority(standards, car):  # noqa: F811
    """No account; masked plate; the unit does not see who reported; the photograph goes through the checks of files."""
    issue_marks([car], actor=standards.actor(UNIT, "clerk"))
    with system_scope("tests").activate():
        mark = Mark.objects.get(vehicle=car)
    client, page = Client(), f"/vehicles/mark/{mark.token}/"
    shown = client.get(page).content.decode()
    assert "甲县第1小学" in shown
    assert "浙K" in shown and "浙K0A123" not in shown and car.vin not in shown
    assert client.get("/vehicles/mark/nothing/").status_code == 404

    picture = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00" + b"\x00" * 64 + b"\xff\xd9"
    told = {
        "seen_at": f"{timezone.localtime() - timedelta(hours=3):%Y-%m-%dT%H:%M}", "place": "超市门口", "what": "周末停在超市门口搬东西",
        "contact": "13957812345", "ticket": "t1",
    }  # fmt: skip
    photo = SimpleUploadedFile("a.jpg", picture, "image/jpeg")
    assert client.post(page, told | {"photo": photo}).status_code == 302
    assert client.post(page, told).status_code == 302  # the same ticket twice is one report
    assert client.post(page, told | {"ticket": "t2", "website": "x"}).status_code == 302  # a program
    assert client.post(page, told | {"ticket": "t3", "what": ""}).status_code == 422
    with system_scope("tests").activate():
        [tip] = Tip.objects.all()
        assert Attachment.objects.filter(target_id=tip.pk).count() == 1
    assert tip.path == OFFICE
    assert tip.contact.startswith("sm4:")
    unit, office = standards.actor(UNIT, "clerk", "business_admin"), standards.actor(OFFICE, "reviewer", at="33/11/23/")
    with unit.scope.activate():
        assert not Tip.objects.exists()
    take_tips([tip], actor=office, note="请单位说明")
    deliver_all()
    with unit.scope.activate():
        [alert] = Alert.objects.filter(code="21")
    assert "13957812345" not in str(alert.evidence)

    issue_marks([car], actor=standards.actor(UNIT, "clerk"))  # a new one voids the old
    assert client.get(page).status_code == 404


def test_reports_are_filled_from_the_registers(standards, run):  # noqa: F811
    """Quarter and year cell by cell; their part of operating cost in 10,000 yuan; who reports is who holds a vehicle."""
    unit, today = standards.organ(UNIT), timezone.localdate()
    stored(
        Refuel,
        unit,
        vehicle=run.vehicle,
        day=timezone.localdate(run.out_at),
        quantity=Decimal("3.2"),
        amount=Decimal(12_345),
    )
    look()
    quarter = Period.containing(timezone.localdate(run.out_at), PeriodKind.QUARTER)
    with standards.actor(UNIT, "clerk").scope.activate():
        known = offers.quarter(unit.pk, quarter)
        year = offers.year(unit.pk, Period.full_year(quarter.year))
        cost = offers.operating_cost(unit.pk, quarter)
        assert offers.quarter(standards.organ("33/11/22/0/u1/").pk, quarter) == {}
    asked_for = {name: {c.code for c in load(yaml.safe_load(file.read_text())).inputs} for name, file in FORMS.items()}
    assert set(known) == asked_for["vehicles_quarterly"]
    assert asked_for["vehicles_yearly"] - set(year) == {"subsidised", "subsidy"}  # typed in
    assert {name: known[name] for name in ("held", "over", "runs", "km", "litres", "energy", "warnings", "handled")} == {
        "held": 1, "over": 1, "runs": 1, "km": 40, "litres": Decimal("3.2"), "energy": 12_345, "warnings": 1, "handled": 0,
    }  # fmt: skip
    assert (year["u5_held"], year["u5_over"], year["u1_held"], year["energy"]) == (1, 1, 0, 12_345)
    assert cost["car_now"] == Decimal("1.23")
    with system_scope("tests").activate():
        asked = offers.asked(type(unit).objects.all(), Period.containing(today, PeriodKind.QUARTER))
        assert [o.path for o in asked] == [UNIT]


def test_a_cockpit_shows_the_numbers_of_the_form_that_is_looked_at():
    assert headlines_of("vehicles-quarterly")[:5] == (
        "vehicles.held", "vehicles.quota", "vehicles.over", "vehicles.new_energy_share", "vehicles.cost_per_vehicle",
    )  # fmt: skip
    assert ranked_of("vehicles-quarterly") == "vehicles.cost_per_vehicle"
    assert (headlines_of("energy-quarterly")[0], ranked_of("energy-quarterly")) == ("energy.total", "energy.per_head")


def test_pages_lead_from_a_warning_to_its_end(standards, run):  # noqa: F811
    """The unit explains on the page; the supervisor finds it in the overview and decides there."""
    [alert] = look()
    unit, office = Client(), Client()
    unit.force_login(standards.account(UNIT, "clerk"))
    office.force_login(standards.account(OFFICE, "reviewer", at="33/11/23/"))
    url = f"/vehicles/watch/{alert.pk}/"
    page = unit.get(url).content.decode()
    assert "VEH-OVERDUE-MINUTES" in page
    assert 'name="violation"' not in page  # the unit has no say in it
    assert unit.post(f"{url}decide/", {"violation": "none", "text": "没有"}).status_code == 404
    assert unit.post(f"{url}explain/", {"text": "短"}).status_code == 422
    assert unit.post(f"{url}explain/", {"text": "高速事故绕行"}).status_code == 302
    overview = office.get("/vehicles/watch/").content.decode()
    assert url in overview
    assert office.post(f"{url}decide/", {"violation": "none", "text": "有交警证明"}).status_code == 302
    assert url not in office.get("/vehicles/watch/").content.decode()
    said = unit.get(url).content.decode()
    assert "高速事故绕行" in said
    assert "有交警证明" in said
