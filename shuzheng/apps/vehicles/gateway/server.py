"""The TCP server of JT/T 808: lets terminals in, takes positions, acknowledges what the journal has on disk.

A terminal that is not in the register is refused when it registers; one that does not know its code, when it
authenticates; what anybody says before that is not taken. Nothing here asks the database: ``Terminals`` answers.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Protocol, TypeVar, cast
from uuid import UUID

from shuzheng.apps.vehicles.gateway import cards
from shuzheng.apps.vehicles.gateway.journal import Journal
from shuzheng.kernel import geo
from shuzheng.protocols.jt808 import Frame, Frames, Location, Parts, ProtocolError, decode, encode, unpack
from shuzheng.protocols.jt808 import messages as m
from shuzheng.protocols.jt808.frames import Edition
from shuzheng.protocols.jt808.location import FUEL, MILEAGE, SATELLITES

log = logging.getLogger(__name__)
T = TypeVar("T")

SWEEP_SECONDS = 10
STRANGER_SECONDS = 30
"""Within which a connection has to authenticate."""
SILENT_SECONDS = 900
"""After which a connection without a word is ended; heartbeats come every minute or so."""
LOOK_SECONDS = 60
"""How long a terminal that was put out of use may go on."""
FAULTS = 50
"""Faulty frames of one connection until it is ended."""
HELD = 64 * 1024 * 1024
"""Bytes that wait for the disk, past which nobody is read from."""
PAUSE = 1.0
"""Seconds until the disk is tried again."""
AHEAD = 24 * 3600
"""Seconds that a terminal's clock may be ahead; a position of next year would stand first for a year."""


@dataclass(frozen=True, slots=True)
class Known:
    """A terminal of the register: its vehicle and what it speaks."""

    terminal: UUID
    vehicle: UUID
    edition: Edition | None = None


class Terminals(Protocol):
    """Who is let in. ``register`` and ``authenticate`` may ask the database, and run beside the loop."""

    def register(self, phone: str, said: m.Registration) -> tuple[int, str]:
        """Result of the registration, and the code to authenticate with."""

    def authenticate(self, phone: str, code: str) -> Known | None:
        """The terminal, if the code is its code."""

    def refresh(self) -> None:
        """Look into the register again."""

    def admits(self, phone: str, known: Known) -> bool:
        """Whether a terminal that was let in still may stay; asks nobody."""


class Commands(Protocol):
    """What the terminals that are connected are told (``gateway.commands``)."""

    def arrived(self, terminal: UUID) -> None:
        """A terminal has signed in."""

    def answered(self, terminal: UUID, message: m.Message) -> None:
        """A terminal said what may be an answer."""

    async def run(self, server: Server) -> None:
        """Send what there is, until cancelled."""


@dataclass
class Counts:
    """What the server has done; told in the log every minute."""

    messages: int = 0
    positions: int = 0
    unplaced: int = 0
    faults: int = 0
    refused: int = 0
    groups: int = 0


def line_of(vehicle: UUID, location: Location, received: float, late: bool) -> bytes | None:
    """A position as a line of the journal, which is a line of COPY; None without a fix, a clock, or for a time to come.

    vehicle, epoch seconds, longitude and latitude in millionths of a degree (WGS-84), altitude m, speed 0.1 km/h,
    direction, status, alarm, mileage 0.1 km, fuel 0.1 l, satellites, milliseconds of receipt, whether late.
    """
    if not location.fixed or location.at is None:
        return None
    at = int(location.at.timestamp())
    if at > received + AHEAD:
        return None
    lon, lat = location.longitude, location.latitude
    if location.shifted:
        lon, lat = geo.wgs84((lon, lat))
    items = dict(reversed(location.items))  # of two alike the first counts
    return _LINE % (
        _text(vehicle), at, round(lon * 1e6), round(lat * 1e6), location.altitude, location.speed, location.direction,
        location.status, location.alarm, _number(items, MILEAGE, 4), _number(items, FUEL, 2), _number(items, SATELLITES, 1),
        received * 1000, b"t" if late else b"f",
    )  # fmt: skip


_LINE = b"\t".join([b"%b", *[b"%d"] * 8, b"%b", b"%b", b"%b", b"%d", b"%b"]) + b"\n"


@lru_cache(maxsize=65_536)
def _text(vehicle: UUID) -> bytes:
    return str(vehicle).encode()


def _number(items: dict[int, bytes], number: int, size: int) -> bytes:
    """An item's number as COPY wants it; nothing when it is not there, or not of its size."""
    value = items.get(number, b"")
    return b"%d" % int.from_bytes(value, "big") if len(value) == size else b""


@dataclass
class Server:
    """All connections of one process, and the group commit of what they say."""

    terminals: Terminals
    journal: Journal
    counts: Counts = field(default_factory=Counts)
    asked: Callable[[], None] = lambda: None
    """Called in the thread that has asked ``terminals``, after it has."""
    commands: Commands | None = None
    beside: Sequence[Callable[[Server], Coroutine[Any, Any, None]]] = ()
    """What else runs as long as the server does."""

    def __post_init__(self) -> None:
        self.connections: set[Connection] = set()
        self.by_phone: dict[str, Connection] = {}
        self.spoken: set[Connection] = set()
        """Those that have something to send."""
        self._lines: list[bytes] = []
        self._acks: list[Callable[[], None]] = []
        self._size = 0
        self._wake = asyncio.Event()
        self._disk = ThreadPoolExecutor(1, "journal")
        self.asking = ThreadPoolExecutor(2, "terminals")

    def ask(self, question: Callable[[], T]) -> asyncio.Future[T]:
        """Ask the register of terminals, beside the loop."""

        def run() -> T:
            try:
                return question()
            finally:
                self.asked()

        return asyncio.get_running_loop().run_in_executor(self.asking, run)

    def keep(self, lines: list[bytes], done: Callable[[], None]) -> None:
        """Have ``lines`` written; ``done`` is called when they are on disk."""
        self._lines += lines
        self._size += sum(map(len, lines))
        self._acks.append(done)
        self._wake.set()
        if self._size > HELD:
            for connection in self.connections:
                connection.pause()

    async def run(self, host: str, port: int, *, ready: Callable[[int], None] = lambda port: None) -> None:
        """Listen until cancelled; other processes may listen on the same port. ``ready`` is told the port."""
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Connection(self), host, port, reuse_port=True, backlog=1024)
        ready(server.sockets[0].getsockname()[1])
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._commit())
                group.create_task(self._sweep())
                if self.commands:
                    group.create_task(self.commands.run(self))
                for work in self.beside:
                    group.create_task(work(self))
        finally:
            server.close()
            for connection in list(self.connections):
                connection.end()
            self._disk.shutdown()
            self.asking.shutdown(wait=False)

    async def _commit(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._wake.wait()
            self._wake.clear()
            lines, acks, held = self._lines, self._acks, self._size > HELD
            self._lines, self._acks, self._size = [], [], 0
            if lines:
                await self._on_disk(loop, b"".join(lines))
                self.counts.groups += 1
            for done in acks:
                done()
            for connection in list(self.spoken):
                connection.flush()
            if held:
                for connection in self.connections:
                    connection.resume()

    async def _on_disk(self, loop: asyncio.AbstractEventLoop, lines: bytes) -> None:
        """Write, however long the disk is full: nothing is acknowledged meanwhile, so the terminals keep it too."""
        while True:
            try:
                await loop.run_in_executor(self._disk, self.journal.write, lines)
                return
            except OSError as error:
                log.error("journal: %s; trying again in %.0f s", error, PAUSE)
                await asyncio.sleep(PAUSE)

    async def _sweep(self) -> None:
        """End connections that are silent, strange for too long, or of terminals that are no longer let in."""
        looked = time.monotonic()
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            now = time.monotonic()
            if now - looked > LOOK_SECONDS:
                await self.ask(self.terminals.refresh)
                looked = now
                log.info("%d connections; so far: %s", len(self.connections), self.counts)
            for connection in list(self.connections):
                limit = SILENT_SECONDS if connection.known else STRANGER_SECONDS
                gone = connection.known and not self.terminals.admits(connection.phone, connection.known)
                if now - connection.heard > limit or gone:
                    connection.end()


class Connection(asyncio.Protocol):
    """One terminal's connection."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.known: Known | None = None
        self.phone = ""
        self.version: int | None = None
        self.heard = time.monotonic()
        self._frames, self._parts = Frames(), Parts()
        self._faults, self._serial = 0, -1
        self._out: list[bytes] = []
        self._paused = self._asking = False
        self._transport: asyncio.Transport | None = None

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self.server.connections.add(self)

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        self.server.connections.discard(self)
        self.server.spoken.discard(self)
        if self.server.by_phone.get(self.phone) is self:
            del self.server.by_phone[self.phone]

    def data_received(self, data: bytes) -> None:
        self.heard = time.monotonic()
        for raw in self._frames.feed(data):
            try:
                frame = unpack(raw)
                if frame.part and self.known is None:
                    raise ProtocolError("parts", "from a stranger, who has nothing long to say")
                if whole := self._parts.add(frame):
                    self._take(*whole)
            except ProtocolError as fault:
                self.server.counts.faults += 1
                self._faults += 1
                if self._faults == 1:
                    log.warning("a faulty frame from %s: %s", self.phone or "a stranger", fault)
                if self._faults > FAULTS:
                    self.end()
                    return
        self.flush()

    def pause(self) -> None:
        if self._transport and not self._paused:
            self._paused = True
            self._transport.pause_reading()

    def resume(self) -> None:
        if self._transport and self._paused:
            self._paused = False
            self._transport.resume_reading()

    def end(self) -> None:
        if self._transport:
            self._transport.close()

    def flush(self) -> None:
        """Send what was said meanwhile, in one piece."""
        self.server.spoken.discard(self)
        if self._out:
            if self._transport:
                self._transport.write(b"".join(self._out))
            self._out.clear()

    # what is said

    def _next(self) -> int:
        self._serial = (self._serial + 1) & 0xFFFF
        return self._serial

    def say(self, message: m.Message) -> int:
        """Queue a message; ``flush`` sends it. Its serial number, by which answers name it."""
        edition = Edition.Y2013 if self.version is None else Edition.Y2019
        frames = encode(message, self.phone, self._next, edition, self.version or 1)
        self._out += frames
        self.server.spoken.add(self)
        return (self._serial - len(frames) + 1) & 0xFFFF

    def _answer(self, frame: Frame, serials: list[int], result: int) -> None:
        for serial in serials:
            self.say(m.PlatformReply(serial, frame.id, result))

    def _take(self, frame: Frame, serials: list[int]) -> None:
        self.server.counts.messages += 1
        if self.known is None:
            self.phone, self.version = frame.phone, frame.version
        elif frame.phone != self.phone:
            raise ProtocolError("phone", f"{frame.phone} on the connection of {self.phone}")
        message = decode(frame, self.known.edition if self.known else None)
        match message:
            case m.LocationReport(location) if self.known:
                self._keep(self.known, frame, serials, (location,), late=False)
            case m.LocationBatch(locations, _) if self.known:
                self._keep(self.known, frame, serials, locations, late=True)
            case m.LocationAnswer(_, location) if self.known:
                self._keep(self.known, frame, [], (location,), late=False)
                self._answered(message)
            case m.Registration():
                self._beside(lambda: self.server.terminals.register(frame.phone, message), self._registered, frame)
            case m.Authentication(code):
                self._beside(lambda: self.server.terminals.authenticate(frame.phone, code), self._authenticated, frame)
            case m.TerminalReply() | m.Parameters() | m.Properties():
                self._answered(message)
            case m.DriverIdentity() if self.known:
                line = cards.line_of(self.known.vehicle, message, time.time(), AHEAD)
                self.server.keep([line], lambda: self._answer(frame, serials, m.OK))
            case m.Heartbeat() | m.Logout() if self.known:
                self._answer(frame, serials, m.OK)
            case _:
                self._answer(frame, serials, m.UNSUPPORTED if self.known else m.FAILED)

    def _keep(
        self, known: Known, frame: Frame, serials: list[int], locations: tuple[Location, ...], *, late: bool
    ) -> None:
        now, vehicle = time.time(), known.vehicle
        lines = [line for location in locations if (line := line_of(vehicle, location, now, late))]
        self.server.counts.positions += len(lines)
        self.server.counts.unplaced += len(locations) - len(lines)
        self.server.keep(lines, lambda: self._answer(frame, serials, m.OK))

    def _answered(self, message: m.Message) -> None:
        if self.known and self.server.commands:
            self.server.commands.answered(self.known.terminal, message)

    def _beside(self, ask: Callable[[], T], then: Callable[[Frame, T], None], frame: Frame) -> None:
        """Ask in another thread, and go on with the answer here; one question at a time.

        Raises:
            ProtocolError: the one before is not answered yet.
        """
        if self._asking:
            raise ProtocolError("order", "before the last question was answered")
        self._asking = True
        future = self.server.ask(ask)

        def answered(done: asyncio.Future[T]) -> None:
            self._asking = False
            if done.cancelled():
                return
            if error := done.exception():
                log.error("the register of terminals is away: %s", error)
                self._answer(frame, [frame.serial], m.FAILED)
                self.flush()
                self.end()  # the terminal comes again
                return
            then(frame, done.result())
            self.flush()

        future.add_done_callback(answered)

    def _registered(self, frame: Frame, answer: tuple[int, str]) -> None:
        result, code = answer
        self.server.counts.refused += result != m.REGISTERED
        self.say(m.RegistrationReply(frame.serial, result, code))

    def _authenticated(self, frame: Frame, known: Known | None) -> None:
        self.server.counts.refused += known is None
        if known is not None:
            self.known = known
            if (before := self.server.by_phone.get(frame.phone)) is not None and before is not self:
                before.end()
            self.server.by_phone[frame.phone] = self
            if self.server.commands:
                self.server.commands.arrived(known.terminal)
        self._answer(frame, [frame.serial], m.OK if known else m.FAILED)
