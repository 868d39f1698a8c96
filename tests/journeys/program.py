"""The real program with the demo nation, as ``make up`` runs it: started once for all browser tests of a run."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.ops.deployment import Deployment

LOADED, FAILED = "演示数据已装入。", "没有装完"


@contextmanager
def running(run: str) -> Iterator[str]:
    """The address of the program. The processes of one test run share it; the last to leave stops it.

    Not in pytest's own folder: that is 0700, and root's database runs as another user.
    """
    folder = Path(tempfile.gettempdir()) / f"sz-test-{run}"
    folder.mkdir(mode=0o755, exist_ok=True)
    deployment = Deployment(folder / "data")
    users = (folder / "users.lock").open("a")
    with _alone(folder):
        if not (deployment.data / "up.json").exists():
            started = deployment.run("up", "--detach", "--port", str(deployment.port), SZ_LANG="zh")
            assert started.returncode == 0, started.stdout + started.stderr
            _await_demo(deployment.data / "up.log")
        fcntl.flock(users, fcntl.LOCK_SH)
    try:
        yield deployment.state()["address"]
    finally:
        users.close()
        with _alone(folder), (folder / "users.lock").open("a") as mine:
            try:
                fcntl.flock(mine, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            deployment.down()
            shutil.rmtree(folder)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    with (folder / "start.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _await_demo(log: Path) -> None:
    deadline = time.monotonic() + 300
    while LOADED not in (said := log.read_text()):
        assert FAILED not in said and time.monotonic() < deadline, said[-3000:]
        time.sleep(0.5)


def run_name() -> str:
    """The same in all processes of one test run."""
    return os.environ.get("PYTEST_XDIST_TESTRUNUID") or str(os.getpid())
