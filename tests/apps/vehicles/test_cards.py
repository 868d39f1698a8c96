"""Drivers' cards (0x0702): kept once, tied to the register of drivers, held against who was sent."""

from __future__ import annotations

import asyncio
import re
import threading
import zlib
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.db import connections

from shuzheng.apps.vehicles.gateway import cards, store
from shuzheng.apps.vehicles.gateway.journal import Journal
from shuzheng.apps.vehicles.gateway.server import AHEAD, Server
from shuzheng.apps.vehicles.gateway.terminals import Directory, digest
from shuzheng.apps.vehicles.models import Alert, CardRead, Driver, Run, Trip, Vehicle
from shuzheng.apps.vehicles.supervision.scan import take_facts
from shuzheng.base.accounts.models import Person
from shuzheng.base.core.actor import system_actor
from shuzheng.base.core.scope import system_scope
from shuzheng.base.events.models import Event
from shuzheng.protocols.jt808 import messages as m
from shuzheng.protocols.jt808.frames import Edition, Frames, unpack
from tests.apps.vehicles.tracked import MONDAY, add_run, add_terminal, add_vehicle, location, put
from tests.forms.conftest import standards  # noqa: F401 -- a fixture

pytestmark = pytest.mark.django_db
HERE = "33/11/23/0/u1/"
LI, WANG = "332529198001011234", "33250019850505432X"


def driver(nation, name: str, certificate: str) -> Driver:
    account = nation.account(HERE, "driver", name=name)
    with system_scope("tests").activate():
        row = Driver(person=Person.objects.get(pk=account.person_id), licence_class="C1", licence_to=date(2030, 1, 1),
                     certificate=certificate)  # fmt: skip
        row.own(nation.organ(HERE))
        row.save(force_insert=True)
    return row


def card(
    minute: float, certificate: str = LI, name: str = "老李", state: int = m.CARD_IN, result: int = 0
) -> m.DriverIdentity:
    at = MONDAY + timedelta(minutes=minute)
    if state != m.CARD_IN:
        return m.DriverIdentity(state, at)
    return m.DriverIdentity(state, at, result, name, certificate, "浙江", date(2030, 1, 1), "不收")


def noted(vehicle: Vehicle, *said: m.DriverIdentity) -> None:
    """As the gateway does: a line of the journal each, and from there into the database."""
    received = MONDAY.timestamp() + 36_000
    lines = b"".join(cards.line_of(vehicle.pk, one, received, AHEAD) for one in said)
    positions, found = cards.parted(lines)
    assert positions == b"" and "不收".encode() not in lines and b"\\u4e0d" not in lines
    cards.note(found, system_actor(store.SCOPE))


def opened(pdf: bytes) -> bytes:
    """All that stands in a PDF, uncompressed."""
    pieces = (piece.partition(b"endstream")[0] for piece in re.split(rb"stream\r?\n", pdf)[1:])
    return pdf + b"".join(zlib.decompressobj().decompress(piece) for piece in pieces if piece[:1] == b"x")


def reads() -> list[CardRead]:
    with system_scope("tests").activate():
        return list(CardRead.objects.select_related("driver__person", "run").order_by("at", "way"))


def test_a_card_is_kept_once_and_says_who_drives(standards) -> None:  # noqa: F811
    car = add_vehicle(standards.organ(HERE), 1)
    li = driver(standards, "老李", LI)
    run = add_run(car, li, MONDAY, MONDAY + timedelta(hours=2), state=Run.State.ACCEPTED)
    noted(car, card(-10), card(90, state=m.CARD_OUT), card(95, result=3))
    noted(car, card(-10), card(90, state=m.CARD_OUT))
    first, out, failed = reads()
    assert (first.driver, first.run, first.differs, first.who) == (li, run, False, "老李")
    assert (out.way, out.driver, out.result) == (CardRead.Way.OUT, None, None) and failed.result == 3
    assert first.certificate.startswith("sm4:") and first.node_id == car.node_id
    with system_scope("tests").activate():
        assert not Event.objects.filter(name="vehicles.track.fact").exists()


def test_another_driver_than_was_sent_is_a_warning(standards, client) -> None:  # noqa: F811
    car = add_vehicle(standards.organ(HERE), 1)
    li, _wang = driver(standards, "老李", LI), driver(standards, "老王", WANG)
    run = add_run(car, li, MONDAY, MONDAY + timedelta(hours=2), state=Run.State.OUT, out_at=MONDAY)
    noted(car, card(5, WANG.lower(), "王某"), card(9, "330000000000000000", "外人"))
    assert [(read.who, read.differs) for read in reads()] == [("老王", True), ("外人", True)]
    with system_scope("tests").activate():
        facts = [f for e in Event.objects.filter(name="vehicles.track.fact") for f in e.payload["facts"]]
    assert [(f["kind"], f["subject"], f["words"]["card_driver"]) for f in facts] == [
        ("other_driver", str(run.pk), "老王"), ("other_driver", str(run.pk), "外人"),
    ]  # fmt: skip
    actor = system_actor("vehicles.watch")
    with actor.scope.activate():
        raised = take_facts([*facts, facts[0]], actor=actor)
        assert [(a.code, a.run_id) for a in raised] == [("22", run.pk)] * 2 and Alert.objects.count() == 2
        told = {item["what"]: item["value"] for item in raised[0].evidence["facts"]}
        assert (told["card_driver"], told["order_driver"]) == ("老王", "老李")

    put(car.pk, location(0, 0), location(1, 400, 30))
    client.force_login(standards.account(HERE, "leader"))
    url = f"/vehicles/tracks/{car.pk}/2026-11-23/"
    client.post(url, {"why": "核对驾驶员"})
    page = client.get(url).content.decode()
    assert "驾驶员刷卡" in page and "外人" in page and page.count("与派车不符") == 2
    with system_scope("tests").activate():
        trip = Trip(
            number="T1", person_id=li.person_id, applicant="甲", passengers="甲", purpose="4", subject="调研", origin="甲", destination="乙",
            begins=run.begins, ends=run.ends, state="05", run=run, car=car.plate, driver_name="老李",
        )  # fmt: skip
        trip.own(standards.organ(HERE))
        trip.save(force_insert=True)
    assert "老王（与派车不符）、外人（与派车不符）" in client.get(f"/vehicles/trips/{trip.pk}/").content.decode()
    sheet = client.get(f"/vehicles/trips/{trip.pk}/sheet.pdf").content
    assert sheet[:5] == b"%PDF-" and f"http://testserver/vehicles/trips/{trip.pk}/".encode() in opened(sheet)


def test_a_number_that_nobody_has_is_no_warning_while_the_assigned_drivers_is_not_known(standards) -> None:  # noqa: F811
    car = add_vehicle(standards.organ(HERE), 1)
    add_run(car, driver(standards, "老李", ""), MONDAY, MONDAY + timedelta(hours=2), state=Run.State.OUT, out_at=MONDAY)
    noted(
        car, card(5), m.DriverIdentity(name="老李", result=0, certificate=LI)
    )  # the latter of 2011, which tells no time
    assert [(read.driver, read.differs) for read in reads()] == [(None, False)] * 2
    assert reads()[1].at == MONDAY + timedelta(hours=10)


@pytest.mark.django_db(transaction=True)
def test_a_terminal_hears_that_its_card_is_kept(standards, tmp_path: Path) -> None:  # noqa: F811
    edition = Edition.Y2013
    car = add_vehicle(standards.organ(HERE), 1)
    add_terminal(car, "13900000001", code_hash=digest("code"), edition=int(edition))
    journal, over, heard = Journal(tmp_path), threading.Event(), list[m.Message]()
    forwarding = threading.Thread(target=store.forward, args=(journal, over))
    forwarding.start()

    async def run() -> None:
        server = Server(Directory(), journal, asked=connections.close_all)
        port: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        running = asyncio.create_task(server.run("127.0.0.1", 0, ready=port.set_result))
        reader, writer = await asyncio.open_connection("127.0.0.1", await port)
        serials, frames = iter(range(9)), Frames()
        for said in (m.Authentication("code"), m.LocationReport(location(1, 0)), card(5)):
            writer.write(m.encode(said, "13900000001", lambda: next(serials), edition)[0])
            while not heard or heard[-1].number != said.id:  # type: ignore[attr-defined]
                heard.extend(m.decode(unpack(raw)) for raw in frames.feed(await asyncio.wait_for(reader.read(999), 10)))
        writer.close()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(run())
    over.set()
    journal.news.set()
    forwarding.join(20)
    connections.close_all()
    assert heard[-1] == m.PlatformReply(2, 0x0702, m.OK) and journal.waiting == 0
    assert [(read.name, read.at) for read in reads()] == [("老李", MONDAY + timedelta(minutes=5))]
