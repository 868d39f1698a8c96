"""The simulated terminal does what a terminal does: it is what the gateway is tested with, so it is held to the protocol."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from shuzheng.protocols.jt808 import Edition, Frames, Location, Message, decode, encode, unpack
from shuzheng.protocols.jt808 import messages as m
from shuzheng.protocols.jt808.fields import BEIJING
from shuzheng.protocols.jt808.simulator import Terminal

BEGIN = datetime(2026, 11, 22, 8, 0, tzinfo=BEIJING)


def place(n: int) -> Location:
    return Location(BEGIN + timedelta(seconds=10 * n), 39_900_000 + n, 116_400_000 + n)


class Platform:
    """The other end, as short as can be: says what the terminal said, and answers what it is told to."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal, self.serial = terminal, -1

    def hear(self) -> list[tuple[Message, int]]:
        frames = [unpack(raw) for raw in Frames().feed(self.terminal.take())]
        return [(decode(frame, self.terminal.edition), frame.serial) for frame in frames]

    def say(self, message: Message) -> None:
        self.serial += 1
        for raw in encode(message, self.terminal.phone, lambda: self.serial, self.terminal.edition):
            self.terminal.receive(raw)

    def let_in(self) -> None:
        self.terminal.connected()
        ((registration, serial),) = self.hear()
        assert isinstance(registration, m.Registration)
        self.say(m.RegistrationReply(serial, m.REGISTERED, "secret"))
        ((authentication, serial),) = self.hear()
        assert isinstance(authentication, m.Authentication) and authentication.code == "secret"
        self.say(m.PlatformReply(serial, m.Authentication.id))


@pytest.mark.parametrize("edition", list(Edition))
def test_it_registers_reports_and_uploads_what_it_kept(edition: Edition) -> None:
    terminal = Terminal("13900000001", edition=edition)
    platform = Platform(terminal)
    for n in range(45):  # no network yet
        terminal.report(place(n))
    platform.let_in()
    kept = platform.hear()
    assert [len(batch.locations) for batch, _ in kept if isinstance(batch, m.LocationBatch) and batch.blind] == [
        20,
        20,
        5,
    ]
    for _, serial in kept[:2]:
        platform.say(m.PlatformReply(serial, m.LocationBatch.id))
    assert (terminal.stored, terminal.waiting) == (40, 5)

    terminal.report(place(45))
    assert [type(message) for message, _ in platform.hear()] == [m.LocationReport]
    terminal.connected()  # the line broke before the last two were acknowledged: both are sent again
    ((_, serial),) = platform.hear()
    platform.say(m.PlatformReply(serial, m.Authentication.id))
    ((again, serial),) = platform.hear()
    assert isinstance(again, m.LocationBatch) and again.locations == tuple(place(n) for n in range(40, 46))
    platform.say(m.PlatformReply(serial, m.LocationBatch.id))
    assert (terminal.stored, terminal.waiting) == (46, 0)


def test_it_answers_commands() -> None:
    terminal = Terminal("13900000001", parameters={0x0029: b"\0\0\0\x1e"})
    platform = Platform(terminal)
    platform.let_in()
    terminal.report(place(1))
    platform.hear()
    for message in (
        m.SetParameters(((0x0055, b"\0\0\0\x50"),)), m.QueryParameters(), m.QuerySome((0x0055, 0x0099)), m.QueryLocation(),
        m.Text("回单位"), m.Unknown(0x8801, b""),
    ):  # fmt: skip
        platform.say(message)
    speed = (0x0055, b"\0\0\0\x50")
    assert [message for message, _ in platform.hear()] == [
        m.TerminalReply(2, 0x8103),
        m.Parameters(3, ((0x0029, b"\0\0\0\x1e"), speed)),
        m.Parameters(4, (speed,)),
        m.LocationAnswer(5, place(1)),
        m.TerminalReply(6, 0x8300),
        m.TerminalReply(7, 0x8801, m.UNSUPPORTED),
    ]
    assert terminal.texts == ["回单位"]


def test_one_that_is_refused_says_so() -> None:
    terminal = Terminal("13900000001")
    platform = Platform(terminal)
    terminal.connected()
    ((_, serial),) = platform.hear()
    platform.say(m.RegistrationReply(serial, m.NO_TERMINAL))
    assert (terminal.refused, platform.hear()) == (m.NO_TERMINAL, [])
