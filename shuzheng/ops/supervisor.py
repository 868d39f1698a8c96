"""`shuzheng up`: database, tables, web, worker and the demo in one go; one Ctrl-C stops all of it."""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import importlib.util
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from shuzheng.ops import doors, preparation, running
from shuzheng.ops.pg import Cluster, Urls, check_space
from shuzheng.ops.processes import check_port
from shuzheng.ops.words import Trouble, complain, say, t

READY_SECONDS = 60
STOP_SECONDS = 15
RESTART_PAUSE = 2.0  # seconds between a child's death and its next life
GIVE_UP_AFTER = 5  # deaths of one child within its first seconds, one after the other
DEMO_MARK = "shuzheng.demo"  # among the embedded database's own files: "new" (to be loaded by us) or "done"


class _Stop(Exception):
    """TERM or Ctrl-C."""


_stop_asked = threading.Event()
"""So that it is not forgotten where the exception was lost: Python drops what is raised inside a finalizer."""


def _die_with_parent() -> None:
    """Linux: the child gets TERM when the supervisor is killed outright, so nothing keeps the port."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)


class Child:
    """One process of ours, started again when it dies."""

    def __init__(self, name: str, arguments: list[str], environment: dict[str, str], log: Path) -> None:
        self.name, self.arguments, self.environment, self.log = name, arguments, environment, log
        self.early_deaths = 0
        self.process = self._spawn()

    def _spawn(self) -> subprocess.Popen[bytes]:
        self.since = time.monotonic()
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "shuzheng.ops", *self.arguments],
                env=self.environment,
                cwd=doors.ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C reaches the supervisor alone, which then stops them in order
                preexec_fn=_die_with_parent,
            )

    def tail(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-8:])

    def revive(self) -> bool:
        """Start it again when it has died; whether it had.

        Raises:
            Trouble: it dies every time as soon as it starts.
        """
        if self.process.poll() is None:
            return False
        self.early_deaths = self.early_deaths + 1 if time.monotonic() - self.since < 10 else 1
        if self.early_deaths >= GIVE_UP_AFTER:
            raise Trouble(
                t(f"{self.name} 反复退出：\n{self.tail()}", f"{self.name} keeps exiting:\n{self.tail()}"),
                t(f"完整日志：{self.log}", f"The whole log: {self.log}"),
            )
        self._clear()
        say(t(f"{self.name} 意外退出，正在重新启动。", f"{self.name} exited unexpectedly; starting it again."))
        time.sleep(RESTART_PAUSE)
        self.process = self._spawn()
        return True

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()

    def wait(self, deadline: float) -> None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(max(0.1, deadline - time.monotonic()))
        self._clear()
        self.process.wait()

    def _clear(self) -> None:
        """End what is left of its group: a server that was killed outright leaves workers, and they would keep the port."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)


def up(args: argparse.Namespace) -> int:
    """Start everything and stay until Ctrl-C, TERM or `down`; with ``--detach``, return when the first page answers."""
    if args.detach:
        return _detached(args)
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGINT, _interrupt)
    folder = doors.data_folder()
    with running.hold(folder):
        try:
            Supervisor(args, folder).run()
        except _Stop:
            pass
        finally:
            (folder / "up.json").unlink(missing_ok=True)
    return 0


def _interrupt(number: int, frame: object) -> None:
    _stop_asked.set()
    raise _Stop


class Supervisor:
    """The life of one `up`."""

    def __init__(self, args: argparse.Namespace, folder: Path) -> None:
        self.args, self.folder = args, folder
        self.address = f"http://{'localhost' if args.host in {'127.0.0.1', '0.0.0.0'} else args.host}:{args.port}/"  # noqa: S104
        self.state = running.State(pid=os.getpid(), address=self.address)
        self.cluster: Cluster | None = None
        self.children: list[Child] = []
        self.demo: subprocess.Popen[bytes] | None = None

    def run(self) -> None:
        """Begin in order, watch, end in reverse order.

        Raises:
            Trouble: something the operator must mend.
        """
        self._note()
        check_port(self.args.host, self.args.port)
        check_space(self.folder)
        with self._stopped_at_the_end():
            urls = self._database()
            if preparation.prepare(self.cluster, urls):
                say(t("数据表已就绪。", "Tables are ready."))
            environment = self._environment(urls)
            logs = self.folder / "logs"
            logs.mkdir(exist_ok=True)
            web = ["web", "--host", self.args.host, "--port", str(self.args.port)]
            self.children = [
                Child("web", web, environment, logs / "web.log"),
                Child("worker", ["worker", "--concurrency", "4"], environment, logs / "worker.log"),
                *self._gateway(environment, logs),
            ]
            self._await_first_page()
            self.state.phase = "ready"
            self._note()
            self._greet()
            self._begin_demo(environment)
            self._watch()

    def _database(self) -> Urls:
        if doors.outside():
            urls = Urls(app=os.environ["DATABASE_URL"], owner=os.environ.get("DATABASE_OWNER_URL", ""))
            for url in (urls.app, urls.owner):
                if url:
                    doors.connect(url).close()
            if not urls.owner:
                raise Trouble(
                    t(
                        "用外部数据库启动 up 时还需要 DATABASE_OWNER_URL（只用来迁移，不会交给网页与后台进程）。",
                        "`up` with a server of your own also needs DATABASE_OWNER_URL (for migrating only; web and worker don't get it).",
                    ),
                    t(
                        "设置它；或分别运行 shuzheng prepare、web 与 worker。",
                        "Set it, or run shuzheng prepare, web and worker one by one.",
                    ),
                )
            return urls
        self.cluster = Cluster(self.folder)
        made = not (self.cluster.home / "PG_VERSION").exists()
        self.cluster.start()
        if made and not self.args.no_demo:
            (self.cluster.home / DEMO_MARK).write_text("new")
        return self.cluster.database(doors.NAME)

    def _environment(self, urls: Urls) -> dict[str, str]:
        """What web, worker and demo get: never the owner's URL."""
        environment = {k: v for k, v in os.environ.items() if k != "DATABASE_OWNER_URL"}
        environment |= {"DATABASE_URL": urls.app, "SZ_DATA": str(self.folder), "PYTHONUNBUFFERED": "1"}
        if self.cluster is not None and (self.cluster.home / DEMO_MARK).exists():
            environment.setdefault("SZ_DEMO", "1")
        return environment

    def _gateway(self, environment: dict[str, str], logs: Path) -> list[Child]:
        """The gateway of vehicle terminals, unless vehicles are switched off or somebody else has its port."""
        if "shuzheng.apps.vehicles" not in environment.get("SZ_APPS", "shuzheng.apps.vehicles"):
            return []
        port = self.args.gateway_port or self.args.port + 808
        try:
            check_port(self.args.host, port)
        except Trouble as trouble:
            complain(trouble)
            return []
        words = ["gateway", "--host", self.args.host, "--port", str(port)]
        return [Child("gateway", words, environment, logs / "gateway.log")]

    def _await_first_page(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        web = self.children[0]
        while not _answers(self.address):
            if web.process.poll() is not None or time.monotonic() > deadline:
                raise Trouble(
                    t(f"网页进程没有就绪：\n{web.tail()}", f"The web process did not get ready:\n{web.tail()}"),
                    t(f"完整日志：{web.log}", f"The whole log: {web.log}"),
                )
            time.sleep(0.1)

    def _greet(self) -> None:
        say(t(f"\n  数正云已就绪： {self.address}\n", f"\n  Shuzheng Cloud is ready: {self.address}\n"))
        if self.cluster is not None and (self.cluster.home / DEMO_MARK).exists():
            for line in _accounts():
                say(f"  {line}")
        say(
            t(
                f"\n  日志：{self.folder / 'logs'}    停止：Ctrl-C 或 shuzheng down\n",
                f"\n  Logs: {self.folder / 'logs'}    Stop: Ctrl-C or shuzheng down\n",
            )
        )

    def _begin_demo(self, environment: dict[str, str]) -> None:
        """Only into the embedded database that an `up` made itself; one that was interrupted begins anew."""
        if self.cluster is None or not (mark := self.cluster.home / DEMO_MARK).exists():
            return
        if mark.read_text() != "done" and self.args.no_demo:
            return
        self.state.demo = "done" if mark.read_text() == "done" else "loading"
        if self.state.demo == "loading":
            say(
                t(
                    "正在装入演示数据（可以先登录；约一分钟）…",
                    "Loading the demo nation (sign in meanwhile; about a minute) …",
                )
            )
            self.demo = subprocess.Popen(
                [sys.executable, "-m", "shuzheng.ops", "demo", "--scale", "small"],
                env=environment,
                cwd=doors.ROOT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )
        self._note()

    def _watch(self) -> None:
        while True:
            time.sleep(0.5)
            if _stop_asked.is_set():
                raise _Stop
            self._keep_database()
            revived = [child for child in self.children if child.revive()]
            if revived:
                self._note()
            if self.demo is not None and self.demo.poll() is not None:
                self._end_demo(self.demo.returncode)

    def _keep_database(self) -> None:
        """A server that was killed is started again; with the disk full we say so, and try until there is room."""
        if self.cluster is None or _listens(self.cluster.sockets):
            return
        say(t("数据库意外退出，正在恢复。", "The database exited unexpectedly; recovering."))
        try:
            self.cluster.start()
        except Trouble as trouble:
            complain(trouble)
            time.sleep(10)

    def _end_demo(self, code: int) -> None:
        self.demo = None
        self.state.demo = "failed" if code else "done"
        if code:
            say(
                t(
                    "演示数据没有装完；下次 up 会重新装入。",
                    "The demo was not loaded to the end; the next `up` tries again.",
                )
            )
        elif self.cluster is not None:
            (self.cluster.home / DEMO_MARK).write_text("done")
            say(t("演示数据已装入。", "The demo nation is loaded."))
        self._note()

    def _note(self) -> None:
        self.state.children = {child.name: child.process.pid for child in self.children}
        self.state.write(self.folder)

    @contextlib.contextmanager
    def _stopped_at_the_end(self) -> Iterator[None]:
        try:
            yield
        finally:
            # A second Ctrl-C must not leave half of it running.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            deadline = time.monotonic() + STOP_SECONDS
            if self.demo is not None and self.demo.poll() is None:
                self.demo.terminate()
                self.demo.wait()
            for child in self.children:
                child.stop()
            for child in self.children:
                child.wait(deadline)
            if self.cluster is not None:
                self.cluster.stop()
            say(t("已停止。", "Stopped."))


def _listens(sockets: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(5)
        try:
            probe.connect(str(sockets / ".s.PGSQL.5432"))
        except OSError:
            return False
    return True


def _answers(address: str) -> bool:
    """Whether a page comes; one that says 'forbidden' or 'not found' is a page too."""
    try:
        with urllib.request.urlopen(address, timeout=5) as response:  # noqa: S310 -- our own address
            return bool(response.status < 500)
    except urllib.error.HTTPError as error:
        return error.code < 500
    except OSError:
        return False


def _accounts() -> list[str]:
    """The table of demo accounts, columns aligned."""
    if importlib.util.find_spec("shuzheng.ops.demo") is None:
        return []
    from shuzheng.ops import demo

    rows = [[str(cell) for cell in row] for row in demo.accounts()]
    width = [max(_columns(row[i]) for row in rows) for i in range(len(rows[0]))]
    return [
        "  ".join(cell + " " * (w - _columns(cell)) for cell, w in zip(row, width, strict=True)).rstrip()
        for row in rows
    ]


def _columns(text: str) -> int:
    """Width on a terminal: a Chinese character takes two columns."""
    return sum(2 if ord(character) > 0x2E7F else 1 for character in text)


def _detached(args: argparse.Namespace) -> int:
    """Start ourselves in the background, wait for the first page, and show what was said until then."""
    folder = doors.data_folder()
    with running.hold(folder):
        pass  # says in words when it runs already, or when the folder can't be used
    command = [
        sys.executable,
        "-m",
        "shuzheng.ops",
        "up",
        "--data",
        str(folder),
        "--host",
        args.host,
        "--port",
        str(args.port),
    ]
    if args.no_demo:
        command.append("--no-demo")
    log = folder / "up.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
    while process.poll() is None:
        state = running.read(folder)
        if state and state.pid == process.pid and state.phase == "ready" and "Ctrl-C" in log.read_text():
            say(log.read_text().rstrip())
            return 0
        time.sleep(0.1)
    print(log.read_text().rstrip(), file=sys.stderr)
    return process.returncode or 1
