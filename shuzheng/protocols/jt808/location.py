"""Positions: the fixed 28 bytes and the additional items behind them (JT/T 808-2019, tables 23 to 27)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from struct import Struct, error

from shuzheng.protocols.jt808.errors import ProtocolError
from shuzheng.protocols.jt808.fields import bcd_time, time_of

_FIXED = Struct(">IIIIHHH6s")

MILEAGE, FUEL, RECORDER_SPEED, CONFIRMED_ALARM = 0x01, 0x02, 0x03, 0x04
OVERSPEED, AREA, ROUTE_TIME = 0x11, 0x12, 0x13
SIGNALS, INPUTS, ANALOG, SIGNAL, SATELLITES = 0x25, 0x2A, 0x2B, 0x30, 0x31

ACC, FIXED, SOUTH, WEST, STOPPED, SHIFTED = 1 << 0, 1 << 1, 1 << 2, 1 << 3, 1 << 4, 1 << 5
OIL_CUT, POWER_CUT, LOCKED = 1 << 10, 1 << 11, 1 << 12
SOS, SPEEDING, TIRED, MAIN_POWER_LOST, TOWED = 1 << 0, 1 << 1, 1 << 2, 1 << 8, 1 << 28
"""Bits of ``status`` and of ``alarm`` that we look at."""


@dataclass(frozen=True, slots=True)
class Location:
    """One position as the terminal reports it.

    ``latitude_e6``, ``longitude_e6``: millionths of a degree without sign. ``altitude``: m. ``speed``: tenths of km/h.
    ``direction``: degrees from north. ``at``: Beijing time, None when the terminal's clock is not set.
    ``items``: additional items (id, value) in their order, known ones and others. ``rest``: what stood behind them and
    is no item; makers append their own there.
    """

    at: datetime | None
    latitude_e6: int
    longitude_e6: int
    alarm: int = 0
    status: int = ACC | FIXED
    altitude: int = 0
    speed: int = 0
    direction: int = 0
    items: tuple[tuple[int, bytes], ...] = ()
    rest: bytes = b""

    @property
    def latitude(self) -> float:
        """Degrees, south negative."""
        return (-self.latitude_e6 if self.status & SOUTH else self.latitude_e6) / 1e6

    @property
    def longitude(self) -> float:
        """Degrees, west negative."""
        return (-self.longitude_e6 if self.status & WEST else self.longitude_e6) / 1e6

    @property
    def fixed(self) -> bool:
        """Whether satellites were seen and the place exists."""
        return bool(self.status & FIXED) and self.latitude_e6 <= 90_000_000 and self.longitude_e6 <= 180_000_000

    @property
    def shifted(self) -> bool:
        """Whether the terminal has the plug-in that shifts coordinates: they are GCJ-02 then."""
        return bool(self.status & SHIFTED)

    @property
    def acc(self) -> bool:
        """Whether the ignition is on."""
        return bool(self.status & ACC)

    @property
    def kmh(self) -> float:
        return self.speed / 10

    def item(self, number: int, size: int | None = None) -> bytes | None:
        """The first item of that number, if it is there and of that size."""
        for found, value in self.items:
            if found == number and size in (None, len(value)):
                return value
        return None

    def _number(self, number: int, size: int) -> int | None:
        value = self.item(number, size)
        return None if value is None else int.from_bytes(value, "big")

    @property
    def mileage(self) -> int | None:
        """Tenths of a kilometre on the odometer."""
        return self._number(MILEAGE, 4)

    @property
    def fuel(self) -> int | None:
        """Tenths of a litre in the tank."""
        return self._number(FUEL, 2)

    @property
    def recorder_speed(self) -> int | None:
        """Tenths of km/h by the recorder."""
        return self._number(RECORDER_SPEED, 2)

    @property
    def signals(self) -> int | None:
        """Bits of the extended vehicle signals (lamps, brake, horn, doors …)."""
        return self._number(SIGNALS, 4)

    @property
    def signal(self) -> int | None:
        """Strength of the radio network."""
        return self._number(SIGNAL, 1)

    @property
    def satellites(self) -> int | None:
        return self._number(SATELLITES, 1)


def number_item(number: int, value: int, size: int) -> tuple[int, bytes]:
    """An item that holds a number.

    Raises:
        ProtocolError: it does not fit.
    """
    try:
        return number, value.to_bytes(size, "big")
    except OverflowError as fault:
        raise ProtocolError(f"item 0x{number:02x}", str(fault)) from None


def read_location(body: bytes) -> Location:
    """A position from the bytes of a 0x0200, or of one position in a batch.

    Raises:
        ProtocolError: fewer than 28 bytes.
    """
    if len(body) < _FIXED.size:
        raise ProtocolError("location", f"{len(body)} bytes, at least {_FIXED.size}", len(body))
    alarm, status, latitude, longitude, altitude, speed, direction, at = _FIXED.unpack_from(body)
    items, begin, whole = [], _FIXED.size, len(body)
    while begin + 2 <= whole and (end := begin + 2 + body[begin + 1]) <= whole:
        items.append((body[begin], body[begin + 2 : end]))
        begin = end
    return Location(
        time_of(at), latitude, longitude, alarm, status, altitude, speed, direction, tuple(items), body[begin:]
    )


def write_location(location: Location) -> bytes:
    """The bytes of ``location``.

    Raises:
        ProtocolError: a number does not fit.
    """
    at = bcd_time(location.at)
    try:
        fixed = _FIXED.pack(
            location.alarm, location.status, location.latitude_e6, location.longitude_e6, location.altitude,
            location.speed, location.direction, at,
        )  # fmt: skip
    except error as fault:
        raise ProtocolError("location", str(fault)) from None
    return fixed + write_items(location.items) + location.rest


def write_items(items: Iterable[tuple[int, bytes]]) -> bytes:
    written = bytearray()
    for number, value in items:
        if not 0 <= number <= 255 or len(value) > 255:
            raise ProtocolError(f"item {number}", f"{len(value)} bytes, at most 255")
        written += bytes((number, len(value))) + value
    return bytes(written)
