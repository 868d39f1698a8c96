"""The gateway without a database: who is let in, and that nothing is acknowledged that is not on disk."""

from __future__ import annotations

import asyncio
import errno
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from shuzheng.apps.vehicles.gateway import server as gateway
from shuzheng.apps.vehicles.gateway.journal import Journal, Place
from shuzheng.protocols.jt808 import Edition, Frame, Location, pack, unpack
from shuzheng.protocols.jt808 import messages as m
from shuzheng.protocols.jt808.fields import BEIJING
from shuzheng.protocols.jt808.location import SHIFTED, number_item
from shuzheng.protocols.jt808.simulator import Terminal, drive

CAR = UUID(int=7)
BEGIN = datetime(2026, 11, 23, 8, 0, tzinfo=BEIJING)


def place(n: int) -> Location:
    return Location(BEGIN + timedelta(seconds=10 * n), 39_900_000 + n, 116_400_000 + n, speed=400)


class Register:
    """Two numbers are known; the code is made at registration."""

    def register(self, phone: str, said: m.Registration) -> tuple[int, str]:
        return (m.REGISTERED, f"code-{phone}") if phone.startswith("139") else (m.NO_TERMINAL, "")

    def authenticate(self, phone: str, code: str) -> gateway.Known | None:
        return gateway.Known(UUID(int=1), CAR) if code == f"code-{phone}" else None

    def refresh(self) -> None:
        self.looked = True

    def admits(self, phone: str, known: gateway.Known) -> bool:
        return not getattr(self, "looked", False)


async def route(n: int) -> AsyncIterator[Location]:
    for i in range(n):
        yield place(i)
        await asyncio.sleep(0)


def served(journal: Journal, talk: Callable[[gateway.Server, int], Awaitable[None]]) -> gateway.Server:
    """Run a server and ``talk`` with it."""

    async def run() -> gateway.Server:
        server = gateway.Server(Register(), journal)
        port: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        running = asyncio.create_task(server.run("127.0.0.1", 0, ready=port.set_result))
        try:
            await asyncio.wait_for(talk(server, await port), 20)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
        return server

    return asyncio.run(run())


def kept(journal: Journal) -> list[list[str]]:
    return [line.split("\t") for line in journal.read(1 << 30)[0].decode().splitlines()]


@pytest.mark.parametrize("edition", list(Edition))
def test_a_terminal_registers_and_its_positions_are_on_disk_when_it_hears_so(edition: Edition, tmp_path: Path) -> None:
    journal, terminal = Journal(tmp_path), Terminal("13900000001", edition=edition)

    async def talk(server: gateway.Server, port: int) -> None:
        await drive(terminal, "127.0.0.1", port, route(100))

    server = served(journal, talk)
    lines = kept(journal)
    assert terminal.stored == 100 and server.counts.positions == 100 and server.counts.groups < 100
    assert [int(line[1]) for line in lines] == [int(place(n).at.timestamp()) for n in range(100)]  # type: ignore[union-attr]
    assert lines[3][:7] == [str(CAR), str(int(place(3).at.timestamp())), "116400003", "39900003", "0", "400", "0"]  # type: ignore[union-attr]


def test_what_asks_for_nothing_is_acknowledged_and_what_is_not_taken_is_refused_politely(tmp_path: Path) -> None:
    async def talk(server: gateway.Server, port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)

        async def hear(message: m.Message) -> m.Message:
            writer.write(m.encode(message, "13900000001", lambda: 5)[0])
            raw = await reader.readuntil(b"\x7e") + await reader.readuntil(b"\x7e")
            return m.decode(unpack(raw))

        registered = await hear(m.Registration(11, 100, "M", "M", "T", 1, "京A1"))
        assert isinstance(registered, m.RegistrationReply) and registered.result == m.REGISTERED
        assert await hear(m.Authentication(registered.code)) == m.PlatformReply(5, 0x0102, m.OK)
        for message, result in ((m.Heartbeat(), m.OK), (m.Logout(), m.OK), (m.CameraReply(1, 0), m.UNSUPPORTED)):
            assert await hear(message) == m.PlatformReply(5, message.id, result)
        writer.close()

    served(Journal(tmp_path), talk)


def test_strangers_are_refused(tmp_path: Path) -> None:
    async def hear(port: int, message: m.Message, edition: Edition = Edition.Y2019) -> m.Message:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(m.encode(message, "13800000009", lambda: 5, edition)[0])
        raw = await reader.readuntil(b"\x7e")
        raw += await reader.readuntil(b"\x7e")
        writer.close()
        return m.decode(unpack(raw))

    async def talk(server: gateway.Server, port: int) -> None:
        said = m.Registration(11, 100, "M", "M", "T", 1, "京A1")
        assert await hear(port, said) == m.RegistrationReply(5, m.NO_TERMINAL)
        assert await hear(port, m.Authentication("guess")) == m.PlatformReply(5, 0x0102, m.FAILED)
        assert await hear(port, m.LocationReport(place(0)), Edition.Y2013) == m.PlatformReply(5, 0x0200, m.FAILED)
        assert server.counts.refused == 2 and server.counts.positions == 0
        with pytest.raises(ConnectionRefusedError):
            await drive(Terminal("13800000009"), "127.0.0.1", port, route(1))

    journal = Journal(tmp_path)
    served(journal, talk)
    assert kept(journal) == []


def test_while_the_disk_is_full_nothing_is_acknowledged_and_nothing_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal, terminal = Journal(tmp_path), Terminal("13900000001")
    full, write = threading.Event(), journal.write
    full.set()

    def sometimes(lines: bytes) -> None:
        if full.is_set():
            raise OSError(errno.ENOSPC, "no space")
        write(lines)

    monkeypatch.setattr(journal, "write", sometimes)
    monkeypatch.setattr(gateway, "PAUSE", 0.02)

    async def talk(server: gateway.Server, port: int) -> None:
        driving = asyncio.create_task(drive(terminal, "127.0.0.1", port, route(20)))
        while server.counts.positions < 20:
            await asyncio.sleep(0.01)
        assert terminal.stored == 0
        full.clear()
        await driving

    served(journal, talk)
    assert terminal.stored == 20 and len(kept(journal)) == 20


def test_a_terminal_that_was_put_out_of_use_is_let_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway, "SWEEP_SECONDS", 0.05)
    monkeypatch.setattr(gateway, "LOOK_SECONDS", 0.1)

    async def talk(server: gateway.Server, port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(m.encode(m.Authentication("code-13900000001"), "13900000001", lambda: 1)[0])
        assert len(await reader.readuntil(b"\x7e")) == 1
        while await reader.read(1000):
            pass
        assert server.connections == set() and server.by_phone == {}

    served(Journal(tmp_path), talk)


def test_faulty_frames_are_counted_and_end_the_connection_at_last(tmp_path: Path) -> None:
    async def talk(server: gateway.Server, port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"\x7e\x01\x02\x03" * (gateway.FAULTS + 5) + b"\x7e")
        assert await reader.read() == b""
        assert server.counts.faults == gateway.FAULTS + 1
        # A stranger has no long messages, and asks one thing at a time.
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        hello = m.encode(m.Authentication("guess"), "13800000009", lambda: 5)[0]
        writer.write(pack(Frame(0x0704, "13800000009", 1, b"x", 1, (1, 200))) + hello * (gateway.FAULTS + 5))
        assert len(m.encode(m.PlatformReply(5, 0x0102, 1), "13800000009", lambda: 0)[0]) >= len(await reader.read())
        assert server.connections == set()

    served(Journal(tmp_path), talk)


def test_a_position_without_a_place_or_a_time_is_no_line() -> None:
    now = BEGIN.timestamp() + 60
    line = gateway.line_of
    assert line(CAR, Location(None, 1, 1), now, False) is None
    assert line(CAR, Location(BEGIN, 1, 1, status=1), now, False) is None  # no satellites
    assert line(CAR, Location(BEGIN, 119_552_894, 40_058_359), now, False) is None  # there is no 119° north
    assert line(CAR, Location(BEGIN + timedelta(days=3), 1, 1), now, False) is None
    whole = line(
        CAR, Location(BEGIN, 39_913_345, 116_384_047, status=3 | SHIFTED, items=(number_item(1, 99, 4),)), now, True
    )
    assert whole is not None
    values = whole.decode().rstrip("\n").split("\t")
    assert values[2:4] == ["116377817", "39911954"]  # shifted back (tests/kernel/test_geo.py has the published pair)
    assert values[9:12] == ["99", "", ""] and values[13] == "t"


class TestJournal:
    """What is written stays until it is stored, whatever happens in between."""

    def test_it_gives_back_in_order_and_forgets_what_is_stored(self, tmp_path: Path) -> None:
        journal = Journal(tmp_path, segment=200)
        for n in range(50):
            journal.write(b"line %d\n" % n)
        lines, behind = journal.read(100)
        assert lines.startswith(b"line 0\n") and 100 <= len(lines) < 120
        assert journal.read(100)[0] == lines  # not stored yet
        rest = b""
        while lines:
            rest += lines
            journal.stored(behind)
            lines, behind = journal.read(100)
        assert rest == b"".join(b"line %d\n" % n for n in range(50))
        assert journal.waiting == 0 and len(list(tmp_path.glob("*.journal"))) == 1

    def test_after_a_crash_it_goes_on_where_it_was(self, tmp_path: Path) -> None:
        first = Journal(tmp_path)
        first.write(b"a\n")
        first.stored(first.read(1)[1])
        first.write(b"b\n")
        first.write(b"c\n")
        first.close()
        last = next(tmp_path.glob("*.journal"))
        with last.open("ab") as file:
            file.write(b"SZJ1\0\0\0\x09torn")
        again = Journal(tmp_path)
        assert again.read(100)[0] == b"b\nc\n" and again.waiting > 0 and again.news.is_set()
        again.write(b"d\n")
        assert again.read(100)[0] == b"b\nc\nd\n"

    def test_without_its_note_all_is_read_again(self, tmp_path: Path) -> None:
        journal = Journal(tmp_path)
        journal.write(b"a\n")
        journal.stored(journal.read(1)[1])
        (tmp_path / "stored").write_text("nonsense")
        assert Journal(tmp_path).read(100) == (b"a\n", Place(0, 14))

    def test_a_write_that_fails_leaves_no_half(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        journal = Journal(tmp_path)
        journal.write(b"a\n")
        broken = pytest.MonkeyPatch()
        broken.setattr("os.fdatasync", lambda number: (_ for _ in ()).throw(OSError(errno.EIO, "broken")))
        with pytest.raises(OSError, match="broken"):
            journal.write(b"lost\n")
        broken.undo()
        journal.write(b"b\n")
        assert Journal(tmp_path).read(100)[0] == b"a\nb\n"
