"""What the numbers of terminal parameters mean (JT/T 808-2019, table 12): name, kind of value, unit. Others stay bytes."""

from __future__ import annotations

from dataclasses import dataclass

from shuzheng.protocols.jt808.errors import ProtocolError
from shuzheng.protocols.jt808.fields import bytes_of, text_of


@dataclass(frozen=True, slots=True)
class Parameter:
    """``size``: bytes of a number; nought for a text."""

    number: int
    name: str
    size: int
    unit: str = ""


KNOWN = {
    item.number: item
    for item in (
        Parameter(0x0001, "heartbeat interval", 4, "s"),
        Parameter(0x0013, "main server", 0),
        Parameter(0x0018, "TCP port", 4),
        Parameter(0x0020, "when to report", 4),
        Parameter(0x0027, "interval of reports asleep", 4, "s"),
        Parameter(0x0028, "interval of reports in an emergency", 4, "s"),
        Parameter(0x0029, "interval of reports", 4, "s"),
        Parameter(0x002C, "distance between reports", 4, "m"),
        Parameter(0x0030, "turn that is reported", 4, "°"),
        Parameter(0x0031, "radius of the fence", 2, "m"),
        Parameter(0x0055, "highest speed", 4, "km/h"),
        Parameter(0x0056, "time above it until the alarm", 4, "s"),
        Parameter(0x0057, "longest drive without a rest", 4, "s"),
        Parameter(0x005A, "longest stop", 4, "s"),
        Parameter(0x0080, "odometer", 4, "0.1 km"),
        Parameter(0x0081, "province", 2),
        Parameter(0x0082, "city", 2),
        Parameter(0x0083, "licence plate", 0),
        Parameter(0x0084, "colour of the plate", 1),
    )
}


def value_of(number: int, raw: bytes) -> int | str | bytes:
    """What ``raw`` says; the bytes themselves for a parameter that is not known, or of another size than it should be."""
    known = KNOWN.get(number)
    if known is None:
        return raw
    if known.size == 0:
        return text_of(raw)
    return int.from_bytes(raw, "big") if len(raw) == known.size else raw


def raw_of(number: int, value: int | str) -> tuple[int, bytes]:
    """A known parameter, ready for ``SetParameters``.

    Raises:
        ProtocolError: the parameter is not known, or the value is not of its kind or too large.
    """
    known = KNOWN.get(number)
    if known is None or isinstance(value, str) != (known.size == 0):
        raise ProtocolError(f"parameter 0x{number:04x}", f"takes no {type(value).__name__}")
    if isinstance(value, str):
        return number, bytes_of(value)
    try:
        return number, value.to_bytes(known.size, "big")
    except OverflowError as error:
        raise ProtocolError(f"parameter 0x{number:04x}", str(error)) from None
