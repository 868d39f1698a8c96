"""What frames say: one dataclass a message, with how it is read and written in each edition.

Names of the tables are those of JT/T 808-2019. ``decode`` gives ``Unknown`` for a message that is not here: it is
answered politely (result 3, not supported), multimedia uploads among them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar, Self

from shuzheng.protocols.jt808.errors import ProtocolError
from shuzheng.protocols.jt808.fields import (
    Reader,
    bcd_day,
    bcd_of,
    bcd_time,
    bytes_of,
    day_of,
    text_of,
    time_of,
)  # fmt: skip
from shuzheng.protocols.jt808.frames import BODY_MOST, Edition, Frame, pack
from shuzheng.protocols.jt808.location import Location, read_location, write_location

OK, FAILED, WRONG, UNSUPPORTED, ALARM_CONFIRMED = range(5)
"""Results of general replies (tables 4 and 5)."""

REGISTERED, VEHICLE_TAKEN, NO_VEHICLE, TERMINAL_TAKEN, NO_TERMINAL = range(5)
"""Results of a registration (table 11)."""


def _put(*numbers: tuple[int, int]) -> bytes:
    """Numbers with their sizes, big-endian.

    Raises:
        ProtocolError: one does not fit.
    """
    try:
        return b"".join(value.to_bytes(size, "big") for value, size in numbers)
    except OverflowError as error:
        raise ProtocolError("number", str(error)) from None


def _counted(text: str, place: str) -> bytes:
    raw = bytes_of(text)
    if len(raw) > 255:
        raise ProtocolError(place, f"{len(raw)} bytes, at most 255")
    return bytes((len(raw),)) + raw


class Message:
    """Base of all. ``id`` is the message's number."""

    id: ClassVar[int]
    __slots__ = ()

    @classmethod
    def read(cls, body: Reader, edition: Edition) -> Self:
        return cls()

    def write(self, edition: Edition) -> bytes:
        return b""


@dataclass(frozen=True, slots=True)
class Unknown(Message):
    """A message that is not taken, with its body as it came."""

    number: int
    body: bytes


@dataclass(frozen=True, slots=True)
class _Reply(Message):
    """To the message ``number`` with that serial number."""

    serial: int
    number: int
    result: int = OK

    @classmethod
    def read(cls, body: Reader, edition: Edition) -> Self:
        return cls(body.number(2, "serial"), body.number(2, "id"), body.number(1, "result"))

    def write(self, edition: Edition) -> bytes:
        return _put((self.serial, 2), (self.number, 2), (self.result, 1))


class TerminalReply(_Reply):
    id = 0x0001
    __slots__ = ()


class PlatformReply(_Reply):
    id = 0x8001
    __slots__ = ()


class Heartbeat(Message):
    id = 0x0002
    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other)

    def __hash__(self) -> int:
        return hash(type(self))


class Logout(Heartbeat):
    id = 0x0003
    __slots__ = ()


class QueryParameters(Heartbeat):
    """All parameters are asked for; answered by ``Parameters``."""

    id = 0x8104
    __slots__ = ()


class QueryLocation(Heartbeat):
    id = 0x8201
    __slots__ = ()


class QueryProperties(Heartbeat):
    """What the terminal is; answered by ``Properties``. Not in 2011."""

    id = 0x8107
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
            _put((self.province, 2), (self.city, 2))
            + bytes_of(self.maker, maker, "maker")
            + bytes_of(self.model, model, "model")
            + bytes_of(self.terminal, terminal, "terminal")
            + _put((self.colour, 1))
            + bytes_of(self.plate)
        )


@dataclass(frozen=True, slots=True)
class RegistrationReply(Message):
    """``code``: what the terminal authenticates with, only when it is registered."""

    id = 0x8100
    serial: int
    result: int
    code: str = ""

    @classmethod
    def read(cls, body: Reader, edition: Edition) -> Self:
        serial, result = body.number(2, "serial"), body.number(1, "result")
        return cls(serial, result, text_of(body.rest()) if result == REGISTERED else "")

    def write(self, edition: Edition) -> bytes:
        return _put((self.serial, 2), (self.result, 1)) + (bytes_of(self.code) if self.result == REGISTERED else b"")


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
        return _counted(self.code, "code") + bytes_of(self.imei, 15, "imei") + bytes_of(self.software, 20, "software")


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
        return _put((self.serial, 2)) + write_location(self.location)


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
        written = [_put((len(self.locations), 2), (int(self.blind), 1))]
        for location in self.locations:
            piece = write_location(location)
            written += (_put((len(piece), 2)), piece)
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
        name, issuer = _counted(self.name, "name"), _counted(self.issuer, "issuer")
        identity = bytes_of(self.identity, 20, "identity")
        if edition is Edition.Y2011:
            return name + identity + bytes_of(self.certificate, 40, "certificate") + issuer + self.rest
        head = _put((self.state, 1)) + bcd_time(self.at)
        if self.state != CARD_IN:
            return head + self.rest
        head += _put((self.result or 0, 1))
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
        return _put((self.serial, 2), (self.result, 1), (len(self.pictures), 2), *numbers)


def _read_parameters(body: Reader, count: int) -> tuple[tuple[int, bytes], ...]:
    return tuple(
        (body.number(4, "parameter"), body.take(body.number(1, "length"), "value")) for _ in range(count)
    )  # fmt: skip


def _write_parameters(parameters: tuple[tuple[int, bytes], ...]) -> bytes:
    return b"".join(_put((number, 4), (len(value), 1)) + value for number, value in parameters)


@dataclass(frozen=True, slots=True)
class SetParameters(Message):
    """(number, value as bytes) in their order; ``parameters`` knows what they mean."""

    id = 0x8103
    parameters: tuple[tuple[int, bytes], ...]

    @classmethod
    def read(cls, body: Reader, edition: Edition) -> Self:
        return cls(_read_parameters(body, body.number(1, "count")))

    def write(self, edition: Edition) -> bytes:
        return _put((len(self.parameters), 1)) + _write_parameters(self.parameters)


@dataclass(frozen=True, slots=True)
class QuerySome(Message):
    """Some parameters are asked for, by number."""

    id = 0x8106
    numbers: tuple[int, ...]

    @classmethod
    def read(cls, body: Reader, edition: Edition) -> Self:
        return cls(tuple(body.number(4, "parameter") for _ in range(body.number(1, "count"))))

    def write(self, edition: Edition) -> bytes:
        return _put((len(self.numbers), 1), *((number, 4) for number in self.numbers))


@dataclass(frozen=True, slots=True)
class Parameters(Message):
    """The answer to either query."""

    id = 0x0104
    serial: int
    parameters: tuple[tuple[int, bytes], ...]

    @classmethod
    def read(cls, body: Reader, edition: Edition) -> Self:
        return cls(body.number(2, "serial"), _read_parameters(body, body.number(1, "count")))

    def write(self, edition: Edition) -> bytes:
        return _put((self.serial, 2), (len(self.parameters), 1)) + _write_parameters(self.parameters)


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
            _put((self.kind, 2))
            + bytes_of(self.maker, 5, "maker")
            + bytes_of(self.model, model, "model")
            + bytes_of(self.terminal, terminal, "terminal")
            + bcd_of(self.iccid, 10, "iccid")
            + _counted(self.hardware, "hardware")
            + _counted(self.firmware, "firmware")
            + _put((self.gnss, 1), (self.radio, 1))
            + self.rest
        )


TEXT_URGENT, TEXT_SHOWN, TEXT_SPOKEN = 1 << 0, 1 << 2, 1 << 3


@dataclass(frozen=True, slots=True)
class Text(Message):
    """A text to the driver. ``kind``: 1 notice, 2 service (from 2019 on)."""

    id = 0x8300
    text: str
    flags: int = TEXT_SHOWN | TEXT_SPOKEN
    kind: int = 1

    @classmethod
    def read(cls, body: Reader, edition: Edition) -> Self:
        flags = body.number(1, "flags")
        kind = body.number(1, "kind") if edition is Edition.Y2019 else 1
        return cls(text_of(body.rest()), flags, kind)

    def write(self, edition: Edition) -> bytes:
        kind = ((self.kind, 1),) if edition is Edition.Y2019 else ()
        return _put((self.flags, 1), *kind) + bytes_of(self.text)


@dataclass(frozen=True, slots=True)
class Follow(Message):
    """Report every ``interval`` seconds for ``during`` seconds; an interval of nought ends it."""

    id = 0x8202
    interval: int
    during: int = 0

    @classmethod
    def read(cls, body: Reader, edition: Edition) -> Self:
        interval = body.number(2, "interval")
        return cls(interval, body.number(4, "during") if interval else 0)

    def write(self, edition: Edition) -> bytes:
        return _put((self.interval, 2), *(((self.during, 4),) if self.interval else ()))


@dataclass(frozen=True, slots=True)
class SendAgain(Message):
    """Parts of the long message that began with ``serial`` did not arrive."""

    id = 0x8003
    serial: int
    parts: tuple[int, ...]

    @classmethod
    def read(cls, body: Reader, edition: Edition) -> Self:
        serial, count = body.number(2, "serial"), body.number(2 if edition is Edition.Y2019 else 1, "count")
        return cls(serial, tuple(body.number(2, "part") for _ in range(count)))

    def write(self, edition: Edition) -> bytes:
        size = 2 if edition is Edition.Y2019 else 1
        return _put((self.serial, 2), (len(self.parts), size), *((part, 2) for part in self.parts))


KINDS: dict[int, type[Message]] = {
    kind.id: kind
    for kind in (
        TerminalReply, PlatformReply, Heartbeat, Logout, Registration, RegistrationReply, Authentication,
        LocationReport, LocationAnswer, LocationBatch, DriverIdentity, CameraReply, SetParameters, QueryParameters,
        QuerySome, Parameters, Text, QueryLocation, Follow, SendAgain, QueryProperties, Properties,
    )
}  # fmt: skip


def spoken(frame: Frame, edition: Edition | None) -> Edition:
    """The edition of a frame: whether it is 2019 its header says, whatever the register of terminals has."""
    return edition if edition is Edition.Y2011 and frame.version is None else frame.edition


def decode(frame: Frame, edition: Edition | None = None) -> Message:
    """What a frame (or a message put together of parts) says. ``edition``: the terminal's, where it is known.

    Raises:
        ProtocolError: the body is none of that message.
    """
    kind = KINDS.get(frame.id)
    if kind is None:
        return Unknown(frame.id, frame.body)
    return kind.read(Reader(frame.body), spoken(frame, edition))


def encode(
    message: Message, phone: str, next_serial: Callable[[], int], edition: Edition = Edition.Y2019, version: int = 1
) -> list[bytes]:
    """The frames that say ``message``: one, or as many as its length asks for.

    Raises:
        ProtocolError: a value does not fit its field, or the phone its header.
    """
    body = message.body if isinstance(message, Unknown) else message.write(edition)
    number = message.number if isinstance(message, Unknown) else message.id
    shown = version if edition is Edition.Y2019 else None
    if len(body) <= BODY_MOST:
        return [pack(Frame(number, phone, next_serial(), body, shown))]
    pieces = [body[at : at + BODY_MOST] for at in range(0, len(body), BODY_MOST)]
    if len(pieces) > 0xFFFF:
        raise ProtocolError("parts", f"{len(pieces)}")
    return [
        pack(Frame(number, phone, next_serial(), piece, shown, (n, len(pieces)))) for n, piece in enumerate(pieces, 1)
    ]
