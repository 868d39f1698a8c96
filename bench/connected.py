"""Terminals by the ten thousand, connected at once, with the database killed outright while they report.

The gateway runs as the program runs it; the terminals in processes of their own (``bench.terminals``), each reporting
once in ten seconds. What was acknowledged has to be in the database at the end, each once.
"""

from __future__ import annotations

import json
import os
import signal
import statistics
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

from django.db import OperationalError, connections

from bench import house, terminals, tracks
from bench.measure import Result
from shuzheng.apps.vehicles.models import Place, Position
from shuzheng.base.core.scope import system_scope
from shuzheng.ops.pg import Cluster
from shuzheng.protocols.jt808.fields import BEIJING

A_PROCESS = 5_000
"""Connections that one process of terminals holds."""
PORT = 8907
PROBES = 1.0
"""Seconds between two looks at what the live map is told: it asks as often."""


def run(folder: Path, number: int) -> list[Result]:
    """None lost, none double; the p95 from receipt to the live map."""
    workers = os.cpu_count() or 1
    terminals.allow(
        number // workers + number // 20
    )  # of a process of the gateway: the kernel deals them out evenly, about
    tracks.fleet(number)
    base = [sys.executable, "-m", "shuzheng.ops", "gateway", "--host", "127.0.0.1", "--port", str(PORT)]
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_OWNER_URL"}
    gateway = subprocess.Popen([*base, "--workers", str(workers)], cwd=house.ROOT, env=environment)
    try:
        time.sleep(15)  # the processes start
        parts = [(at, min(at + A_PROCESS, number)) for at in range(0, number, A_PROCESS)]
        words = [sys.executable, "-m", "bench.terminals", "CROWD", str(PORT)]
        crowd = [subprocess.Popen([*words, str(a), str(b)], cwd=house.ROOT, stdout=subprocess.PIPE) for a, b in parts]
        waits = _watched(crowd, folder, kill_after=terminals.INTERVAL * 1.5 + number / 1_000)
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
