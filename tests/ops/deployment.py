"""A deployment of its own for tests of the command line: the real program in real processes, in a folder of its own."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@contextlib.contextmanager
def open_folder() -> Iterator[Path]:
    """A folder that every user may enter: pytest's own are 0700, and then root's clusters would lie in /var/lib."""
    folder = Path(tempfile.mkdtemp(prefix="sz-test-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Deployment:
    """Its folder, its port, and how to talk to it."""

    data: Path
    port: int = field(default_factory=free_port)

    def environment(self, **variables: str) -> dict[str, str]:
        """What an operator's shell has: nothing of the test session's databases."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("DATABASE_", "SZ_", "PYTEST_", "LANG", "LC_"))}
        return {**kept, **variables}

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "shuzheng.ops", *arguments, "--data", str(self.data)]

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*arguments),
            cwd=ROOT,
            env=self.environment(**variables),
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )

    def up(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return self.run("up", "--detach", "--no-demo", "--port", str(self.port), *arguments, **variables)

    def down(self) -> None:
        self.run("down")

    def get(self, path: str, **headers: str) -> tuple[int, str]:
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=10) as response:
                return response.status, response.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def health(self) -> dict[str, str]:
        return dict(json.loads(self.get("/healthz")[1]))

    def state(self) -> dict:
        return dict(json.loads((self.data / "up.json").read_text()))

    def wait_until_healthy(self, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while True:
            try:
                if self.get("/healthz")[0] == 200:
                    return
            except OSError:
                pass  # not listening yet: that is what we wait for
            assert time.monotonic() < deadline, "not healthy in time"
            time.sleep(0.1)


def cpu_seconds(root: int) -> float:
    """Processor time of a process, of those it has reaped, and of all below it.

    What a start costs, whatever else the machine is doing: wall time on a quiet machine is less, as two cores share it
    (`make bench` states the wall time).
    """
    ticks, parents = {}, {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended meanwhile
        pid = int(entry.parent.name)
        parents[pid], ticks[pid] = int(fields[1]), sum(map(int, fields[11:15]))
    family = {root}
    while grown := {pid for pid, parent in parents.items() if parent in family} - family:
        family |= grown
    return sum(ticks.get(pid, 0) for pid in family) / os.sysconf("SC_CLK_TCK")


def is_gone(pid: int, seconds: float = 10) -> bool:
    """Whether the process ends within that time (a zombie has ended)."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except FileNotFoundError:
            return True
        time.sleep(0.05)
    return False


def assert_said(done: subprocess.CompletedProcess[str], *words: str) -> None:
    """A fault in words: exit code 1, what and what to do, no traceback."""
    said = done.stdout + done.stderr
    assert done.returncode == 1, said
    assert "Traceback" not in said
    assert "处理办法：" in said or "What to do: " in said
    for word in words:
        assert word in said, said
