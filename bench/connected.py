"""Terminals by the ten thousand, connected at once, with the database killed outright while they report.

The gateway runs as the program runs it; the terminals in processes of their own (``python -m bench.connected PORT FROM TO``),
each reporting once in ``INTERVAL`` seconds. What was acknowledged has to be in the database at the end, each once.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import statistics
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import OperationalError, connections

from bench import house, terminals, tracks
from bench.measure import Result
from shuzheng.apps.vehicles.models import Place, Position
from shuzheng.base.core.scope import system_scope
from shuzheng.ops.pg import Cluster
from shuzheng.protocols.jt808 import Location, encode
from shuzheng.protocols.jt808 import messages as m
from shuzheng.protocols.jt808.fields import BEIJING

INTERVAL, REPORTS = 10, 6
A_PROCESS = 5_000
"""Connections that one process of terminals holds."""
PORT = 8907
PROBES = 0.25
"""Seconds between two looks at what the live map would be told."""


def run(folder: Path, number: int) -> list[Result]:
    """None lost, none double; the p95 from receipt to the live map."""
    tracks.fleet(number)
    base = [sys.executable, "-m", "shuzheng.ops", "gateway", "--host", "127.0.0.1", "--port", str(PORT)]
    gateway = subprocess.Popen([*base, "--workers", str(os.cpu_count() or 1)], cwd=house.ROOT)
    try:
        time.sleep(15)  # the processes start
        parts = [(at, min(at + A_PROCESS, number)) for at in range(0, number, A_PROCESS)]
        words = [sys.executable, "-m", "bench.connected", str(PORT)]
        crowd = [subprocess.Popen([*words, str(a), str(b)], cwd=house.ROOT, stdout=subprocess.PIPE) for a, b in parts]
        waits = _watched(crowd, folder, kill_after=INTERVAL * 1.5 + number / 1_000)
        said = [json.loads(child.communicate()[0]) for child in crowd]
        acknowledged = sum(one["acknowledged"] for one in said)
        _settle(acknowledged)
        stored = _count()
        if any(one["connected"] != b - a for one, (a, b) in zip(said, parts, strict=True)):
            raise AssertionError(f"not all were let in: {said}")
        if stored < acknowledged:
            raise AssertionError(f"{acknowledged - stored} acknowledged positions are lost")
    finally:
        gateway.send_signal(signal.SIGTERM)
        gateway.wait(30)
    how = f"{number:,} terminals at once, {acknowledged:,} positions acknowledged, the database killed once (kill -9): all are there, once"
    p95 = statistics.quantiles(waits, n=20)[-1]
    shown = f"from the gateway's clock at receipt until the map's question finds it, {len(waits):,} of them, the outage not counted"
    return [
        Result("gateway: terminals connected", number, how, unit="terminals"),
        Result("gateway: receipt to live map, p95", p95, shown, bar=2.0),
    ]


def _watched(crowd: list[subprocess.Popen[bytes]], folder: Path, kill_after: float) -> list[float]:
    """Kill the database once, start it again, and look at the map's rows the rest of the time: seconds from receipt to being told."""
    begin, waits, since = time.monotonic(), list[float](), datetime.now(BEIJING)
    killed, quiet = False, 0.0
    while any(child.poll() is None for child in crowd):
        if not killed and time.monotonic() - begin > kill_after:
            cluster = Cluster(folder)
            os.kill(int((cluster.home / "postmaster.pid").read_text().splitlines()[0]), signal.SIGKILL)
            connections.close_all()
            time.sleep(3)
            cluster.start()
            killed, quiet = True, time.monotonic() + 8
        try:
            with system_scope("demo.load").activate():
                rows = list(Place.objects.filter(moved_at__gt=since).values_list("heard_at", "moved_at"))
        except OperationalError:
            connections.close_all()
            time.sleep(1)
            continue
        now = datetime.now(BEIJING)
        if time.monotonic() > quiet:
            waits += [(now - heard).total_seconds() for heard, _ in rows]
        since = max([since, *(moved for _, moved in rows)])
        time.sleep(PROBES)
    if not killed:
        raise AssertionError("it was over before the database was killed")
    return waits


def _count() -> int:
    with system_scope("demo.load").activate():
        return Position.objects.count()


def _settle(wanted: int) -> None:
    """Wait until the journal has been stored."""
    end = time.monotonic() + 120
    while _count() < wanted and time.monotonic() < end:
        time.sleep(1)


class _Terminal(asyncio.Protocol):
    def __init__(self, n: int, counts: dict[str, int]) -> None:
        self.n, self.counts, self.marks, self.serial = n, counts, 0, 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport
        transport.write(encode(m.Authentication(terminals.code(self.n)), terminals.phone(self.n), self._next)[0])  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        before, self.marks = self.marks // 2, self.marks + data.count(0x7E)
        heard = self.marks // 2 - before
        if before == 0 and heard:
            self.counts["connected"] += 1
            heard -= 1
        self.counts["acknowledged"] += heard

    def _next(self) -> int:
        self.serial += 1
        return self.serial

    def report(self) -> None:
        at = datetime.now(BEIJING).replace(microsecond=0)
        place = Location(at, 28_467_000 + self.n, 119_922_000 + self.n, speed=420)
        self.transport.write(encode(m.LocationReport(place), terminals.phone(self.n), self._next)[0])


async def _crowd(port: int, first: int, last: int) -> dict[str, int]:
    loop, counts, there = asyncio.get_running_loop(), {"connected": 0, "acknowledged": 0}, []
    for n in range(first, last):
        _, terminal = await loop.create_connection(lambda n=n: _Terminal(n, counts), "127.0.0.1", port)
        there.append(terminal)
        if n % 50 == 0:
            await asyncio.sleep(0.02)
    for _ in range(REPORTS):
        begin = time.monotonic()
        for n, terminal in enumerate(there):
            terminal.report()
            if n % 25 == 0:
                await asyncio.sleep(max(0, begin + INTERVAL * n / len(there) - time.monotonic()))
        await asyncio.sleep(max(0, begin + INTERVAL - time.monotonic()))
    await asyncio.sleep(5)
    return counts


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_crowd(*map(int, sys.argv[1:4])))))
