"""Terminals that send as fast as they are answered, in a process of their own: the same for the gateway and for a bare echo.

``python -m bench.terminals PORT TERMINALS EACH [LOGIN]``: prints the seconds until every frame was answered. With LOGIN each
authenticates first, and what that takes does not count. ``CROWD PORT FROM TO``: so many connected, reporting now and then.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time
from datetime import datetime, timedelta
from typing import Any

from shuzheng.protocols.jt808 import Location, encode
from shuzheng.protocols.jt808 import messages as m
from shuzheng.protocols.jt808.fields import BEIJING
from shuzheng.protocols.jt808.location import MILEAGE, SATELLITES, number_item

FIRST = 15_000_000_000
WINDOW = 1
"""Frames that one connection has sent and not heard of: a terminal waits for its answer."""
INTERVAL, REPORTS = 10, 6
"""Seconds between two reports of a crowd, and how many there are."""
BEGIN = datetime(2026, 11, 23, 8, 0, tzinfo=BEIJING)
AN_ADDRESS = 5_000
"""Connections from one address of the loopback: the ports of one alone (some 28,000, others use them too) would be short."""
SPARE = 500
"""Open files of a process beside its connections."""


def phone(n: int) -> str:
    return str(FIRST + n)


def code(n: int) -> str:
    return f"code{n:08}"


def frames(n: int, each: int) -> list[bytes]:
    """Location reports of one terminal, ten seconds apart."""
    serial = iter(range(1, each + 1))
    found = []
    for k in range(each):
        items = (number_item(MILEAGE, 100_000 + k, 4), number_item(SATELLITES, 12, 1))
        place = Location(
            BEGIN + timedelta(seconds=10 * k), 28_467_000 + k * 90, 119_922_000 + n * 40, 0, 3, 60, 420, 90, items
        )
        found += encode(m.LocationReport(place), phone(n), lambda: next(serial) & 0xFFFF)
    return found


class Sender(asyncio.Protocol):
    """Sends a frame, and the next when it is answered: two marks are one answer."""

    def __init__(self, sent: list[bytes], login: bytes | None) -> None:
        self.sent, self.login = sent, login
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.at = self.marks = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        if self.login:
            transport.write(self.login)
        else:
            self.ready.set_result(None)

    def data_received(self, data: bytes) -> None:
        self.marks += data.count(0x7E)
        if not self.ready.done():
            if self.marks >= 2:
                self.marks = 0
                self.ready.set_result(None)
            return
        answered = self.marks // 2
        if answered >= len(self.sent):
            if not self.done.done():
                self.done.set_result(None)
        elif self.at - answered < WINDOW:
            self.send()

    def send(self) -> None:
        upto = min(len(self.sent), self.marks // 2 + WINDOW)
        self.transport.write(b"".join(self.sent[self.at : upto]))
        self.at = upto

    def connection_lost(self, error: Exception | None) -> None:
        for future in (self.ready, self.done):
            if not future.done():
                future.set_exception(error or ConnectionError("closed"))


async def run(port: int, terminals: int, each: int, login: bool) -> float:
    """Seconds from the first frame to the last answer."""
    loop = asyncio.get_running_loop()
    senders = []
    for n in range(terminals):
        hello = encode(m.Authentication(code(n)), phone(n), lambda: 0)[0] if login else None
        _, sender = await loop.create_connection(
            lambda n=n, hello=hello: Sender(frames(n, each), hello), "127.0.0.1", port
        )
        senders.append(sender)
    await asyncio.gather(*(sender.ready for sender in senders))
    begin = time.perf_counter()
    for sender in senders:
        sender.send()
    await asyncio.gather(*(sender.done for sender in senders))
    return time.perf_counter() - begin


def allow(connections: int) -> None:
    """Raise this process's limit of open files to what so many connections need.

    Raises:
        SystemExit: more than the machine allows; says what would.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + SPARE
    if hard != resource.RLIM_INFINITY and wanted > hard:
        raise SystemExit(
            f"{connections:,} connections need {wanted:,} open files, and {hard:,} are allowed: ulimit -Hn {wanted}"
        )
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def address(n: int) -> str:
    """Where the ``n``-th terminal connects from: 127.0.0.2 and on."""
    return f"127.0.0.{2 + n // AN_ADDRESS}"


class Reporting(asyncio.Protocol):
    """A terminal that signs in, and reports when it is told to."""

    def __init__(self, n: int, counts: dict[str, int]) -> None:
        self.n, self.counts, self.marks, self.serial = n, counts, 0, 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport
        transport.write(encode(m.Authentication(code(self.n)), phone(self.n), self._next)[0])  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        before, self.marks = self.marks // 2, self.marks + data.count(0x7E)
        heard = self.marks // 2 - before
        if before == 0 and heard:
            self.counts["connected"] += 1
            heard -= 1
        self.counts["acknowledged"] += heard

    def _next(self) -> int:
        self.serial += 1
        return self.serial

    def report(self) -> None:
        at = datetime.now(BEIJING).replace(microsecond=0)
        place = Location(at, 28_467_000 + self.n, 119_922_000 + self.n, speed=420)
        self.transport.write(encode(m.LocationReport(place), phone(self.n), self._next)[0])


async def crowd(port: int, first: int, last: int) -> dict[str, int]:
    """Terminals ``first`` to ``last``, connected all the time, each reporting ``REPORTS`` times; what was let in and acknowledged."""
    allow(last - first)
    loop, counts, there = asyncio.get_running_loop(), {"connected": 0, "acknowledged": 0}, []
    for n in range(first, last):
        _, terminal = await loop.create_connection(
            lambda n=n: Reporting(n, counts), "127.0.0.1", port, local_addr=(address(n), 0)
        )
        there.append(terminal)
        if n % 50 == 0:
            await asyncio.sleep(0.02)
    for _ in range(REPORTS):
        begin = time.monotonic()
        for n, terminal in enumerate(there):
            terminal.report()
            if n % 25 == 0:
                await asyncio.sleep(max(0, begin + INTERVAL * n / len(there) - time.monotonic()))
        await asyncio.sleep(max(0, begin + INTERVAL - time.monotonic()))
    await asyncio.sleep(5)
    return counts


if __name__ == "__main__":
    if sys.argv[1] == "CROWD":
        print(json.dumps(asyncio.run(crowd(*map(int, sys.argv[2:5])))))
    else:
        port, terminals, each = map(int, sys.argv[1:4])
        print(asyncio.run(run(port, terminals, each, "LOGIN" in sys.argv)))
