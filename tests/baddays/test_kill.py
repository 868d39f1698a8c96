"""A thousand actions by the API while web, worker or database are killed outright: nothing lost, nothing twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from shuzheng.ops.pg import Cluster
from tests.ops.deployment import ROOT, Deployment, open_folder

pytestmark = pytest.mark.slow

ACTIONS = 1000
WRITERS = 4
PATIENCE = 180
APPS = {"SZ_APPS": "tests.baddays.listener", "SZ_API_RATE": "1000000", "PYTHONPATH": str(ROOT)}


@dataclass
class House:
    """A deployment with a nation and a program that may register places."""

    deployment: Deployment
    cluster: Cluster
    token: str
    acknowledged: dict[str, str] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def query(self, sql: str, *values: object) -> list[tuple]:
        with psycopg.connect(self.cluster.url("sz_owner", "shuzheng")) as connection:
            return connection.execute(sql, values).fetchall()

    def register(self, number: str) -> None:
        """Ask for a place, again and again under one key, until it is acknowledged."""
        body = json.dumps({"number": number, "name": number, "kind": "building"}).encode()
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Content-Type": "application/json",
            "Idempotency-Key": f"baddays-{number}",
        }
        deadline = time.monotonic() + PATIENCE
        while True:
            url = f"http://127.0.0.1:{self.deployment.port}/api/v1/places"
            request = urllib.request.Request(url, data=body, headers=headers, method="POST")
            try:
                with urllib.request.urlopen(request, timeout=20) as answer:
                    found = json.loads(answer.read())
                break
            except urllib.error.HTTPError as error:
                said = error.read().decode()
                assert error.code >= 500, f"{number}: {error.code} {said}"
            except (OSError, ValueError):
                pass  # killed under us: before or after it was written, we can't know
            assert time.monotonic() < deadline, f"{number} was never acknowledged"
            time.sleep(0.2)
        with self.lock:
            self.acknowledged[number] = found["id"]


@pytest.fixture
def house() -> Iterator[House]:
    with open_folder() as folder:
        deployment = Deployment(folder)
        started = deployment.up(**APPS)
        assert started.returncode == 0, started.stdout + started.stderr
        try:
            cluster = Cluster(folder)
            environment = deployment.environment(
                DATABASE_URL=cluster.url("sz_app", "shuzheng"), SZ_DATA=str(folder), **APPS
            )
            seeded = subprocess.run(
                [sys.executable, "-m", "tests.baddays.seed"],
                cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
            )  # fmt: skip
            assert seeded.returncode == 0, seeded.stderr
            yield House(deployment, cluster, seeded.stdout.strip())
        finally:
            deployment.down()


def _web(house: House) -> int:
    return int(house.deployment.state()["children"]["web"])


def _worker(house: House) -> int:
    return int(house.deployment.state()["children"]["worker"])


def _database(house: House) -> int:
    return int((house.cluster.home / "postmaster.pid").read_text().split("\n", 1)[0])


def test_kill_nine_of_web_worker_and_database_in_the_middle_of_a_thousand_actions(house: House) -> None:
    killer = threading.Thread(target=_kill, args=(house,), daemon=True)
    killer.start()
    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(house.register, [f"P{n:04d}" for n in range(ACTIONS)]))
    killer.join(10)
    assert not killer.is_alive(), "the victims did not die as often as they should"
    _stands(house)
    _heard(house)
    _verifies(house)


KILLS = ((100, _worker), (250, _web), (400, _database), (600, _web), (750, _web))
"""Who is killed at which number of acknowledged actions. The worker dies with the database, and past four deaths within
seconds of its start the supervisor rightly takes it for broken and stops: hence not more of these."""


def _kill(house: House) -> None:
    for at, victim in KILLS:
        while len(house.acknowledged) < at:
            time.sleep(0.02)
        killed = victim(house)
        os.killpg(killed, signal.SIGKILL) if victim is not _database else os.kill(killed, signal.SIGKILL)
        # The next one is somebody else: the supervisor has started it again.
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                if victim(house) != killed:
                    break
            except (OSError, ValueError):
                pass  # the file is being written anew
            time.sleep(0.1)


def _stands(house: House) -> None:
    """Every acknowledged action is there, with one row, one entry in the trail and one event."""
    rows = dict(house.query("SELECT number, id FROM masters_place"))
    assert {n: str(pk) for n, pk in rows.items()} == house.acknowledged
    assert len(rows) == ACTIONS
    entries = house.query("SELECT object_id FROM audit_entry WHERE action = 'masters.place.create'")
    assert sorted(pk for (pk,) in entries) == sorted(house.acknowledged.values())
    events = house.query("SELECT ids ->> 0 FROM events_event WHERE name = 'masters.place.created'")
    assert sorted(pk for (pk,) in events) == sorted(house.acknowledged.values())


def _heard(house: House) -> None:
    """Each event took effect once, and each notice has arrived once."""
    deadline = time.monotonic() + PATIENCE
    while house.query("SELECT count(*) FROM listener_heard")[0][0] < ACTIONS and time.monotonic() < deadline:
        time.sleep(0.5)
    heard = [pk for (pk,) in house.query("SELECT record FROM listener_heard")]
    assert sorted(heard) == sorted(UUID(pk) for pk in house.acknowledged.values())
    titles = [title for (title,) in house.query("SELECT title FROM notify_notice WHERE title LIKE '新位置 %%'")]
    assert sorted(titles) == sorted(f"新位置 {number}" for number in house.acknowledged)
    [(receipts,)] = house.query("SELECT count(*) FROM notify_receipt")
    assert receipts == ACTIONS, "each notice has one addressee"


def _verifies(house: House) -> None:
    """The worker has sealed everything, and the chain holds."""
    url = house.cluster.url("sz_app", "shuzheng")
    deadline = time.monotonic() + PATIENCE
    while True:
        verified = house.deployment.run("audit", "verify", DATABASE_URL=url, **APPS)
        if "尚未封存" not in verified.stdout or time.monotonic() > deadline:
            break
        time.sleep(1)
    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert "尚未封存" not in verified.stdout
    assert Path(house.deployment.data / "logs" / "worker.log").exists()
