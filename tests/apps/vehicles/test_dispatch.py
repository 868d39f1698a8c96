"""The dispatch board and the right-sizing page: proposed, taken over in part, put by hand, reckoned and exported."""

from __future__ import annotations

import io
import re
from datetime import date, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone
from openpyxl import load_workbook

from shuzheng.apps.vehicles import jobs, proposals, rightsizing
from shuzheng.apps.vehicles.models import Proposal, Run, SizingRun, Trip
from shuzheng.apps.vehicles.pages import dispatch
from shuzheng.base.core.scope import system_scope
from shuzheng.base.jobs.models import JobRun
from tests.apps.vehicles.conftest import COUNTY, Pool, at

pytestmark = pytest.mark.django_db


def client(pool: Pool, name: str) -> Client:
    found = Client()
    found.force_login(pool.accounts[name])
    return found


def tokens(page: str) -> list[str]:
    return re.findall(r'name="take" value="([^"]+)"', page)


def test_a_proposal_says_why_is_taken_over_in_part_and_changes_only_what_nobody_accepted(pool: Pool):
    day = timezone.localdate() + timedelta(days=1)
    place = {
        "origin": "办公楼",
        "stops": [{"name": "办公楼", "lon": 119.27, "lat": 28.59}, {"name": "大柘镇", "lon": 119.15, "lat": 28.52}],
    }
    morning = pool.approved(begins=at(day, 9), ends=at(day, 12), **place)
    alike = pool.approved(begins=at(day, 9), ends=at(day, 12), people=1, **place)
    crowd = pool.approved(begins=at(day, 14), ends=at(day, 16), people=12, planned_km=Decimal(30))
    too_many = pool.approved(begins=at(day, 14), ends=at(day, 16), people=40)
    browser = client(pool, "dispatcher")
    query = f"?day={day}"
    board = browser.get(f"/vehicles/dispatch/{query}")
    assert board.status_code == 200 and len(board.context["day"].waiting) == 4
    # what a row has against a trip is known before anything is dropped on it
    against = board.context["data"]["against"]
    assert (
        against[str(crowd.pk)][str(pool.cars["甲车"].pk)] == "可乘 4 人，要坐 12 人"
        and str(pool.cars["中巴"].pk) not in against[str(crowd.pk)]
    )

    proposed = browser.post(f"/vehicles/dispatch/propose/{query}")
    offers, missing = proposed.context["offers"], proposed.context["missing"]
    by_trip = {trip.pk: offer for offer in offers for trip in offer.trips}
    assert by_trip[morning.pk] is by_trip[alike.pk] and "合乘" in by_trip[morning.pk].reasons
    assert by_trip[crowd.pk].car == "浙K10003" and by_trip[crowd.pk].driver == "老王"
    assert [(trip.pk, why) for trip, why in missing] == [(too_many.pk, "没有 40 座的车，最多 19 座")]
    with system_scope("tests").activate():
        assert not Run.objects.exists()

    browser.post(f"/vehicles/dispatch/accept/{query}", {"take": by_trip[morning.pk].token, "key": "k1"})
    morning, alike, crowd = pool.fresh(morning), pool.fresh(alike), pool.fresh(crowd)
    assert morning.run_id == alike.run_id is not None and (morning.state, crowd.state) == ("04", "03")
    assert {reason["code"] for reason in morning.why} >= {"pooled", "fits"}
    pool.drive(morning, "accept", name=morning.driver_name)
    again = browser.post(f"/vehicles/dispatch/propose/{query}")
    assert [t.pk for o in again.context["offers"] for t in o.trips] == [crowd.pk]
    # a token that somebody made up, or that is old, takes nothing
    browser.post(f"/vehicles/dispatch/accept/{query}", {"take": tokens(again.content.decode())[0] + "x"})
    assert pool.fresh(crowd).state == "03"


def test_a_trip_is_put_on_a_car_or_a_driver_and_refused_in_words(pool: Pool):
    day = timezone.localdate() + timedelta(days=1)
    first, second = (pool.approved(begins=at(day, 9), ends=at(day, 12)) for _ in range(2))
    browser = client(pool, "dispatcher")
    url = f"/vehicles/dispatch/put/?day={day}"
    browser.post(url, {"trip": str(first.pk), "row": str(pool.cars["乙车"].pk)})
    assert pool.fresh(first).car.startswith("浙K10002")
    refused = browser.post(url, {"trip": str(second.pk), "row": str(pool.cars["乙车"].pk)}, follow=True)
    assert "浙K10002 在" in refused.content.decode() and pool.fresh(second).state == "03"
    free = "老王" if pool.fresh(first).driver_name == "老李" else "老李"
    browser.post(f"{url}&by=driver", {"trip": str(second.pk), "row": str(pool.drivers[free].pk)})
    assert pool.fresh(second).driver_name == free
    drivers = browser.get(f"/vehicles/dispatch/?day={day}&by=driver")
    assert {line.name: len(line.runs) for line in drivers.context["lines"]} == {"老李": 1, "老王": 1}
    assert client(pool, "asker").get(f"/vehicles/dispatch/?day={day}").status_code == 403
    assert browser.get("/vehicles/dispatch/?day=gestern").status_code == 404


def test_the_year_is_reckoned_kept_shown_and_exported(pool: Pool):
    year = timezone.localdate().year
    with system_scope("tests").activate():
        for number in range(30):
            begins = at(date(year, 1, 5), 9) + timedelta(days=number // 2)
            run = Run(
                vehicle=pool.cars["甲车" if number % 2 else "乙车"], driver=pool.drivers["老李" if number % 2 else "老王"],
                state=Run.State.BACK, begins=begins, ends=begins + timedelta(hours=2), out_at=begins,
                back_at=begins + timedelta(hours=2), odometer_out=100 * number, odometer_in=100 * number + 40,
            )  # fmt: skip
            run.own(pool.office)
            run.save(force_insert=True)
    browser = client(pool, "dispatcher")
    query = f"?at={COUNTY}&year={year}"
    assert browser.get(f"/vehicles/sizing/{query}").context["answer"] is None
    browser.post(f"/vehicles/sizing/ask/{query}", {"key": "s1"})
    with system_scope("tests").activate():
        row, run = SizingRun.objects.get(), JobRun.objects.get()
    jobs.reckon(run_id=str(run.pk), account_id=str(run.account_id), post_id=str(run.post_id), sizing_id=str(row.pk))
    assert pool.fresh(run).message == "测算完成"
    page = browser.get(f"/vehicles/sizing/{query}")
    answer, sites = page.context["answer"], page.context["sites"]
    assert (answer["journeys"], answer["cars"], answer["bound"], page.context["proven"]) == (
        30,
        2,
        answer["cost"],
        True,
    )
    assert [(have, need) for have, need, _electric in sites[0].cells] == [(2, 2), (0, 0), (1, 0), (0, 0)]
    fate = {car.plate: (car.word, car.why) for car in page.context["cars"]}
    assert fate["浙K10003"][0] == "建议处置" and "只需 0 辆" in fate["浙K10003"][1] and fate["浙K10001"][0] == "保留"
    book = load_workbook(io.BytesIO(browser.get(f"/vehicles/sizing/{row.pk}.xlsx{query}&level=99").content))
    assert [cell.value for cell in book["车辆"]["A"]][1:] == [car.plate for car in page.context["cars"]]
    assert client(pool, "neighbour").get(f"/vehicles/sizing/{row.pk}.xlsx").status_code == 404


def test_hired_cars_count_as_need(pool: Pool):
    trip = pool.approved()
    with system_scope("tests").activate():
        Trip.objects.filter(pk=trip.pk).update(state="93")
        found = list(rightsizing._journeys(COUNTY, timezone.localdate(trip.begins).year))
    assert [(j.site, j.people) for j in found] == [(f"{pool.office.path}|", 2)]


def test_a_car_whose_papers_have_run_out_is_not_proposed(pool: Pool):
    day = timezone.localdate() + timedelta(days=1)
    trip = pool.approved(begins=at(day, 9), ends=at(day, 12), planned_km=Decimal(30))
    with system_scope("tests").activate():
        for car in pool.cars.values():
            car.inspection_to = day if car.plate == "浙K10002" else day - timedelta(days=1)
            car.save()
    proposed = client(pool, "dispatcher").post(f"/vehicles/dispatch/propose/?day={day}")
    assert [(o.car, [t.pk for t in o.trips]) for o in proposed.context["offers"]] == [("浙K10002", [trip.pk])]


def test_a_large_day_is_planned_by_a_job_and_kept_until_it_is_dropped(pool: Pool, monkeypatch):
    """The page says that it is being worked out, then shows the plan less what was settled meanwhile; a colleague sees it, too."""
    monkeypatch.setattr(dispatch, "LARGE", 2)
    monkeypatch.setattr(proposals, "SECONDS", 1.0)
    day = timezone.localdate() + timedelta(days=1)
    trips = [
        pool.approved(begins=at(day, hour), ends=at(day, hour + 1), planned_km=Decimal(30)) for hour in (9, 11, 13)
    ]
    crowd = pool.approved(begins=at(day, 14), ends=at(day, 16), people=40)
    browser, query = client(pool, "dispatcher"), f"?day={day}"

    def ask() -> None:
        asked = browser.post(f"/vehicles/dispatch/propose/{query}", follow=True)
        assert asked.context["plan"] is None and "4 件申请等着排" in asked.content.decode()

    def work() -> JobRun:
        with system_scope("tests").activate():
            row, run = Proposal.objects.get(), JobRun.objects.order_by("created_at").last()
        jobs.propose(
            run_id=str(run.pk), account_id=str(run.account_id), post_id=str(run.post_id), proposal_id=str(row.pk)
        )
        return pool.fresh(run)

    ask()
    polled = browser.get(f"/vehicles/dispatch/proposal/{query}", headers={"HX-Request": "true"})
    assert "4 件申请等着排" in polled.content.decode() and "HX-Refresh" not in polled
    assert work().message == "已排 3 件，1 件没有合适的车"
    assert browser.get(f"/vehicles/dispatch/proposal/{query}", headers={"HX-Request": "true"})["HX-Refresh"] == "true"
    page = browser.get(f"/vehicles/dispatch/{query}")
    assert page.context["plan"].method == "optimised" and page.context["plan"].gap < 0.01
    assert {t.pk for o in page.context["offers"] for t in o.trips} == {t.pk for t in trips}
    assert [(t.pk, why) for t, why in page.context["missing"]] == [(crowd.pk, "没有 40 座的车，最多 19 座")]
    with system_scope("tests").activate():
        assert not Run.objects.exists()

    taken = next(o for o in page.context["offers"] if o.trips[0].pk == trips[0].pk)
    browser.post(f"/vehicles/dispatch/accept/{query}", {"take": taken.token, "key": "k1"})
    assert pool.fresh(trips[0]).state == "04"
    pool.drive(pool.fresh(trips[0]), "accept", name=pool.fresh(trips[0]).driver_name)
    late = pool.approved(begins=at(day, 16), ends=at(day, 17), planned_km=Decimal(30))
    page = browser.get(f"/vehicles/dispatch/{query}")
    assert (page.context["stored"].settled, page.context["stored"].newer) == (1, 1)
    assert late.pk not in {t.pk for o in page.context["offers"] for t in o.trips} and len(page.context["offers"]) == 2

    browser.post(f"/vehicles/dispatch/drop/{query}")
    assert browser.get(f"/vehicles/dispatch/{query}").context["plan"] is None
    with system_scope("tests").activate():
        assert not Proposal.objects.exists()
    ask()
    with system_scope("tests").activate():
        Proposal.objects.update(job_id=uuid4())  # a job that was tidied away
    lost = browser.get(f"/vehicles/dispatch/{query}")
    assert "方案没有排出来" in lost.content.decode()
