"""What messages of both ways are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from shuzheng.protocols.jt808.errors import ProtocolError
from shuzheng.protocols.jt808.fields import Reader, bytes_of
from shuzheng.protocols.jt808.frames import Edition

OK, FAILED, WRONG, UNSUPPORTED, ALARM_CONFIRMED = range(5)
"""Results of general replies (tables 4 and 5)."""


def put(*numbers: tuple[int, int]) -> bytes:
    """Numbers with their sizes, big-endian.

    Raises:
        ProtocolError: one does not fit.
    """
    try:
        return b"".join(value.to_bytes(size, "big") for value, size in numbers)
    except OverflowError as error:
        raise ProtocolError("number", str(error)) from None


def counted(text: str, place: str) -> bytes:
    """A text behind its length in one byte. Raises ``ProtocolError`` above 255 bytes."""
    raw = bytes_of(text)
    if len(raw) > 255:
        raise ProtocolError(place, f"{len(raw)} bytes, at most 255")
    return bytes((len(raw),)) + raw


def read_parameters(body: Reader, count: int) -> tuple[tuple[int, bytes], ...]:
    """So many parameters: number, length, value."""
    return tuple(
        (body.number(4, "parameter"), body.take(body.number(1, "length"), "value")) for _ in range(count)
    )  # fmt: skip


def write_parameters(parameters: tuple[tuple[int, bytes], ...]) -> bytes:
    return b"".join(put((number, 4), (len(value), 1)) + value for number, value in parameters)


class Message:
    """Base of all. ``id`` is the message's number."""

    id: ClassVar[int]
    __slots__ = ()

    @classmethod
    def read(cls, body: Reader, edition: Edition) -> Self:
        return cls()

    def write(self, edition: Edition) -> bytes:
        return b""


class Empty(Message):
    """Says nothing but what it is."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other)

    def __hash__(self) -> int:
        return hash(type(self))


@dataclass(frozen=True, slots=True)
class Unknown(Message):
    """A message that is not taken, with its body as it came."""

    number: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Reply(Message):
    """To the message ``number`` with that serial number."""

    serial: int
    number: int
    result: int = OK

    @classmethod
    def read(cls, body: Reader, edition: Edition) -> Self:
        return cls(body.number(2, "serial"), body.number(2, "id"), body.number(1, "result"))

    def write(self, edition: Edition) -> bytes:
        return put((self.serial, 2), (self.number, 2), (self.result, 1))
