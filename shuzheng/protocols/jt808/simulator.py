"""A terminal as it drives about: registers, authenticates, reports, keeps what it could not send, answers commands.

Without a network of its own: ``receive`` takes what the platform said, ``take`` gives what is to be sent. ``drive`` runs
it over a TCP connection.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterable, Callable
from dataclasses import dataclass, field

from shuzheng.protocols.jt808 import messages as m
from shuzheng.protocols.jt808.errors import ProtocolError
from shuzheng.protocols.jt808.frames import Edition, Frames, Parts, unpack
from shuzheng.protocols.jt808.location import Location

BATCH = 20
"""Positions of one upload afterwards: fits one frame."""
MEMORY = 10_000
"""Positions that are kept while there is no network; the oldest is given up first."""


@dataclass
class Terminal:
    """One terminal. ``code`` is what it authenticates with; without one it registers first.

    ``stored`` counts positions that the platform has acknowledged; ``waiting`` are those that it has not.
    """

    phone: str
    plate: str = "京A00001"
    edition: Edition = Edition.Y2019
    code: str = ""
    parameters: dict[int, bytes] = field(default_factory=dict)
    authenticated: bool = False
    refused: int | None = None
    stored: int = 0
    texts: list[str] = field(default_factory=list)
    here: Location | None = None

    def __post_init__(self) -> None:
        self._serial = -1
        self._frames, self._parts = Frames(), Parts()
        self._out: deque[bytes] = deque()
        self._unsent: deque[Location] = deque(maxlen=MEMORY)
        self._asked: dict[int, tuple[Location, ...]] = {}

    @property
    def waiting(self) -> int:
        return len(self._unsent) + sum(map(len, self._asked.values()))

    def _next(self) -> int:
        self._serial = (self._serial + 1) & 0xFFFF
        return self._serial

    def say(self, message: m.Message) -> int:
        """Queue a message; its serial number."""
        frames = m.encode(message, self.phone, self._next, self.edition)
        self._out.extend(frames)
        return (self._serial - len(frames) + 1) & 0xFFFF

    def take(self) -> bytes:
        """All that is to be sent now."""
        piece = b"".join(self._out)
        self._out.clear()
        return piece

    def connected(self) -> None:
        """A new connection: what was said on the one before and not acknowledged is kept, to be sent again."""
        for locations in self._asked.values():
            self._unsent.extend(locations)
        self._asked.clear()
        self._out.clear()
        self._frames, self._parts, self.authenticated = Frames(), Parts(), False
        if self.code:
            self.say(m.Authentication(self.code, "860000000000000", "sim-1"))
        else:
            self.say(m.Registration(11, 100, "SIM", "SZ-808", self.phone[-7:], 1, self.plate, self.edition))

    def report(self, location: Location) -> None:
        """Send a position, or keep it until there is a connection that knows us."""
        self.here = location
        if not self.authenticated:
            self._unsent.append(location)
            return
        self._asked[self.say(m.LocationReport(location))] = (location,)

    def _upload(self) -> None:
        while self._unsent:
            batch = tuple(self._unsent.popleft() for _ in range(min(BATCH, len(self._unsent))))
            self._asked[self.say(m.LocationBatch(batch, blind=True))] = batch

    def receive(self, data: bytes) -> None:
        """What the platform sent. Frames that are none are passed over, as a terminal does."""
        for raw in self._frames.feed(data):
            with contextlib.suppress(ProtocolError):
                if whole := self._parts.add(unpack(raw)):
                    self._understand(m.decode(whole[0], self.edition), whole[0].serial)

    def _understand(self, message: m.Message, serial: int) -> None:
        match message:
            case m.PlatformReply(number=m.Authentication.id, result=m.OK):
                self.authenticated = True
                self._upload()
            case m.PlatformReply(number=m.Authentication.id, result=result):
                self.refused, self.code = result, ""
            case m.PlatformReply(serial=told, result=m.OK) if told in self._asked:
                self.stored += len(self._asked.pop(told))
            case m.PlatformReply():
                pass
            case m.RegistrationReply(result=m.REGISTERED, code=code):
                self.code = code
                self.say(m.Authentication(code, "860000000000000", "sim-1"))
            case m.RegistrationReply(result=result):
                self.refused = result
            case m.SetParameters(parameters=parameters):
                self.parameters.update(parameters)
                self.say(m.TerminalReply(serial, m.SetParameters.id))
            case m.QueryParameters():
                self.say(m.Parameters(serial, tuple(sorted(self.parameters.items()))))
            case m.QuerySome(numbers=numbers):
                known = tuple((n, self.parameters[n]) for n in numbers if n in self.parameters)
                self.say(m.Parameters(serial, known))
            case m.QueryProperties() if self.edition is not Edition.Y2011:
                terminal = self.phone[-7:]
                self.say(m.Properties(0b101, "SIM", "SZ-808", terminal, self.phone.zfill(20), "hw-1", "sim-1", 0b11, 1))
            case m.QueryLocation() if self.here is not None:
                self.say(m.LocationAnswer(serial, self.here))
            case m.Text(text=text):
                self.texts.append(text)
                self.say(m.TerminalReply(serial, m.Text.id))
            case _:
                number = message.number if isinstance(message, m.Unknown) else message.id
                self.say(m.TerminalReply(serial, number, m.UNSUPPORTED))


async def drive(
    terminal: Terminal, host: str, port: int, route: AsyncIterable[Location], *, patience: float = 1.0,
    heard: Callable[[], None] = lambda: None,
) -> None:  # fmt: skip
    """Report along ``route``, connecting again whenever the connection ends; returns when all is acknowledged.

    Raises:
        ConnectionRefusedError: the platform refuses the terminal (``terminal.refused``).
    """
    over = asyncio.Event()

    async def feed() -> None:
        async for location in route:
            terminal.report(location)
            news.set()
        over.set()
        news.set()

    news = asyncio.Event()
    feeding = asyncio.create_task(feed())
    try:
        while not (over.is_set() and terminal.waiting == 0):
            try:
                reader, writer = await asyncio.open_connection(host, port)
            except OSError:
                await asyncio.sleep(patience)
                continue
            try:
                await _talk(terminal, reader, writer, news, over, heard)
            except OSError:
                await asyncio.sleep(patience)
            finally:
                writer.close()
            if terminal.refused is not None:
                raise ConnectionRefusedError(f"{terminal.phone}: refused with {terminal.refused}")
    finally:
        feeding.cancel()


async def _talk(
    terminal: Terminal, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, news: asyncio.Event,
    over: asyncio.Event, heard: Callable[[], None],
) -> None:  # fmt: skip
    terminal.connected()

    async def listen() -> None:
        while data := await reader.read(65536):
            terminal.receive(data)
            heard()
            news.set()
        over_there.set()
        news.set()

    over_there = asyncio.Event()
    listening = asyncio.create_task(listen())
    try:
        while not over_there.is_set() and terminal.refused is None:
            news.clear()
            if piece := terminal.take():
                writer.write(piece)
                await writer.drain()
            if over.is_set() and terminal.waiting == 0:
                return
            await news.wait()
    finally:
        listening.cancel()
        with contextlib.suppress(asyncio.CancelledError, OSError):
            await listening
