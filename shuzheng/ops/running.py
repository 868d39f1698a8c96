"""What `up` left on the disk about itself, and the commands that read it: down and status."""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import json
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from shuzheng.ops import doors
from shuzheng.ops.pg import Cluster, locked
from shuzheng.ops.words import Trouble, say, t

STOP_SECONDS = 40
NOT_RUNNING = 3  # what service managers expect of `status`


@dataclass
class State:
    """What the supervisor writes down: its process, its address and how far it is."""

    pid: int
    address: str
    phase: str = "starting"  # starting, ready
    demo: str = ""  # "", loading, done, failed
    children: dict[str, int] = field(default_factory=dict)

    def write(self, folder: Path) -> None:
        """Written beside and renamed: a reader never finds half a file."""
        fresh = folder / "up.json.new"
        fresh.write_text(json.dumps(asdict(self)))
        fresh.rename(folder / "up.json")


def read(folder: Path) -> State | None:
    """The last written state; it may be of a supervisor that has died (see ``is_held``)."""
    try:
        values: dict[str, Any] = json.loads((folder / "up.json").read_text())
    except FileNotFoundError:
        return None
    return State(**values)


@contextlib.contextmanager
def hold(folder: Path) -> Iterator[None]:
    """Be the one supervisor of this folder.

    Raises:
        Trouble: another one is, or the folder can't be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "up.lock").open("a")
    except OSError as error:
        raise locked(folder, error) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            state = read(folder)
            where = state.address if state else "?"
            raise Trouble(
                t(
                    f"数据目录 {folder} 已在使用：数正云正在 {where} 运行。",
                    f"The data folder {folder} is in use: Shuzheng Cloud is running at {where}.",
                ),
                t(
                    "用 shuzheng status 查看，用 shuzheng down 停止；要再开一套，请用 --data 与 --port。",
                    "See shuzheng status; stop it with shuzheng down; for a second one, use --data and --port.",
                ),
            ) from error
        yield


def is_held(folder: Path) -> bool:
    """Whether a supervisor of this folder is alive. The lock says so; a pid would lie."""
    try:
        with (folder / "up.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    except OSError as error:
        raise locked(folder, error) from error
    return False


def down(args: argparse.Namespace) -> int:
    """Stop what `up` started, and an embedded database that was left over."""
    folder = doors.data_folder()
    state = read(folder)
    if state and is_held(folder):
        os.kill(state.pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        while is_held(folder):
            if time.monotonic() > deadline:
                raise Trouble(
                    t(
                        f"进程 {state.pid} 在 {STOP_SECONDS} 秒内没有停下。",
                        f"Process {state.pid} did not stop within {STOP_SECONDS} s.",
                    ),
                    t(
                        f"查看 {folder / 'logs'}；必要时 kill -9 {state.pid}，再运行 shuzheng down。",
                        f"See {folder / 'logs'}; if need be kill -9 {state.pid}, then shuzheng down again.",
                    ),
                )
            time.sleep(0.05)
        say(t("已停止。", "Stopped."))
        return 0
    if not doors.outside() and (folder / "pg.lock").exists():
        cluster = Cluster(folder)
        if cluster.alive():
            cluster.stop()
            say(t("上次没有正常退出，遗留的数据库已停止。", "The database left over from an unclean end was stopped."))
            return 0
    say(t("没有在运行。", "Not running."))
    return 0


def status(args: argparse.Namespace) -> int:
    """Say what runs; exit code 0 when it is ready, 3 when nothing runs."""
    folder = doors.data_folder()
    state = read(folder)
    if not state or not is_held(folder):
        say(t(f"没有在运行（{folder}）。", f"Not running ({folder})."))
        return NOT_RUNNING
    phase = t("就绪", "ready") if state.phase == "ready" else t("正在启动", "starting")
    say(t(f"{phase}：{state.address}（进程 {state.pid}）", f"{phase}: {state.address} (process {state.pid})"))
    for name, pid in state.children.items():
        say(f"  {name}: {pid}")
    if state.demo:
        words = {"loading": t("正在装入", "loading"), "done": t("已装入", "loaded"), "failed": t("装入失败", "failed")}
        say(t(f"  演示数据：{words[state.demo]}", f"  demo data: {words[state.demo]}"))
    say(t(f"  数据目录：{folder}", f"  data folder: {folder}"))
    return 0
