"""Gives every test session a real PostgreSQL, before Django's settings are read (so: named by ``-p`` in pyproject.toml).

One server under ``var/test`` for all sessions and xdist workers; each session holds a numbered slot, and with it names of
databases of its own, so that several sessions can run side by side. The last one to leave stops the server.

``SZ_TEST_DATABASE_URL`` and ``SZ_TEST_DATABASE_OWNER_URL`` name a server from outside instead. ``DATABASE_URL`` is
never used: tests must not find a real database by accident.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest

from shuzheng.ops.pg import THROWAWAY, Cluster, Urls

FOLDER = Path(__file__).resolve().parents[2] / "var" / "test"
READY = "SZ_TEST_READY"  # set by the controller; its xdist workers inherit it


@contextlib.contextmanager
def _slot() -> Iterator[int]:
    """The lowest number that no other session holds."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for number in range(100):
        with (FOLDER / f"slot-{number}.lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            yield number
            return
    raise RuntimeError("100 test sessions at once")


def _publish(urls: Urls) -> None:
    os.environ["DATABASE_URL"], os.environ["DATABASE_OWNER_URL"] = urls.app, urls.owner
    os.environ.setdefault("SZ_DATA", str(FOLDER / "data"))
    os.environ["SZ_DB_POOL"] = "0"  # a pooled connection would outlive its test database
    os.environ[READY] = "1"


class _Session:
    """What the controller holds from the first hook to the last."""

    def __init__(self) -> None:
        self.held = contextlib.ExitStack()

    def open(self) -> None:
        outside = os.environ.get("SZ_TEST_DATABASE_OWNER_URL")
        if outside:
            _publish(Urls(app=os.environ["SZ_TEST_DATABASE_URL"], owner=outside))
            return
        slot = self.held.enter_context(_slot())
        users = self.held.enter_context((FOLDER / "users.lock").open("a"))
        # Shared while we use the server. Waits while another session, the last one, is stopping it.
        fcntl.flock(users, fcntl.LOCK_SH)
        cluster = Cluster(FOLDER, extra=THROWAWAY)
        cluster.start()
        _publish(cluster.database(f"sz{slot}"))
        self.held.callback(_stop_if_last, cluster, users)

    def close(self) -> None:
        self.held.close()


def _stop_if_last(cluster: Cluster, users: IO[str]) -> None:
    with contextlib.suppress(BlockingIOError):
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        cluster.stop()


_session = _Session()


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests() -> Iterator[None]:
    """Wrappers run first, so this comes before pytest-django's hook of the same name, which reads the settings."""
    if READY not in os.environ:
        _session.open()
    try:
        return (yield)
    except BaseException:
        _session.close()  # a fault this early never comes to pytest_unconfigure
        raise


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    _session.close()
