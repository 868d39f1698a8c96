"""What terminals say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Self

from shuzheng.protocols.jt808.errors import ProtocolError
from shuzheng.protocols.jt808.fields import Reader, bcd_day, bcd_of, bcd_time, bytes_of, day_of, text_of, time_of
from shuzheng.protocols.jt808.frames import Edition
from shuzheng.protocols.jt808.location import Location, read_location, write_location
from shuzheng.protocols.jt808.messages.base import (
    Empty,
    Message,
    Reply,
    counted,
    put,
    read_parameters,
    write_parameters,
)


class TerminalReply(Reply):
    id = 0x0001
    __slots__ = ()


class Heartbeat(Empty):
    id = 0x0002
    __slots__ = ()


class Logout(Empty):
    id = 0x0003
    __slots__ = ()


REGISTRATION_WIDTHS = {Edition.Y2011: (5, 8, 7), Edition.Y2013: (5, 20, 7), Edition.Y2019: (11, 30, 30)}
"""Bytes of maker, model and terminal id: table 7 of each edition."""


@dataclass(frozen=True, slots=True)
class Registration(Message):
    """``colour``: as on the licence plate, 0 for a vehicle without one, whose ``plate`` is its VIN then.

    ``edition`` says which widths the body had: it is what tells 2011 from 2013.
    """

    id = 0x0100
    province: int
    city: int
    maker: str
    model: str
    terminal: str
    colour: int
    plate: str
    edition: Edition = Edition.Y2019

    @classmethod
    def read(cls, body: Reader, edition: Edition) -> Self:
        # Before 2019 the header is the same, and only the length tells: the shortest body of 2013 has 37 bytes.
        if edition is not Edition.Y2019:
            edition = Edition.Y2013 if edition is Edition.Y2013 and body.left >= 37 else Edition.Y2011
        maker, model, terminal = REGISTRATION_WIDTHS[edition]
        return cls(
            body.number(2, "province"), body.number(2, "city"), body.text(maker, "maker"), body.text(model, "model"),
            body.text(terminal, "terminal"), body.number(1, "colour"), text_of(body.rest()), edition,
        )  # fmt: skip

    def write(self, edition: Edition) -> bytes:
        maker, model, terminal = REGISTRATION_WIDTHS[edition]
        return (
            put((self.province, 2), (self.city, 2))
            + bytes_of(self.maker, maker, "maker")
            + bytes_of(self.model, model, "model")
            + bytes_of(self.terminal, terminal, "terminal")
            + put((self.colour, 1))
            + bytes_of(self.plate)
        )


@dataclass(frozen=True, slots=True)
class Authentication(Message):
    """``imei`` and ``software`` are said from 2019 on."""

    id = 0x0102
    code: str
    imei: str = ""
    software: str = ""

    @classmethod
    def read(cls, body: Reader, edition: Edition) -> Self:
        if edition is not Edition.Y2019:
            return cls(text_of(body.rest()))
        size = body.number(1, "length")
        return cls(body.text(size, "code"), body.text(15, "imei"), body.text(20, "software"))

    def write(self, edition: Edition) -> bytes:
        if edition is not Edition.Y2019:
            return bytes_of(self.code)
        return counted(self.code, "code") + bytes_of(self.imei, 15, "imei") + bytes_of(self.software, 20, "software")


@dataclass(frozen=True, slots=True)
class LocationReport(Message):
    id = 0x0200
    location: Location

    @classmethod
    def read(cls, body: Reader, edition: Edition) -> Self:
        return cls(read_location(body.rest()))

    def write(self, edition: Edition) -> bytes:
        return write_location(self.location)


@dataclass(frozen=True, slots=True)
class LocationAnswer(Message):
    """To ``QueryLocation``."""

    id = 0x0201
    serial: int
    location: Location

    @classmethod
    def read(cls, body: Reader, edition: Edition) -> Self:
        return cls(body.number(2, "serial"), read_location(body.rest()))

    def write(self, edition: Edition) -> bytes:
        return put((self.serial, 2)) + write_location(self.location)


@dataclass(frozen=True, slots=True)
class LocationBatch(Message):
    """``blind``: taken where there was no network, and sent afterwards."""

    id = 0x0704
    locations: tuple[Location, ...]
    blind: bool = False

    @classmethod
    def read(cls, body: Reader, edition: Edition) -> Self:
        count, kind = body.number(2, "count"), body.number(1, "kind")
        locations = []
        for _ in range(count):
            size = body.number(2, "length")
            begin = body.at
            piece = body.take(size, "location")
            try:
                locations.append(read_location(piece))
            except ProtocolError as error:
                raise ProtocolError(error.place, error.why, begin + error.offset) from None
        return cls(tuple(locations), kind == 1)

    def write(self, edition: Edition) -> bytes:
        written = [put((len(self.locations), 2), (int(self.blind), 1))]
        for location in self.locations:
            piece = write_location(location)
            written += (put((len(piece), 2)), piece)
        return b"".join(written)


CARD_IN, CARD_OUT = 1, 2


@dataclass(frozen=True, slots=True)
class DriverIdentity(Message):
    """The driver's card was put in or taken out. 2011 tells neither when nor which; 2019 adds the identity number.

    ``result``: 0 the card was read, 1 key refused, 2 locked, 3 taken out, 4 wrong checksum; None when the card went out.
    ``rest``: what makers append.
    """

    id = 0x0702
    state: int = CARD_IN
    at: datetime | None = None
    result: int | None = None
    name: str = ""
    certificate: str = ""
    issuer: str = ""
    expires: date | None = None
    identity: str = ""
    rest: bytes = b""

    @classmethod
    def read(cls, body: Reader, edition: Edition) -> Self:
        if edition is Edition.Y2011:
            name = body.text(body.number(1, "length"), "name")
            identity, certificate = body.text(20, "identity"), body.text(40, "certificate")
            issuer = body.text(body.number(1, "length"), "issuer")
            return cls(CARD_IN, None, 0, name, certificate, issuer, None, identity, body.rest())
        state, at = body.number(1, "state"), time_of(body.take(6, "time"))
        if state != CARD_IN:
            return cls(state, at, rest=body.rest())
        result = body.number(1, "result")
        if result != 0:
            return cls(state, at, result, rest=body.rest())
        name, certificate = body.text(body.number(1, "length"), "name"), body.text(20, "certificate")
        issuer = body.text(body.number(1, "length"), "issuer")
        expires = day_of(body.take(4, "expires"))
        identity = body.text(20, "identity") if edition is Edition.Y2019 else ""
        return cls(state, at, result, name, certificate, issuer, expires, identity, body.rest())

    def write(self, edition: Edition) -> bytes:
        name, issuer = counted(self.name, "name"), counted(self.issuer, "issuer")
        identity = bytes_of(self.identity, 20, "identity")
        if edition is Edition.Y2011:
            return name + identity + bytes_of(self.certificate, 40, "certificate") + issuer + self.rest
        head = put((self.state, 1)) + bcd_time(self.at)
        if self.state != CARD_IN:
            return head + self.rest
        head += put((self.result or 0, 1))
        if self.result:
            return head + self.rest
        body = head + name + bytes_of(self.certificate, 20, "certificate") + issuer + bcd_day(self.expires)
        return body + (identity if edition is Edition.Y2019 else b"") + self.rest


@dataclass(frozen=True, slots=True)
class CameraReply(Message):
    """What came of 'take a picture now': the numbers of what was taken."""

    id = 0x0805
    serial: int
    result: int
    pictures: tuple[int, ...] = ()

    @classmethod
    def read(cls, body: Reader, edition: Edition) -> Self:
        serial, result = body.number(2, "serial"), body.number(1, "result")
        count = body.number(2, "count") if body.left else 0
        return cls(serial, result, tuple(body.number(4, "picture") for _ in range(count)))

    def write(self, edition: Edition) -> bytes:
        numbers = ((picture, 4) for picture in self.pictures)
        return put((self.serial, 2), (self.result, 1), (len(self.pictures), 2), *numbers)


@dataclass(frozen=True, slots=True)
class Parameters(Message):
    """The answer to either query."""

    id = 0x0104
    serial: int
    parameters: tuple[tuple[int, bytes], ...]

    @classmethod
    def read(cls, body: Reader, edition: Edition) -> Self:
        return cls(body.number(2, "serial"), read_parameters(body, body.number(1, "count")))

    def write(self, edition: Edition) -> bytes:
        return put((self.serial, 2), (len(self.parameters), 1)) + write_parameters(self.parameters)


PROPERTY_WIDTHS = {Edition.Y2011: (20, 7), Edition.Y2013: (20, 7), Edition.Y2019: (30, 30)}
"""Bytes of model and terminal id: table 20 of 2013 and of 2019; 2011 has no such message."""


@dataclass(frozen=True, slots=True)
class Properties(Message):
    """The answer to ``QueryProperties``, which names no serial number. ``kind``, ``gnss``, ``radio``: bits of what it is and can.

    ``iccid``: of its SIM card, twenty digits. ``rest``: what makers append.
    """

    id = 0x0107
    kind: int
    maker: str
    model: str
    terminal: str
    iccid: str
    hardware: str
    firmware: str
    gnss: int = 0
    radio: int = 0
    rest: bytes = b""

    @classmethod
    def read(cls, body: Reader, edition: Edition) -> Self:
        model, terminal = PROPERTY_WIDTHS[edition]
        return cls(
            body.number(2, "kind"), body.text(5, "maker"), body.text(model, "model"), body.text(terminal, "terminal"),
            body.take(10, "iccid").hex(), body.text(body.number(1, "length"), "hardware"),
            body.text(body.number(1, "length"), "firmware"), body.number(1, "gnss"), body.number(1, "radio"), body.rest(),
        )  # fmt: skip

    def write(self, edition: Edition) -> bytes:
        model, terminal = PROPERTY_WIDTHS[edition]
        return (
            put((self.kind, 2))
            + bytes_of(self.maker, 5, "maker")
            + bytes_of(self.model, model, "model")
            + bytes_of(self.terminal, terminal, "terminal")
            + bcd_of(self.iccid, 10, "iccid")
            + counted(self.hardware, "hardware")
            + counted(self.firmware, "firmware")
            + put((self.gnss, 1), (self.radio, 1))
            + self.rest
        )
