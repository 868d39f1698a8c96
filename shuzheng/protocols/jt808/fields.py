"""Fields of a body: big-endian numbers, BCD digits and times, GBK texts. A body that ends too early says in which field."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from functools import lru_cache

from shuzheng.protocols.jt808.errors import ProtocolError

BEIJING = timezone(timedelta(hours=8))
"""All times of the protocol (JT/T 808-2019, table 23: GMT+8)."""


class Reader:
    """Takes fields off the front of a body."""

    __slots__ = ("at", "body")

    def __init__(self, body: bytes) -> None:
        self.body, self.at = body, 0

    @property
    def left(self) -> int:
        return len(self.body) - self.at

    def take(self, size: int, place: str) -> bytes:
        """The next ``size`` bytes.

        Raises:
            ProtocolError: fewer are left.
        """
        end = self.at + size
        if end > len(self.body):
            raise ProtocolError(place, f"{size} bytes expected, {self.left} left", self.at)
        piece, self.at = self.body[self.at : end], end
        return piece

    def number(self, size: int, place: str) -> int:
        return int.from_bytes(self.take(size, place), "big")

    def text(self, size: int, place: str) -> str:
        return text_of(self.take(size, place))

    def rest(self) -> bytes:
        piece, self.at = self.body[self.at :], len(self.body)
        return piece


def text_of(raw: bytes) -> str:
    """GBK without its padding, up to the first zero byte. Makers send rubbish in names: it becomes U+FFFD, and is no fault."""
    return raw.strip(b"\0 ").split(b"\0", 1)[0].decode("gb18030", "replace")


def bytes_of(text: str, size: int | None = None, place: str = "text") -> bytes:
    """GBK, padded with zeros to ``size``.

    Raises:
        ProtocolError: it does not fit, or has characters that GBK cannot say.
    """
    try:
        raw = text.encode("gb18030")
    except UnicodeEncodeError as error:
        raise ProtocolError(place, "not writable in GBK", error.start) from None
    if size is None:
        return raw
    if len(raw) > size:
        raise ProtocolError(place, f"{len(raw)} bytes, at most {size}", size)
    return raw.ljust(size, b"\0")


def digits_of(raw: bytes, place: str) -> str:
    """BCD digits.

    Raises:
        ProtocolError: a half byte is above nine.
    """
    digits = raw.hex()
    if not digits.isdecimal():
        wrong = next(n for n, letter in enumerate(digits) if not letter.isdecimal())
        raise ProtocolError(place, "not BCD", wrong // 2)
    return digits


def bcd_of(digits: str, size: int, place: str) -> bytes:
    """``digits`` in ``size`` bytes of BCD, zeros before them.

    Raises:
        ProtocolError: not digits, or too many.
    """
    if not (digits.isascii() and digits.isdecimal()) or len(digits) > size * 2:
        raise ProtocolError(place, f"at most {size * 2} digits", 0)
    return bytes.fromhex(digits.rjust(size * 2, "0"))


@lru_cache(maxsize=16_384)
def time_of(raw: bytes) -> datetime | None:
    """YYMMDDhhmmss in Beijing time; None for a clock that is not set or tells a time that does not exist.

    Thousands of terminals tell the same second: what it means is remembered.
    """
    try:
        year, month, day, hour, minute, second = map(int, (raw.hex()[n : n + 2] for n in range(0, 12, 2)))
        return datetime(2000 + year, month, day, hour, minute, second, tzinfo=BEIJING)
    except ValueError:
        return None


def bcd_time(at: datetime | None) -> bytes:
    """Six bytes; zeros for None.

    Raises:
        ProtocolError: outside 2000 to 2099, which two digits cannot say, or without a time zone.
    """
    if at is None:
        return bytes(6)
    if at.tzinfo is None:
        raise ProtocolError("time", "without a time zone")
    local = at.astimezone(BEIJING)
    if not 2000 <= local.year <= 2099:
        raise ProtocolError("time", f"year {local.year} cannot be said")
    return bytes.fromhex(local.strftime("%y%m%d%H%M%S"))


def day_of(raw: bytes) -> date | None:
    """YYYYMMDD; None for a day that does not exist."""
    digits = raw.hex()
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None


def bcd_day(day: date | None) -> bytes:
    return bytes(4) if day is None else bytes.fromhex(f"{day.year:04}{day.month:02}{day.day:02}")
