"""`shuzheng up` and its end, in real processes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import pytest

from shuzheng.ops import supervisor
from tests.ops.deployment import ROOT, Deployment, assert_said, cpu_seconds, is_gone, open_folder

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def running() -> Iterator[Deployment]:
    with open_folder() as folder:
        deployment = Deployment(folder / "data")
        done = deployment.up()
        assert done.returncode == 0, done.stdout + done.stderr
        assert cpu_seconds(deployment.state()["pid"]) < 20, "the first page must answer within 20 s in an empty folder"
        yield deployment
        deployment.down()


def test_first_page_answers_and_everything_is_well(running: Deployment) -> None:
    running.wait_until_healthy()
    deadline = time.monotonic() + 15
    while (health := running.health())["worker"] != "ok" and time.monotonic() < deadline:
        time.sleep(0.2)
    assert health == {"status": "ok", "database": "ok", "migrations": "current", "worker": "ok"}
    assert running.get("/")[0] < 500


def test_status_names_address_and_processes(running: Deployment) -> None:
    done = running.run("status")
    assert done.returncode == 0
    assert f":{running.port}/" in done.stdout
    assert "web" in done.stdout and "worker" in done.stdout


def test_children_never_see_the_owners_url(running: Deployment) -> None:
    for pid in running.state()["children"].values():
        environment = Path(f"/proc/{pid}/environ").read_text()
        assert "DATABASE_URL=postgresql://sz_app@" in environment
        assert "OWNER" not in environment


def test_metrics_are_for_the_machine_itself(running: Deployment) -> None:
    status, text = running.get("/metrics")
    assert status == 200
    for name in (
        "shuzheng_database_up 1.0",
        "shuzheng_requests_total{",
        "shuzheng_request_seconds_bucket{",
        "shuzheng_outbox_lag_seconds ",
    ):
        assert name in text
    assert running.get("/metrics", **{"X-Forwarded-For": "203.0.113.9"})[0] == 404


def test_log_lines_hold_route_and_id_but_not_what_was_asked_for(running: Deployment) -> None:
    running.get("/healthz?name=13812345678", **{"X-Request-ID": "test-request-1"})
    deadline = time.monotonic() + 5
    while "test-request-1" not in (log := (running.data / "logs/web.log").read_text()) and time.monotonic() < deadline:
        time.sleep(0.1)
    line = next(line for line in log.splitlines() if "test-request-1" in line)
    assert '"route": "healthz"' in line and '"status": 200' in line
    assert "13812345678" not in log


def test_second_up_in_the_same_folder_is_refused(running: Deployment) -> None:
    assert_said(running.up(), "已在使用", "shuzheng down")


def test_port_of_another_program_is_named(running: Deployment, tmp_path: Path) -> None:
    other = Deployment(tmp_path / "other", port=running.port)
    assert_said(other.up(), f"{running.port}", "占用", "--port")


def test_backup_while_it_runs_leaves_the_keys_out_and_says_so(running: Deployment, tmp_path: Path) -> None:
    (running.data / "kek").write_text("0123456789abcdef0123456789abcdef")
    (running.data / "kek").chmod(0o600)
    done = running.run("backup", str(tmp_path / "backup"))
    assert done.returncode == 0, done.stderr
    assert "主密钥" in done.stdout
    assert sorted(path.name for path in (tmp_path / "backup").iterdir() if path.is_file()) == [
        "database.dump",
        "manifest.json",
    ]
    assert_said(running.run("restore", str(tmp_path / "backup")), "已在使用")


def test_killed_worker_web_and_database_come_back(running: Deployment) -> None:
    before = running.state()["children"]
    postmaster = int((running.data / "pg/postmaster.pid").read_text().split("\n", 1)[0])
    for pid in (*before.values(), postmaster):
        os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 20
    while set(running.state()["children"].values()) & set(before.values()) and time.monotonic() < deadline:
        time.sleep(0.2)
    running.wait_until_healthy()
    assert not set(running.state()["children"].values()) & set(before.values())


def test_second_start_is_at_the_first_page_within_8_seconds(running: Deployment) -> None:
    running.down()
    assert running.run("status").returncode == 3
    assert running.up().returncode == 0
    assert cpu_seconds(running.state()["pid"]) < 8


def test_down_leaves_nothing_behind(running: Deployment) -> None:
    state = running.state()
    postmaster = int((running.data / "pg/postmaster.pid").read_text().split("\n", 1)[0])
    running.down()
    for pid in (state["pid"], postmaster, *state["children"].values()):
        assert is_gone(pid)
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", running.port)) != 0
    assert running.up().returncode == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_to_the_foreground_stops_everything(prepared: Path, number: signal.Signals) -> None:
    deployment = Deployment(prepared)
    command = deployment.command("up", "--no-demo", "--port", str(deployment.port))
    up = subprocess.Popen(
        command, cwd=ROOT, env=deployment.environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        deployment.wait_until_healthy(120)
        pids = list(deployment.state()["children"].values())
        pids.append(int((deployment.data / "pg/postmaster.pid").read_text().split("\n", 1)[0]))
        up.send_signal(number)
        said, _ = up.communicate(timeout=30)
    finally:
        up.kill()
        up.wait()
        deployment.down()
    assert up.returncode == 0
    assert "已停止" in said and "Traceback" not in said
    assert all(is_gone(pid) for pid in pids)


def test_killed_supervisor_takes_web_and_worker_along_and_the_next_up_works(prepared: Path) -> None:
    deployment = Deployment(prepared)
    assert deployment.up().returncode == 0
    try:
        state = deployment.state()
        os.kill(state["pid"], signal.SIGKILL)
        assert all(is_gone(pid) for pid in state["children"].values())
        assert deployment.run("status").returncode == 3
        assert deployment.up().returncode == 0
        deployment.wait_until_healthy()
    finally:
        deployment.down()
    assert deployment.run("down").returncode == 0


def test_a_stop_whose_exception_was_lost_is_taken_at_the_next_look(monkeypatch):
    """The signal came while Python ran a finalizer, where it drops what is raised."""
    monkeypatch.setattr(supervisor, "_stop_asked", threading.Event())
    with suppress(supervisor._Stop):
        supervisor._interrupt(signal.SIGTERM, None)
    with pytest.raises(supervisor._Stop):
        supervisor.Supervisor(SimpleNamespace(host="127.0.0.1", port=1), None)._watch()
