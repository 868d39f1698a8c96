"""Tracks: the gateway against a bare echo and COPY, a year's playback of a vehicle, fences against shapely."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from datetime import date, timedelta
from math import cos, pi, sin
from pathlib import Path
from random import Random
from typing import Any

from django.db import connections

from bench import house, terminals
from bench.measure import Result, timed
from bench.reference import echo, fences
from shuzheng.apps.vehicles import sealing
from shuzheng.apps.vehicles.gateway import store
from shuzheng.apps.vehicles.gateway.journal import Journal
from shuzheng.apps.vehicles.gateway.server import Server, line_of
from shuzheng.apps.vehicles.gateway.terminals import Directory, digest
from shuzheng.apps.vehicles.models import Position, Terminal, TrackDay, Vehicle
from shuzheng.apps.vehicles.watching import Area, Areas
from shuzheng.base.core.bulk import insert_many
from shuzheng.base.core.scope import system_scope
from shuzheng.base.org.models import Node, NodeKind
from shuzheng.protocols.jt808 import decode, unpack

TERMINALS, EACH = 1_000, 60
ROUNDS = 3
BAR = 2.0
"""At least half the messages a second: at most twice the time."""
POINTS = 960
"""Of a day: eight hours, one each thirty seconds."""
PLACES, FENCES = 100_000, 1_000


def fleet(number: int) -> list[Vehicle]:
    """Vehicles with terminals whose codes ``bench.terminals`` knows."""
    with system_scope("demo.load").activate():
        node = Node.objects.filter(kind=NodeKind.ORGAN).order_by("path").first()
        assert node is not None
        known = Vehicle.objects.filter(plate__startswith="测G").order_by("plate")
        if known.count() < number:
            made, sims = [], []
            for n in range(known.count(), number):
                vehicle = Vehicle(
                    plate=f"测G{n:05}", vin=f"LBENCH00000{n:06}", body="1", brand="bench", seats=5, fuel="1", price=1,
                    registered_on=date(2024, 1, 1), title_holder="bench", use="5",
                )  # fmt: skip
                vehicle.own(node)
                made.append(vehicle)
                sim = Terminal(vehicle=vehicle, number=terminals.phone(n), code_hash=digest(terminals.code(n)))
                sim.own(node)
                sims.append(sim)
            insert_many(made)
            insert_many(sims)
        return list(known[:number])


def lines_of(cars: list[Vehicle], each: int) -> bytes:
    """What the gateway makes of the frames, for the bare COPY."""
    found = []
    for n, car in enumerate(cars):
        for raw in terminals.frames(n, each):
            report: Any = decode(unpack(raw))
            found.append(line_of(car.pk, report.location, time.time(), False) or b"")
    return b"".join(found)


def answered(
    serve: Callable[[Callable[[int], None]], Coroutine[Any, Any, None]], number: int, each: int, login: bool
) -> float:
    """Seconds in which a server answers all frames of ``number`` terminals in another process."""

    async def run() -> float:
        port: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        serving = asyncio.create_task(serve(port.set_result))
        words = [
            sys.executable,
            "-m",
            "bench.terminals",
            str(await port),
            str(number),
            str(each),
            *(["LOGIN"] if login else []),
        ]
        client = await asyncio.create_subprocess_exec(*words, cwd=house.ROOT, stdout=subprocess.PIPE)
        said, _ = await client.communicate()
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
        return float(said)

    return asyncio.run(run())


def gateway(cars: list[Vehicle], each: int) -> tuple[float, float]:
    """Seconds until all positions are acknowledged, and until all are in the database."""
    with tempfile.TemporaryDirectory(dir=os.environ["SZ_DATA"]) as folder:
        journal, over = Journal(Path(folder)), threading.Event()
        storing = threading.Thread(target=store.forward, args=(journal, over))
        storing.start()
        server: list[Server] = []

        async def serve(ready: Callable[[int], None]) -> None:
            server.append(Server(Directory(), journal, asked=connections.close_all))
            await server[0].run("127.0.0.1", 0, ready=ready)

        taken = answered(serve, len(cars), each, True)
        begin = time.perf_counter()
        over.set()
        journal.news.set()
        storing.join()
        if journal.waiting:
            raise AssertionError("positions were left in the journal")
        return taken, taken + time.perf_counter() - begin


def emptied(cars: list[Vehicle]) -> int:
    """Remove what was stored, and say how much it was."""
    with system_scope("demo.load").activate():
        return Position.objects.filter(vehicle_id__in=[car.pk for car in cars]).delete()[0]


def throughput() -> Result:
    cars, number = fleet(TERMINALS), TERMINALS * EACH
    lines = lines_of(cars, EACH)
    ours, bare = [], []
    for _ in range(ROUNDS):
        ours.append(gateway(cars, EACH))
        if (stored := emptied(cars)) != number:
            raise AssertionError(f"{stored} of {number} positions were stored")
        copied = timed(lambda: echo.copy(os.environ["DATABASE_OWNER_URL"], lines))
        bare.append(answered(echo.serve, TERMINALS, EACH, False) + copied)
    (heard, best), reference = min(ours, key=lambda taken: taken[1]), min(bare)
    how = (
        f"{number:,} positions of {TERMINALS} terminals acknowledged from the journal ({number / heard:,.0f} a second) and stored, {number / best:,.0f}"
        f" a second in one process; a bare echo of the same frames, then COPY of the same rows: {number / reference:,.0f} a second"
    )
    return Result("gateway: messages stored", best, how, reference=reference, bar=BAR)


def playback() -> Result:
    """A vehicle's year, unsealed day by day as the page does."""
    [car] = fleet(1)
    random, first = Random(1), date(2025, 1, 1)
    rows = []
    for n in range(365):
        at = int(sealing.bounds(first + timedelta(days=n))[0].timestamp()) + 8 * 3600
        points = [
            sealing.Point(
                at + 30 * k,
                119_922_000 + k * 300 + random.randint(0, 50),
                28_467_000 + k * 40,
                420,
                90,
                60,
                100_000 + k,
            )
            for k in range(POINTS)
        ]
        rows.append(
            TrackDay(
                vehicle=car,
                node_id=car.node_id,
                path=car.path,
                day=first + timedelta(days=n),
                count=POINTS,
                metres=0,
                begins_at=points[0].time,
                ends_at=points[-1].time,
                sealed=sealing.seal(points),
            )  # fmt: skip
        )
    with system_scope("demo.load").activate():
        TrackDay.objects.filter(vehicle=car).delete()
        insert_many(rows)

        def year() -> None:
            for n in range(365):
                if len(sealing.read(car.pk, first + timedelta(days=n))) != POINTS:
                    raise AssertionError("points are missing")

        taken = timed(year)
    return Result(
        "tracks: playback of a vehicle-year", taken, f"365 days of {POINTS} points, each read, decrypted and unpacked"
    )


def areas() -> Result:
    random = Random(2)
    rings = []
    for _ in range(FENCES):
        lon, lat, size, corners = (
            random.uniform(118, 122),
            random.uniform(27, 31),
            random.uniform(0.002, 0.03),
            random.randint(4, 24),
        )
        turns = [2 * pi * k / corners for k in range(corners)]
        rings.append(
            [
                (lon + size * sin(turn) * random.uniform(0.6, 1), lat + size * cos(turn) * random.uniform(0.6, 1))
                for turn in turns
            ]
        )
    places = [(random.uniform(118, 122), random.uniform(27, 31)) for _ in range(PLACES)]
    ours = Areas(Area.of(str(n), "region", {"polygon": ring}) for n, ring in enumerate(rings))
    tree = fences.tree_of(rings)
    mine = sum(len(ours.at(place)) for place in places)
    if mine != fences.count_at_once(tree, places):
        raise AssertionError("shapely finds others")
    taken = min(timed(lambda: [ours.at(place) for place in places]) for _ in range(ROUNDS))
    reference = min(timed(lambda: fences.count(tree, places)) for _ in range(ROUNDS))
    at_once = min(timed(lambda: fences.count_at_once(tree, places)) for _ in range(ROUNDS))
    how = (
        f"{PLACES:,} positions against {FENCES:,} polygons, {mine:,} hits, in Python; shapely's STRtree position by position,"
        f" and {at_once * 1000:.0f} ms when all are known at once"
    )
    return Result("fences", taken, how, reference=reference)


def run() -> Iterator[Result]:
    """All of it."""
    yield throughput()
    yield playback()
    yield areas()
