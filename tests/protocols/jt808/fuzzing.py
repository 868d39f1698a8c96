"""What the fuzz tests draw from, in the suite for seconds and in the endurance run for minutes."""

from __future__ import annotations

from datetime import UTC, date, datetime

from hypothesis import strategies as st

from shuzheng.protocols.jt808 import Edition, Frame, Frames, Location, Parts, ProtocolError, decode, encode, unpack
from shuzheng.protocols.jt808 import messages as m
from shuzheng.protocols.jt808.frames import RAW_MOST, VERSIONED, checksum, escape

byte, word, dword = (st.integers(0, 256**size - 1) for size in (1, 2, 4))
times = st.datetimes(datetime(2000, 1, 2), datetime(2099, 12, 30), timezones=st.just(UTC)).map(
    lambda at: at.replace(microsecond=0)
)
words = st.text(st.characters(codec="gb2312", exclude_categories=["Cc", "Cs", "Zs"]), max_size=2)
"""Two bytes each, so short enough for the narrowest field; spaces at the ends are padding."""
items = st.lists(st.tuples(byte, st.binary(max_size=12)), max_size=6).map(tuple)
locations = st.builds(Location, st.none() | times, dword, dword, dword, dword, word, word, word, items)
parameters = st.lists(st.tuples(dword, st.binary(max_size=20)), max_size=6).map(tuple)
numbers = st.lists(dword, max_size=6).map(tuple)
days = st.none() | st.dates(date(1000, 1, 1))

messages = st.one_of(
    st.builds(m.TerminalReply, word, word, byte),
    st.builds(m.PlatformReply, word, word, byte),
    st.sampled_from([m.Heartbeat(), m.Logout(), m.QueryParameters(), m.QueryLocation()]),
    st.builds(m.Registration, word, word, words, words, words, byte, words),
    st.builds(m.RegistrationReply, word, st.just(0), words),
    st.builds(m.Authentication, words, words, words),
    st.builds(m.LocationReport, locations),
    st.builds(m.LocationAnswer, word, locations),
    st.builds(m.LocationBatch, st.lists(locations, max_size=40).map(tuple), st.booleans()),
    st.builds(m.DriverIdentity, st.just(1), st.none() | times, st.just(0), words, words, words, days, words),
    st.builds(m.CameraReply, word, byte, numbers),
    st.builds(m.SetParameters, parameters),
    st.builds(m.Parameters, word, parameters),
    st.builds(m.QuerySome, numbers),
    st.builds(m.Text, words, byte, byte),
    st.builds(m.Follow, st.integers(1, 0xFFFF), dword),
    st.builds(m.SendAgain, word, st.lists(word, max_size=6).map(tuple)),
    st.builds(m.Unknown, st.integers(0x0900, 0x0F00), st.binary(max_size=3000)),
)

bodies = st.builds(
    Frame, st.sampled_from(sorted(m.KINDS)), st.just("1"), word, st.binary(max_size=1023), st.sampled_from([None, 1])
)


@st.composite
def framed(draw: st.DrawFn) -> bytes:
    """Bytes with a header that may be right and a checksum that is."""
    properties = draw(st.integers(0, 1023)) | draw(st.sampled_from([0, 0, VERSIONED, 1 << 13, 1 << 10, 1 << 15]))
    body = draw(st.binary(max_size=120))
    if draw(st.booleans()):
        properties = properties & ~1023 | max(0, len(body) - (15 if properties & VERSIONED else 8))
    raw = draw(word).to_bytes(2, "big") + properties.to_bytes(2, "big") + body
    return b"\x7e" + escape(raw + bytes((checksum(raw),))) + b"\x7e"


streams = st.lists(st.one_of(st.binary(max_size=60), framed(), st.just(b"\x7e")), max_size=8).map(b"".join)


def survives(stream: bytes, size: int) -> None:
    """Nothing but ``ProtocolError`` comes of ``stream``, arriving ``size`` bytes at a time, and little is kept."""
    cutter, parts = Frames(), Parts()
    for at in range(0, len(stream), size):
        for raw in cutter.feed(stream[at : at + size]):
            try:
                if whole := parts.add(unpack(raw)):
                    decode(whole[0])
            except ProtocolError as fault:
                assert fault.place and 0 <= fault.offset <= RAW_MOST * Parts.TOTAL
        assert len(cutter._rest) <= RAW_MOST
        assert len(parts._open) <= Parts.MESSAGES


def means_the_same(message: m.Message, edition: Edition) -> None:
    """Written and read again, through frames and parts, ``message`` is what it was, as far as the edition can say it."""
    serial = iter(range(0x10000))
    cutter, parts, read = Frames(), Parts(), []
    for raw in cutter.feed(b"".join(encode(message, "13900000001", lambda: next(serial), edition))):
        if whole := parts.add(unpack(raw)):
            read.append(decode(whole[0], edition))
    assert len(read) == 1
    if edition is Edition.Y2019:
        assert read[0] == message
    else:  # an older edition says less; what it did say stays
        assert read[0].write(edition) == message.write(edition)


def settles(frame: Frame, edition: Edition) -> None:
    """Whatever a body says, it says the same when it is written again."""
    try:
        message = decode(frame, edition)
        written = message.write(getattr(message, "edition", m.spoken(frame, edition)))
    except ProtocolError:
        return
    again = decode(Frame(frame.id, frame.phone, frame.serial, written, frame.version), edition)
    assert again == message
