"""From the air into the database: positions stored once, seen by those who supervise, judged, sealed, looked at with a reason."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path

import psycopg
import pytest
from django.db import connection, connections

from shuzheng.apps.vehicles import sealing, watch
from shuzheng.apps.vehicles.actions.tracks import look_at_tracks, reopen_terminals
from shuzheng.apps.vehicles.gateway import store
from shuzheng.apps.vehicles.gateway.journal import Journal
from shuzheng.apps.vehicles.gateway.server import Server, line_of
from shuzheng.apps.vehicles.gateway.terminals import Directory
from shuzheng.apps.vehicles.models import Intake, Place, Position, Run, Terminal, TrackAccess, TrackDay, VehicleState
from shuzheng.apps.vehicles.pages import tracking
from shuzheng.base.audit.models import Entry
from shuzheng.base.core.actor import system_actor
from shuzheng.base.core.keys import KeyTrouble
from shuzheng.base.core.scope import system_scope
from shuzheng.base.events.models import Event
from shuzheng.base.notify import live
from shuzheng.kernel.errors import Denied, Invalid
from shuzheng.protocols.jt808 import Location
from shuzheng.protocols.jt808 import messages as m
from shuzheng.protocols.jt808.simulator import Terminal as Simulated
from shuzheng.protocols.jt808.simulator import drive
from tests.apps.vehicles.tracked import MONDAY, add_fence, add_run, add_terminal, add_vehicle, location, north, put
from tests.factories import actor_of
from tests.forms.conftest import standards  # noqa: F401 -- a fixture

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

HERE, BESIDE = "33/11/23/0/u1/", "33/11/23/0/u2/"
GOA = "33/11/23/0/goa/"


def told() -> list[tuple[str, str]]:
    """Facts that were published, in order."""
    with system_scope("tests").activate():
        rows = Event.objects.filter(name="vehicles.track.fact").order_by("id").values_list("payload", flat=True)
        return [(fact["kind"], fact["subject"]) for row in rows for fact in row["facts"]]


def test_a_position_is_there_once_and_seen_by_those_who_supervise(nation) -> None:
    here, beside = (add_vehicle(nation.organ(path), n) for n, path in enumerate((HERE, BESIDE), 1))
    put(here.pk, location(0, 0), location(1, 400, 30))
    put(here.pk, location(1, 400, 30), location(2, 800, 40), location(0.5, 100, 20))
    put(beside.pk, location(0, 0))
    for path, count in ((HERE, 4), (BESIDE, 1), (GOA, 5), ("32/0/goa/", 0)):
        actor = nation.actor(path, "leader", at=path if path != GOA else "33/11/23/")
        with actor.scope.activate():
            assert (Position.objects.count(), Place.objects.count()) == (count, {4: 1, 1: 1, 5: 2, 0: 0}[count])
    with system_scope("tests").activate():
        place = Place.objects.get(vehicle=here)
        assert (place.lat, place.speed, place.at) == (round(north(800)[1] * 1e6), 400, MONDAY + timedelta(minutes=2))
        with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.cursor() as cursor:
            try:
                cursor.execute("SAVEPOINT s")
                cursor.connection.execute("SELECT * FROM vehicles_position_05")
            finally:
                cursor.connection.execute("ROLLBACK TO SAVEPOINT s")


def test_what_was_stored_is_judged_once_and_told(standards) -> None:  # noqa: F811
    car, other = add_vehicle(standards.organ(HERE), 1), add_vehicle(standards.organ(BESIDE), 2)
    park = add_fence(standards.organ(GOA), "景区", "sensitive", {"circle": [*north(5_000), 300]})
    # The county's authority drew the first, for all of the county; the neighbour the second, for itself.
    add_fence(standards.organ(BESIDE), "别家的", "forbidden", {"circle": [*north(5_000), 300]})
    stay = [location(minute, 5_000) for minute in (10, 20, 30, 45)]
    put(car.pk, location(0, 0), location(2, 200, 30), location(5, 3_000, 60), *stay)
    put(other.pk, location(0, 0), location(2, 10, 2))
    assert watch.step() == 2 and watch.step() == 0
    assert told() == [
        ("left_home_without_order", ""),
        ("fence_entered", str(park.pk)),
        ("long_stop_at_sensitive_place", str(park.pk)),
    ]
    with system_scope("tests").activate():
        assert Intake.objects.count() == 0 and Place.objects.get(vehicle=car).watched["at"] is not None
    # A blind area's upload from before is judged by itself, and what was known stays known.
    put(car.pk, location(-90, 0, day=MONDAY), location(-80, 900, 140), location(-79, 2_500, 140), late=True)
    watch.step()
    assert told()[3:] == [("left_home_without_order", ""), ("speeding", "")]


def test_an_order_is_an_answer_and_a_lock_is_a_lock(standards, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    node = standards.organ(HERE)
    car, locked = add_vehicle(node, 1), add_vehicle(node, 2)
    add_run(car, _driver(standards, node), MONDAY, MONDAY + timedelta(hours=2), state=Run.State.ACCEPTED)
    with system_scope("tests").activate():
        locked.state = VehicleState.LOCKED
        locked.save()
    for vehicle in (car, locked):
        put(vehicle.pk, location(1, 0), location(5, 900, 40))
    watch.step()
    assert sorted(told()) == [("left_home_without_order", ""), ("moved_while_locked", "")]


def _driver(nation, node):
    from shuzheng.apps.vehicles.models import Driver
    from shuzheng.base.accounts.models import Person

    account = nation.account(HERE, "driver")
    with system_scope("tests").activate():
        driver = Driver(
            person=Person.objects.get(pk=account.person_id), licence_class="C1", licence_to=date(2030, 1, 1)
        )
        driver.own(node)
        driver.save(force_insert=True)
    return driver


def test_a_day_that_is_over_is_sealed_measured_and_ages_out(standards) -> None:  # noqa: F811
    node = standards.organ(HERE)
    car = add_vehicle(node, 1)
    actor = system_actor("vehicles.intake")
    run = add_run(
        car, _driver(standards, node), MONDAY, MONDAY + timedelta(hours=1), state=Run.State.BACK,
        out_at=MONDAY, back_at=MONDAY + timedelta(hours=1), odometer_out=0, odometer_in=4,
    )  # fmt: skip
    drift = [location(n / 2, n % 2 * 8) for n in range(10)]  # standing, it goes nowhere
    put(car.pk, *drift, *(location(10 + n, 500 * n, 30) for n in range(8)), location(30, 90_000, 30))
    assert sealing.seal_all(actor, MONDAY.date()) == 0  # the day still runs
    assert sealing.seal_all(actor, MONDAY.date() + timedelta(days=1)) == 1
    with system_scope("tests").activate():
        day = TrackDay.objects.get()
        assert Position.objects.count() == 0
        assert (day.count, day.path, abs(day.metres - 3_500) < 15) == (19, HERE, True)  # the leap is no distance
        assert day.sealed.startswith("sm4:") and str(car.pk) not in day.sealed
        assert Run.objects.get(pk=run.pk).track_km == pytest.approx(3.5, abs=0.1)
        before = sealing.read(car.pk, MONDAY.date())
    put(car.pk, location(60, 3_500), location(10, 0, 30), late=True)  # sent afterwards; one of them is there already
    sealing.seal_all(actor, MONDAY.date() + timedelta(days=1))
    with system_scope("tests").activate():
        points = sealing.read(car.pk, MONDAY.date())
        assert [p for p in points if p in before] == before and len(points) == 20
        assert (points[0].time, points[0].place) == (MONDAY, pytest.approx(north(0), abs=1e-6))
        assert sealing.age(MONDAY.date() + timedelta(days=180)) == 0
        assert sealing.age(MONDAY.date() + timedelta(days=181)) == 1
        day.sealed = day.sealed[:-6] + "AAAAA="
        with pytest.raises(KeyTrouble):
            sealing.unseal(day.sealed)


def test_looking_at_a_track_needs_a_reason_and_is_noted(nation) -> None:
    car, day = add_vehicle(nation.organ(HERE), 1), MONDAY.date()
    leader, staff = nation.actor(HERE, "leader"), nation.actor(HERE, "staff")
    asked = {"vehicle": car, "since": day, "until": day}
    for why in ("", "  看 "):
        with pytest.raises(Invalid):
            look_at_tracks([nation.organ(HERE)], actor=leader, why=why, **asked)
    with pytest.raises(Invalid):
        look_at_tracks(
            [nation.organ(HERE)], actor=leader, why="核对油耗", vehicle=car, since=day, until=day + timedelta(days=31)
        )
    with pytest.raises(Denied):
        look_at_tracks([nation.organ(HERE)], actor=staff, why="核对油耗", **asked)
    look_at_tracks([nation.organ(HERE)], actor=leader, why="核对油耗", **asked)
    with system_scope("tests").activate():
        look = TrackAccess.objects.get()
        assert (look.why, look.by, look.post) == ("核对油耗", leader.name, leader.id)
        assert Entry.objects.filter(action="vehicles.track.look").count() == 1


def test_a_terminal_registers_once_and_again_only_when_a_keeper_says_so(nation) -> None:
    car = add_vehicle(nation.organ(HERE), 1)
    terminal = add_terminal(car, "13900000001")
    said = m.Registration(33, 1100, "MAKER", "MODEL", "T1", 1, car.plate)
    door = Directory()
    assert door.register("13900000002", said) == (m.NO_TERMINAL, "")
    assert (
        door.register("13900000001", m.Registration(33, 1100, "MAKER", "MODEL", "T1", 1, "浙A11111"))[0] == m.NO_VEHICLE
    )
    result, code = door.register("13900000001", said)
    assert result == m.REGISTERED and len(code) == 16
    assert door.register("13900000001", said) == (m.TERMINAL_TAKEN, "")
    known = door.authenticate("13900000001", code)
    assert known is not None and known.vehicle == car.pk and door.admits("13900000001", known)
    assert Directory().authenticate("13900000001", code) == known  # another process reads the register
    assert Directory().authenticate("13900000001", "guess") is None
    with system_scope("tests").activate():
        row = Terminal.objects.get(pk=terminal.pk)
        assert code not in (row.code_hash, "") and (row.device, row.maker) == ("T1", "MAKER")
        assert not Entry.objects.filter(after__code_hash=row.code_hash).exists()
    reopen_terminals([row], actor=nation.actor(HERE, "clerk"))
    door.refresh()
    assert not door.admits("13900000001", known)
    assert door.register("13900000001", said)[0] == m.REGISTERED


def test_positions_come_in_over_https_with_the_terminals_own_key(nation, client) -> None:
    car = add_vehicle(nation.organ(HERE), 1)
    add_terminal(car, "13900000009")
    _, code = Directory().register("13900000009", m.Registration(33, 1100, "M", "M", "T", 1, car.plate))
    batch = {
        "positions": [
            {"at": "2026-11-23T09:00:00+08:00", "lon": 119.922, "lat": 28.467, "speed_kmh": 36.5, "mileage": 12.3}
        ]
        * 2
    }

    def send(key: str, body: object = batch):
        return client.post(
            "/api/v1/vehicles/positions",
            body,
            content_type="application/json",
            headers={"Authorization": f"Bearer {key}"},
        )

    answer = send(f"13900000009:{code}")
    assert (answer.status_code, answer.json()["taken"]) == (200, 2)
    with system_scope("tests").activate():
        row = Position.objects.get()
        assert (row.vehicle_id, row.lon, row.speed, row.mileage) == (car.pk, 119_922_000, 365, 123)
    # A refusal rolls back whatever goes on: here all of the test, so they come last.
    assert send("13900000009:guess").status_code == 401 and send("nonsense").status_code == 401
    assert (
        send(f"13900000009:{code}", {"positions": [{"at": "2026-11-23T09:00:00", "lon": 1, "lat": 1}]}).status_code
        == 422
    )
    assert client.get("/api/v1/vehicles", headers={"Authorization": f"Bearer 13900000009:{code}"}).status_code == 401


def test_the_map_shows_who_is_in_sight_and_a_track_only_for_a_reason(standards, client) -> None:  # noqa: F811
    car, beside = add_vehicle(standards.organ(HERE), 1), add_vehicle(standards.organ(BESIDE), 2)
    for vehicle in (car, beside):
        put(vehicle.pk, location(0, 0), location(1, 400, 30), location(2, 800, 0), location(9, 800, 0))
    client.force_login(standards.account(HERE, "leader"))
    page = client.get("/vehicles/map/").content.decode()
    assert car.plate in page and beside.plate not in page
    told = client.get("/vehicles/map/places?since=0").json()
    assert [row[1] for row in told["cars"]] == [car.plate]
    assert client.get(f"/vehicles/map/places?since={told['at'] + 60_000}").json()["cars"] == []
    assert client.get("/vehicles/map/places?since=x'").status_code == 200

    url = f"/vehicles/tracks/{car.pk}/2026-11-23/"
    asked = client.get(url).content.decode()
    assert "个人信息保护法" in asked and "119.92" not in asked
    assert client.post(url, {"why": "看"}).status_code == 422
    assert client.post(url, {"why": "核对里程"}).status_code == 302
    shown = client.get(url)
    assert shown.context["km"] == pytest.approx(0.8, abs=0.01)
    assert {step[1] for step in shown.context["data"]["track"]} == {119.92} and shown.context["stops"] == []
    client.force_login(standards.account(HERE, "business_admin"))
    assert "个人信息保护法" in client.get(url).content.decode()  # another's reason opens nothing
    client.post(url, {"why": "处理投诉"})
    full = client.get(url)
    assert {step[1] for step in full.context["data"]["track"]} == {119.922} and [
        s["minutes"] for s in full.context["stops"]
    ] == [7]
    assert client.get(f"/vehicles/tracks/{beside.pk}/2026-11-23/").status_code == 404
    assert client.get(f"/vehicles/tracks/{car.pk}/2026-13-99/").status_code == 404
    with system_scope("tests").activate():
        assert sorted(TrackAccess.objects.values_list("why", flat=True)) == ["处理投诉", "核对里程"]


async def _route() -> AsyncIterator[Location]:
    for n in range(200):
        yield location(n / 60, n * 10, 36)
        await asyncio.sleep(0.002)


@pytest.mark.django_db(transaction=True)
def test_while_the_database_is_away_positions_wait_and_none_is_lost_or_double(
    nation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    car = add_vehicle(nation.organ(HERE), 1)
    add_terminal(car, "13900000001")
    journal, over, connect = Journal(tmp_path), threading.Event(), store.connect
    fails = iter([True, False, True, True])
    opened: list[psycopg.Connection] = []

    def sometimes() -> psycopg.Connection:
        if next(fails, False):
            raise psycopg.OperationalError("away")
        opened.append(connect())
        return opened[-1]

    stored = journal.stored

    def killed(place) -> None:
        if len(opened) == 1:  # it was stored, but the note of it is lost: all is read again
            opened[0].close()
            return
        stored(place)

    monkeypatch.setattr(store, "connect", sometimes)
    monkeypatch.setattr(journal, "stored", killed)
    monkeypatch.setattr(store, "PATIENCE", 0.05)
    forwarding = threading.Thread(target=store.forward, args=(journal, over))
    forwarding.start()

    async def run() -> None:
        server = Server(Directory(), journal, asked=connections.close_all)
        port: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        running = asyncio.create_task(server.run("127.0.0.1", 0, ready=port.set_result))
        await asyncio.wait_for(drive(Simulated("13900000001", car.plate), "127.0.0.1", await port, _route()), 20)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(run())
    over.set()
    journal.news.set()
    forwarding.join(20)
    connections.close_all()
    with system_scope("tests").activate():
        assert Position.objects.count() == 200 and journal.waiting == 0 and len(opened) >= 2


@pytest.mark.django_db(transaction=True)
def test_an_open_map_hears_of_the_vehicles_in_sight_that_move(nation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracking.Moves, "rest", 0.2)
    here, beside = (add_vehicle(nation.organ(path), n) for n, path in enumerate((HERE, BESIDE), 1))
    mine, staff = nation.account(HERE, "leader"), nation.account(HERE, "staff")

    seeing, blind = (tracking.Moves(one.pk, actor_of(one).id, "", "zh-hans") for one in (mine, staff))

    def move(vehicle, *places: Location) -> None:
        with store.connect() as raw:
            received = MONDAY.timestamp() + 999
            store.store(raw, b"".join(line_of(vehicle.pk, place, received, False) or b"" for place in places))

    async def said(stream, seconds: float = 10) -> list[str]:
        chunk = await asyncio.wait_for(anext(stream), seconds)
        return [car[1] for car in json.loads(chunk.decode().removeprefix("data: "))["cars"]]

    async def listen() -> None:
        refused = live.stream(blind)
        with pytest.raises(StopAsyncIteration):  # not for those who may not see the map
            await anext(refused)
        stream = live.stream(seeing)
        first = asyncio.create_task(said(stream))
        await asyncio.wait_for(live.hub(store.MOVED).listening.wait(), 10)
        await asyncio.to_thread(move, beside, location(0, 0))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.shield(first), 0.6)
        await asyncio.to_thread(move, here, location(0, 0), location(1, 400, 30))
        assert await first == [here.plate]
        await asyncio.to_thread(move, here, location(2, 800, 30))
        await asyncio.to_thread(move, here, location(3, 900, 30))
        assert await said(stream) == [here.plate]  # both at once
        await stream.aclose()

    asyncio.run(listen())
    connections.close_all()
