"""Frames: 0x7e, header, body, checksum, 0x7e (JT/T 808-2019, 4.4), and how a stream becomes frames.

Header: message id, properties of the body, from 2019 on a protocol version, the terminal's number (6 bytes of BCD,
from 2019 on 10), serial number, and for a part of a long message how many parts there are and which this is.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from enum import IntEnum
from struct import Struct, error

from shuzheng.protocols.jt808.errors import ProtocolError
from shuzheng.protocols.jt808.fields import bcd_of, digits_of

MARK = b"\x7e"
BODY_MOST = 1023
"""Bytes of a body: ten bits of the properties say so."""
RAW_MOST = 2 * (BODY_MOST + 21 + 1)
"""Bytes between two marks, were each of them escaped."""
PART, VERSIONED = 1 << 13, 1 << 14
CIPHERS = {1: "RSA"}
"""By bits 10 to 12 of the properties; the standard names no other."""

_SHORT, _LONG, _PARTS = Struct(">HH6sH"), Struct(">HHB10sH"), Struct(">HH")


class Edition(IntEnum):
    """The standard's editions. The header tells 2019 from the others; 2011 and 2013 differ in bodies only."""

    Y2011 = 2011
    Y2013 = 2013
    Y2019 = 2019


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame, unescaped and checked. ``phone``: the terminal's number without zeros before it.

    ``version``: protocol version of the header of 2019, None for the shorter header before it.
    ``part``: (which, of how many) for a part of a long message, counted from one.
    """

    id: int
    phone: str
    serial: int
    body: bytes = b""
    version: int | None = None
    part: tuple[int, int] | None = None

    @property
    def edition(self) -> Edition:
        """2019, or 2013: whether a terminal means 2011 only its bodies tell."""
        return Edition.Y2013 if self.version is None else Edition.Y2019


def checksum(raw: bytes) -> int:
    """XOR of all bytes. The number that the bytes make is folded in half until a byte is left."""
    size = 1 << max(3, (len(raw) * 8 - 1).bit_length())
    value = int.from_bytes(raw, "big")
    while size > 8:
        size >>= 1
        value = (value >> size) ^ (value & ((1 << size) - 1))
    return value


def escape(raw: bytes) -> bytes:
    return raw.replace(b"\x7d", b"\x7d\x01").replace(MARK, b"\x7d\x02")


def unescape(raw: bytes) -> bytes:
    """The bytes meant.

    Raises:
        ProtocolError: 0x7d is followed by something other than 0x01 or 0x02.
    """
    if b"\x7d" not in raw:
        return raw
    pieces = raw.split(b"\x7d")
    whole = [pieces[0]]
    for piece in pieces[1:]:
        if piece[:1] == b"\x01":
            whole += (b"\x7d", piece[1:])
        elif piece[:1] == b"\x02":
            whole += (MARK, piece[1:])
        else:
            raise ProtocolError("escape", "0x7d before neither 0x01 nor 0x02", sum(map(len, whole)))
    return b"".join(whole)


def pack(frame: Frame) -> bytes:
    """The frame with both marks, ready to be sent.

    Raises:
        ProtocolError: the body is too long for one frame, or a number does not fit.
    """
    if len(frame.body) > BODY_MOST:
        raise ProtocolError("body", f"{len(frame.body)} bytes, at most {BODY_MOST}", BODY_MOST)
    properties = len(frame.body) | (PART if frame.part else 0)
    try:
        if frame.version is None:
            head = _SHORT.pack(frame.id, properties, bcd_of(frame.phone, 6, "phone"), frame.serial)
        else:
            phone = bcd_of(frame.phone, 10, "phone")
            head = _LONG.pack(frame.id, properties | VERSIONED, frame.version, phone, frame.serial)
        if frame.part:
            head += _PARTS.pack(frame.part[1], frame.part[0])
    except error as fault:
        raise ProtocolError("header", str(fault)) from None
    raw = head + frame.body
    return MARK + escape(raw + bytes((checksum(raw),))) + MARK


def unpack(raw: bytes) -> Frame:
    """The frame in what lies between two marks (marks at either end do no harm).

    Raises:
        ProtocolError: too short or long, wrong checksum, length, parts or digits, or an encrypted body.
    """
    if raw[:1] == MARK:
        raw = raw[1:]
    if raw[-1:] == MARK:
        raw = raw[:-1]
    if len(raw) > RAW_MOST:
        raise ProtocolError("frame", f"{len(raw)} bytes, at most {RAW_MOST}", RAW_MOST)
    raw = unescape(raw)
    if len(raw) < _SHORT.size + 1:
        raise ProtocolError("header", f"{len(raw)} bytes", len(raw))
    # Over the checksum itself, too, the sum is nought.
    if checksum(raw):
        raise ProtocolError("checksum", f"0x{raw[-1]:02x} instead of 0x{checksum(raw[:-1]):02x}", len(raw) - 1)
    properties = raw[2] << 8 | raw[3]
    head, version = _SHORT, None
    if properties & VERSIONED:
        head = _LONG
        if len(raw) < head.size + 1:
            raise ProtocolError("header", f"{len(raw)} bytes", len(raw))
        message, _, version, phone, serial = head.unpack_from(raw)
    else:
        message, _, phone, serial = head.unpack_from(raw)
    if cipher := properties >> 10 & 0b111:
        raise ProtocolError(
            "properties", f"encrypted by {CIPHERS.get(cipher, f'method {cipher}')}, which is not taken", 2
        )
    begin, part = head.size, None
    if properties & PART:
        if len(raw) < begin + _PARTS.size + 1:
            raise ProtocolError("parts", "missing", begin)
        total, which = _PARTS.unpack_from(raw, begin)
        if not 1 <= which <= total:
            raise ProtocolError("parts", f"{which} of {total}", begin)
        begin, part = begin + _PARTS.size, (which, total)
    body = raw[begin:-1]
    if len(body) != properties & BODY_MOST:
        raise ProtocolError("length", f"{properties & BODY_MOST} announced, {len(body)} here", 2)
    digits = digits_of(phone, "phone").lstrip("0") or "0"
    return Frame(message, digits, serial, body, version, part)


class Frames:
    """Cuts a stream into what lies between marks. Holds one unfinished frame at most.

    Rubbish before a mark and frames that are too long are thrown away, and counted in ``dropped`` (bytes).
    """

    __slots__ = ("_open", "_rest", "dropped")

    def __init__(self) -> None:
        self._rest, self._open, self.dropped = b"", False, 0

    def feed(self, data: bytes) -> list[bytes]:
        """What is complete by now, escaped as it came. Neighbours may share a mark."""
        pieces = data.split(MARK)
        if len(pieces) == 1:
            self._keep(self._rest + data if self._open else data)
            return []
        found = []
        if not self._open:
            self.dropped += len(pieces[0])
        elif first := self._rest + pieces[0]:
            found.append(first)
        found += [piece for piece in pieces[1:-1] if piece]
        self._open, self._rest = True, b""
        self._keep(pieces[-1])
        kept = [piece for piece in found if len(piece) <= RAW_MOST]
        if len(kept) < len(found):
            self.dropped += sum(map(len, found)) - sum(map(len, kept))
        return kept

    def _keep(self, rest: bytes) -> None:
        if not self._open or len(rest) > RAW_MOST:
            self.dropped += len(rest)
            self._open, self._rest = False, b""
        else:
            self._rest = rest


class Parts:
    """Puts the parts of long messages together, for one connection. Of what is unfinished the oldest is given up first."""

    MESSAGES = 4
    TOTAL = 256
    """Unfinished messages, and parts of each: a quarter of a megabyte a message."""

    def __init__(self) -> None:
        self._open: OrderedDict[tuple[str, int, int, int], dict[int, Frame]] = OrderedDict()

    def add(self, frame: Frame) -> tuple[Frame, list[int]] | None:
        """The whole message with the serial numbers of its parts, once the last one is here; a frame that is no part, at once.

        Its serial number is that of its first part, by which replies name it.

        Raises:
            ProtocolError: more parts than are taken.
        """
        if frame.part is None:
            return frame, [frame.serial]
        which, total = frame.part
        if total > self.TOTAL:
            raise ProtocolError("parts", f"{total}, at most {self.TOTAL}")
        first = (frame.serial - which + 1) & 0xFFFF
        key = (frame.phone, frame.id, first, total)
        parts = self._open.setdefault(key, {})
        parts[which] = frame
        if len(parts) < total:
            while len(self._open) > self.MESSAGES:
                self._open.popitem(last=False)
            return None
        del self._open[key]
        body = b"".join(parts[n].body for n in range(1, total + 1))
        whole = Frame(frame.id, frame.phone, first, body, frame.version)
        return whole, [parts[n].serial for n in range(1, total + 1)]

    def missing(self) -> list[tuple[int, list[int]]]:
        """Of each unfinished message its first serial number and which parts to ask for again (0x8003)."""
        return [
            (first, [n for n in range(1, total + 1) if n not in parts])
            for (_, _, first, total), parts in self._open.items()
        ]
