"""What the platform says to terminals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from shuzheng.protocols.jt808.fields import Reader, bytes_of, text_of
from shuzheng.protocols.jt808.frames import Edition
from shuzheng.protocols.jt808.messages.base import Empty, Message, Reply, put, read_parameters, write_parameters


class PlatformReply(Reply):
    id = 0x8001
    __slots__ = ()


class QueryParameters(Empty):
    """All parameters are asked for; answered by ``Parameters``."""

    id = 0x8104
    __slots__ = ()


class QueryLocation(Empty):
    id = 0x8201
    __slots__ = ()


class QueryProperties(Empty):
    """What the terminal is; answered by ``Properties``. Not in 2011."""

    id = 0x8107
    __slots__ = ()


REGISTERED, VEHICLE_TAKEN, NO_VEHICLE, TERMINAL_TAKEN, NO_TERMINAL = range(5)
"""Results of a registration (table 11)."""


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
        return put((self.serial, 2), (self.result, 1)) + (bytes_of(self.code) if self.result == REGISTERED else b"")


@dataclass(frozen=True, slots=True)
class SetParameters(Message):
    """(number, value as bytes) in their order; ``parameters`` knows what they mean."""

    id = 0x8103
    parameters: tuple[tuple[int, bytes], ...]

    @classmethod
    def read(cls, body: Reader, edition: Edition) -> Self:
        return cls(read_parameters(body, body.number(1, "count")))

    def write(self, edition: Edition) -> bytes:
        return put((len(self.parameters), 1)) + write_parameters(self.parameters)


@dataclass(frozen=True, slots=True)
class QuerySome(Message):
    """Some parameters are asked for, by number."""

    id = 0x8106
    numbers: tuple[int, ...]

    @classmethod
    def read(cls, body: Reader, edition: Edition) -> Self:
        return cls(tuple(body.number(4, "parameter") for _ in range(body.number(1, "count"))))

    def write(self, edition: Edition) -> bytes:
        return put((len(self.numbers), 1), *((number, 4) for number in self.numbers))


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
        return put((self.flags, 1), *kind) + bytes_of(self.text)


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
        return put((self.interval, 2), *(((self.during, 4),) if self.interval else ()))


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
        return put((self.serial, 2), (len(self.parts), size), *((part, 2) for part in self.parts))
