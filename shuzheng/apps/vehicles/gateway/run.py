"""The gateway as a process: the server, the thread that stores, and in the first of several the one that judges."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connections
from psycopg_pool import PoolTimeout

from shuzheng.apps.vehicles import watch
from shuzheng.apps.vehicles.gateway import mqtt
from shuzheng.apps.vehicles.gateway.commands import Outbox
from shuzheng.apps.vehicles.gateway.journal import Journal
from shuzheng.apps.vehicles.gateway.server import Server
from shuzheng.apps.vehicles.gateway.store import forward
from shuzheng.apps.vehicles.gateway.terminals import Directory

log = logging.getLogger(__name__)

JUDGE_EVERY = 0.5
"""Seconds between two looks for positions that are to be judged."""
PATIENCE = 5.0


def folder() -> Path:
    """Where the journals lie, one folder a process."""
    return Path(settings.VAR_DIR) / "gateway"


def serve(host: str, port: int, shard: int, shards: int, *, ready: Callable[[int], None] = lambda port: None) -> None:
    """Serve until TERM or Ctrl-C; what is in the journal then is stored by the next start.

    The first process also stores what processes left behind that are no longer started, judges, and listens to the broker.
    """
    _allow_files()
    journals = [Journal(folder() / str(shard))]
    if shard == 0 and folder().exists():
        left = [p for p in sorted(folder().iterdir()) if p.name.isdigit() and int(p.name) >= shards]
        journals += [Journal(path) for path in left]
    over = threading.Event()
    work = [threading.Thread(target=_guarded, args=(forward, journal, over), daemon=True) for journal in journals]
    if shard == 0:
        work.append(threading.Thread(target=_guarded, args=(_judging, over), daemon=True))
    for thread in work:
        thread.start()
    try:
        directory = Directory()
        broker = mqtt.configured() if shard == 0 else None
        beside = [mqtt.Subscriber(broker, directory).run] if broker else []
        server = Server(directory, journals[0], asked=connections.close_all, commands=Outbox(), beside=beside)
        asyncio.run(_until_told(server, host, port, ready))
    finally:
        over.set()
        for journal in journals:
            journal.news.set()
        for thread in work:
            thread.join(timeout=10)


def _allow_files() -> None:
    """Each connection is an open file, and the usual soft limit lets in a thousand: take what the machine allows."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


async def _until_told(server: Server, host: str, port: int, ready: Callable[[int], None]) -> None:
    running = asyncio.create_task(server.run(host, port, ready=ready))
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, running.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await running


def _guarded(work: Callable[..., None], *arguments: object) -> None:
    """A fault of ours ends the process, which is started again: a gateway that takes in and stores nothing looks alive."""
    try:
        work(*arguments)
    except BaseException:
        log.exception("%s failed; the gateway stops", getattr(work, "__name__", work))
        os.kill(os.getpid(), signal.SIGTERM)
        raise


def _judging(over: threading.Event) -> None:
    wait = JUDGE_EVERY
    while not over.wait(wait):
        try:
            wait = 0.0 if watch.step() else JUDGE_EVERY
        except (DatabaseError, InterfaceError, PoolTimeout, OSError) as error:
            log.warning("judging: %s; trying again in %.0f s", error, PATIENCE)
            wait = PATIENCE
        finally:
            if wait:
                connections.close_all()


def command(host: str, port: int, workers: int, shard: int | None) -> int:
    """``shuzheng gateway``: one process, or as many as asked for, each started again when it dies."""
    if shard is not None or workers == 1:
        serve(host, port, shard or 0, workers)
        return 0
    base = [
        sys.executable,
        "-m",
        "shuzheng.ops",
        "gateway",
        "--host",
        host,
        "--port",
        str(port),
        "--workers",
        str(workers),
    ]
    children = {n: _spawn(base, n) for n in range(workers)}
    over = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: over.set())
    while not over.wait(1.0):
        for n, child in children.items():
            if child.poll() is not None:
                log.warning("process %d of the gateway ended; starting it again", n)
                children[n] = _spawn(base, n)
    for child in children.values():
        child.terminate()
    for child in children.values():
        child.wait()
    return 0


def _spawn(words: list[str], shard: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen([*words, "--shard", str(shard)])  # noqa: S603 -- ourselves again
