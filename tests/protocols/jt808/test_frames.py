"""Frames on the wire: a stream is cut, parts are put together, what is wrong is refused by name."""

from __future__ import annotations

import pytest

from shuzheng.protocols.jt808 import (
    Edition,
    Frame,
    Frames,
    Location,
    Parts,
    ProtocolError,
    decode,
    encode,
    pack,
    unpack,
)
from shuzheng.protocols.jt808 import messages as m
from shuzheng.protocols.jt808.frames import PART, RAW_MOST, checksum
from tests.protocols.jt808.test_published import SMALLCHI_1

BEAT = pack(Frame(0x0002, "13800000000", 7))


def sent(message: m.Message, edition: Edition = Edition.Y2019, first: int = 0xFFFE) -> list[bytes]:
    serial = iter(n & 0xFFFF for n in range(first, first + 1000))
    return encode(message, "13800000000", lambda: next(serial), edition)


def test_a_stream_is_cut_wherever_it_breaks() -> None:
    stream = b"rubbish" + BEAT + BEAT[:-1] + BEAT + b"\x7e\x7e" + BEAT  # two of them share a mark
    whole = Frames().feed(stream)
    assert whole == [BEAT[1:-1]] * 4
    for size in (1, 2, 3, 7, 20):
        cutter = Frames()
        pieces = [found for at in range(0, len(stream), size) for found in cutter.feed(stream[at : at + size])]
        assert pieces == whole
        assert cutter.dropped == len(b"rubbish")


def test_a_stream_without_an_end_is_not_kept() -> None:
    cutter = Frames()
    for _ in range(100):
        assert cutter.feed(b"\x7e" + b"\x01" * RAW_MOST * 10) == []
        assert len(cutter._rest) <= RAW_MOST
    assert cutter.feed(BEAT) == [BEAT[1:-1]]
    assert Frames().feed(b"\x7e" + b"\x01" * (RAW_MOST + 1) + b"\x7e") == []


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 8, 9, 31, 32, 33, 1023])
def test_the_checksum_is_the_xor_of_all_bytes(size: int) -> None:
    raw = bytes((n * 37 + 11) & 0xFF for n in range(size))
    by_hand = 0
    for byte in raw:
        by_hand ^= byte
    assert checksum(raw) == by_hand


def _with(raw: bytes, at: int, byte: int) -> bytes:
    """The frame with another byte, and the checksum made right again."""
    body = bytearray(raw[1:-2])
    body[at] = byte
    return bytes((0x7E, *body, checksum(bytes(body)), 0x7E))


@pytest.mark.parametrize(
    ("raw", "place", "why"),
    [
        (b"", "header", "0 bytes"),
        (b"\x7e\x00\x02\x7e", "header", "2 bytes"),
        (BEAT[:-2] + bytes((BEAT[-2] ^ 1,)) + b"\x7e", "checksum", "instead of"),
        (BEAT[:5] + b"\x7d\x03" + BEAT[5:], "escape", "neither"),
        (_with(BEAT, 2, 0x04), "properties", "encrypted by RSA, which is not taken"),
        (_with(BEAT, 2, 0x08), "properties", "encrypted by method 2, which is not taken"),
        (_with(BEAT, 3, 0x05), "length", "5 announced, 0 here"),
        (_with(BEAT, 4, 0xAB), "phone", "not BCD"),
        (_with(BEAT, 2, PART >> 8), "parts", "missing"),
        (_with(BEAT, 2, 0x40), "header", "13 bytes"),
        (b"\x01" * (RAW_MOST + 1), "frame", "at most"),
    ],
)
def test_what_is_wrong_is_refused_by_name(raw: bytes, place: str, why: str) -> None:
    with pytest.raises(ProtocolError) as refused:
        unpack(raw)
    assert (refused.value.place, why in refused.value.why) == (place, True)


def test_a_long_message_goes_in_parts_and_comes_together_in_any_order() -> None:
    batch = m.LocationBatch((SMALLCHI_1,) * 100)
    frames = [unpack(raw) for raw in sent(batch)]
    assert [frame.part for frame in frames] == [(n, 4) for n in (1, 2, 3, 4)]  # its serial numbers pass 65535
    parts = Parts()
    assert [parts.add(frames[n]) for n in (3, 0, 2)] == [None] * 3
    assert parts.missing() == [(0xFFFE, [2])]
    whole = parts.add(frames[1])
    assert whole is not None
    assert whole[1] == [0xFFFE, 0xFFFF, 0, 1] and whole[0].serial == 0xFFFE
    assert decode(whole[0]) == batch
    assert parts.missing() == []


def test_unfinished_messages_are_given_up_the_oldest_first() -> None:
    parts = Parts()
    for n in range(50):
        assert parts.add(Frame(0x0704, "1", n * 10, b"x" * 1000, part=(1, 200))) is None
    assert [first for first, _ in parts.missing()] == [460, 470, 480, 490]
    with pytest.raises(ProtocolError, match="at most 256"):
        parts.add(Frame(0x0704, "1", 1, b"", part=(1, 257)))


@pytest.mark.parametrize("edition", list(Edition))
def test_a_registration_has_the_widths_of_its_edition(edition: Edition) -> None:
    said = m.Registration(11, 100, "MAKER", "MODEL", "T1", 1, "京A12345", edition)
    frame = unpack(sent(said, edition)[0])
    assert decode(frame) == said
    assert len(frame.body) == {2011: 33, 2013: 45, 2019: 84}[edition]


def test_a_terminal_known_to_be_of_2011_may_have_no_plate_but_a_vehicle_number() -> None:
    said = m.Registration(11, 100, "MAKER", "MODEL", "T1", 0, "LSVAA4182E2123456", Edition.Y2011)
    assert decode(unpack(sent(said, Edition.Y2011)[0]), Edition.Y2011) == said


@pytest.mark.parametrize(
    "wrong",
    [
        m.Registration(11, 100, "MUCH TOO LONG", "", "", 1, "京A1", Edition.Y2013),
        m.Registration(70000, 100, "", "", "", 1, "京A1"),
        m.SetParameters(((1, b"x" * 256),)),
        m.LocationReport(Location(None, -1, 0)),
        m.LocationReport(Location(None, 1, 1, items=((1, b"x" * 256),))),
    ],
)
def test_what_does_not_fit_is_not_written(wrong: m.Message) -> None:
    with pytest.raises(ProtocolError):
        sent(wrong, getattr(wrong, "edition", Edition.Y2019))
