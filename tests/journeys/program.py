"""The real program with the demo nation, as ``make up`` runs it: started once for all browser tests of a run."""

from __future__ import annotations

import fcntl
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shuzheng.ops.demo.personas import PASSWORD

ROOT = Path(__file__).resolve().parents[2]
LOADED = "演示数据已装入。"
ASIDE = ("DATABASE_", "SZ_", "DJANGO_SETTINGS_MODULE", "PYTEST_")


def environment() -> dict[str, str]:
    """That of an operator: without what a test session sets for itself."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(ASIDE)}
    return {**kept, "SZ_LANG": "zh"}


def shuzheng(*arguments: str) -> str:
    command = [sys.executable, "-m", "shuzheng.ops", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(arguments)}: {done.stdout}{done.stderr}")
    return done.stdout


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """The address of the program on ``folder``. Several test processes share one; the last to leave stops it."""
    folder.mkdir(parents=True, exist_ok=True)
    users = (folder / "users.lock").open("a")
    with (folder / "start.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "data" / "up.json").exists():
            shuzheng("up", "--detach", "--port", str(_free_port()), "--data", str(folder / "data"))
            _await_demo(folder / "data" / "up.log")
        fcntl.flock(users, fcntl.LOCK_SH)
    found = re.search(r"http://\S+?:\d+", (folder / "data" / "up.json").read_text())
    assert found is not None
    try:
        yield found.group(0)
    finally:
        users.close()
        with (folder / "start.lock").open("a") as lock, (folder / "users.lock").open("a") as mine:
            fcntl.flock(lock, fcntl.LOCK_EX)
            try:
                fcntl.flock(mine, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            shuzheng("down", "--data", str(folder / "data"))


def _await_demo(log: Path) -> None:
    deadline = time.monotonic() + 300
    while LOADED not in log.read_text():
        if time.monotonic() > deadline or "没有装完" in log.read_text():
            raise RuntimeError(log.read_text()[-3000:])
        time.sleep(0.5)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


__all__ = ["PASSWORD", "running"]
