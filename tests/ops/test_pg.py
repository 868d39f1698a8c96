"""The launcher of the embedded PostgreSQL."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import psycopg
import pytest

from shuzheng.ops.pg import THROWAWAY, Cluster
from shuzheng.ops.words import Trouble

pytestmark = pytest.mark.slow


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    cluster = Cluster(tmp_path / "data", extra=THROWAWAY)
    yield cluster
    cluster.stop()


def _start(folder: Path) -> bool:
    cluster = Cluster(folder, extra=THROWAWAY)
    cluster.start()
    return cluster.alive()


def _postmaster(cluster: Cluster) -> int:
    return int((cluster.home / "postmaster.pid").read_text().split("\n", 1)[0])


def test_start_in_an_empty_folder_then_again_keeps_the_data(cluster: Cluster) -> None:
    cluster.start()
    urls = cluster.database("shuzheng")
    with psycopg.connect(urls.owner) as connection:
        connection.execute("CREATE TABLE kept (x int)")
    cluster.stop()
    assert not cluster.alive()
    cluster.start()
    assert cluster.database("shuzheng") == urls
    with psycopg.connect(urls.owner) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)


def test_the_running_role_owns_nothing_and_bypasses_nothing(cluster: Cluster) -> None:
    cluster.start()
    urls = cluster.database("shuzheng")
    with psycopg.connect(urls.app, autocommit=True) as connection:
        row = connection.execute(
            "SELECT rolsuper, rolbypassrls, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
        assert row == (False, False, False, False)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("CREATE TABLE mine (x int)")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SET ROLE sz_owner")


def test_only_the_servers_user_may_enter_the_socket_folder(cluster: Cluster) -> None:
    cluster.start()
    assert cluster.sockets.stat().st_mode & 0o777 == 0o700
    assert (cluster.home / "PG_VERSION").stat().st_uid == (cluster.account.uid if cluster.account else os.getuid())


def test_killed_server_comes_back_with_what_was_committed(cluster: Cluster) -> None:
    cluster.start()
    urls = cluster.database("shuzheng")
    with psycopg.connect(urls.owner) as connection:
        connection.execute("CREATE TABLE kept (x int)")
    os.kill(_postmaster(cluster), signal.SIGKILL)
    deadline = time.monotonic() + 10
    while cluster.alive() and time.monotonic() < deadline:
        time.sleep(0.05)
    cluster.start()
    with psycopg.connect(urls.owner) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)


def test_lock_file_with_a_strangers_pid_does_not_hold_it_up(cluster: Cluster) -> None:
    cluster.start()
    lock = (cluster.home / "postmaster.pid").read_text().split("\n")
    cluster.stop()
    lock[0] = str(os.getpid())
    (cluster.home / "postmaster.pid").write_text("\n".join(lock))
    cluster.start()
    assert cluster.alive()


def test_two_processes_at_once_share_one_server(cluster: Cluster) -> None:
    with ProcessPoolExecutor(2) as pool:
        assert list(pool.map(_start, [cluster.data, cluster.data])) == [True, True]


def test_deep_folder_gets_a_short_socket_path(tmp_path: Path) -> None:
    cluster = Cluster(tmp_path / ("deep" * 20) / ("deeper" * 10), extra=THROWAWAY)
    try:
        cluster.start()
        assert len(str(cluster.sockets)) < 90
        with psycopg.connect(cluster.database("shuzheng").app) as connection:
            assert connection.execute("SELECT current_user").fetchone() == ("sz_app",)
    finally:
        cluster.stop()


def test_data_of_another_version_is_refused_in_words(cluster: Cluster) -> None:
    cluster.start()
    cluster.stop()
    (cluster.home / "PG_VERSION").write_text("14\n")
    with pytest.raises(Trouble, match="PostgreSQL 14"):
        cluster.start()
    (cluster.home / "PG_VERSION").write_text(f"{cluster.binaries.major}\n")


def test_full_disk_is_said_before_anything_is_made(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SZ_MIN_FREE_MB", "999999999")
    with pytest.raises(Trouble, match="磁盘已满"):
        cluster.start()
    assert not cluster.home.exists()


def test_wrong_named_binaries_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SZ_PG_BIN", str(tmp_path))
    with pytest.raises(Trouble, match="SZ_PG_BIN"):
        Cluster(tmp_path / "data")
