"""数据格式: the notation that says what a value of a data element looks like (GB/T 18391, as GB/T 43243 uses it).

``c..120``: at most 120 characters; ``an18``: exactly 18 letters or digits; ``a3..10``: 3 to 10 letters; ``n6``: exactly six
digits; ``n..14,2``: a number of at most 14 digits, 2 of them decimals; ``YYYYMMDD``, ``YYYY-MM-DD``, ``YYYYMMDDhhmmss``:
dates and times; ``ul``: no limit. Letters may be large or small; an empty text sets no limit.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Literal

from django.utils.translation import gettext as _

from shuzheng.kernel.errors import Invalid

Kind = Literal["text", "number", "date", "datetime", "time"]

_COUNTED = re.compile(r"(an|a|n|c)(\d{1,5})?(?:(\.\.)(\d{1,5}))?(?:,(\d{1,2}))?", re.IGNORECASE)
_CHARACTERS = {"a": r"[A-Za-z]", "n": r"[0-9]", "an": r"[A-Za-z0-9]"}
_DATES: dict[str, tuple[Kind, str]] = {
    "YYYY": ("date", "%Y"),
    "YYYYMM": ("date", "%Y%m"),
    "YYYY-MM": ("date", "%Y-%m"),
    "YYYYMMDD": ("date", "%Y%m%d"),
    "YYYY-MM-DD": ("date", "%Y-%m-%d"),
    "YYYYMMDDhhmm": ("datetime", "%Y%m%d%H%M"),
    "YYYYMMDDhhmmss": ("datetime", "%Y%m%d%H%M%S"),
    "YYYY-MM-DD hh:mm": ("datetime", "%Y-%m-%d %H:%M"),
    "YYYY-MM-DD hh:mm:ss": ("datetime", "%Y-%m-%d %H:%M:%S"),
    "YYYY-MM-DDThh:mm:ss": ("datetime", "%Y-%m-%dT%H:%M:%S"),
    "hhmm": ("time", "%H%M"),
    "hh:mm": ("time", "%H:%M"),
}
_FOLDED = {name.lower(): name for name in _DATES}
DATE_FORMATS = tuple(_DATES)
"""The notations of dates and times that are understood."""


@dataclass(frozen=True)
class Format:
    """What a format says.

    Attributes:
        kind: ``number`` only where decimals are said; ``n..8`` alone is digits, which the element's type makes a number.
        chars: ``a`` letters, ``n`` digits, ``an`` both, ``c`` any character; empty for dates.
        least, length: how many characters (for numbers: digits in all); ``length`` None sets no limit.
        decimals: of a number; None where none are said.
        pattern: the notation of a date or time, as given in ``DATE_FORMATS``.
    """

    text: str
    kind: Kind
    chars: str = ""
    least: int = 0
    length: int | None = None
    decimals: int | None = None
    pattern: str = ""

    @property
    def strptime(self) -> str:
        """The pattern as ``datetime.strptime`` wants it; empty unless this is a date or time."""
        return _DATES[self.pattern][1] if self.pattern else ""

    @property
    def regex(self) -> str:
        """What the text of a value must match as a whole (JSON Schema and Python agree on it); empty for any text."""
        if self.pattern:
            return re.sub(r"[YMDhms]+", lambda run: f"[0-9]{{{len(run[0])}}}", self.pattern)
        if self.chars not in _CHARACTERS:
            return ""
        count = f"{{{self.least},{'' if self.length is None else self.length}}}"
        return _CHARACTERS[self.chars] + (f"{{{self.length}}}" if self.least == self.length else count)

    def read_date(self, text: str) -> datetime | None:
        """The moment that a text means in this notation; None if it means none.

        ``strptime`` takes ``2026113`` for a ``YYYYMMDD``, so the shape is looked at first.
        """
        if not re.fullmatch(self.regex, text):
            return None
        try:
            return datetime.strptime(text, self.strptime)
        except ValueError:
            return None


@lru_cache(maxsize=2048)
def parse(text: str) -> Format:
    """The format that a notation stands for.

    Raises:
        Invalid: it is none.
    """
    plain = text.strip()
    if not plain or plain.lower() == "ul":
        return Format(plain, "text", "c")
    if date := _FOLDED.get(plain.lower()):
        return Format(date, _DATES[date][0], pattern=date)
    found = _COUNTED.fullmatch(plain)
    if found is None:
        raise Invalid.one("data_format", _("数据格式“%s”不认识。写成 c..120、an18、n..14,2、YYYYMMDD 这样。") % text)
    chars, first, spread, last, decimals = found.groups()
    least = int(first or 0)
    length = int(last) if last else (None if spread or not first else least)
    if (last and least > int(last)) or (
        decimals and (chars.lower() != "n" or length is None or int(decimals) > length)
    ):
        raise Invalid.one("data_format", _("数据格式“%s”的长度说不通。") % text)
    kind: Kind = "number" if decimals else "text"
    return Format(plain, kind, chars.lower(), least, length, int(decimals) if decimals else None)


__all__ = ["DATE_FORMATS", "Format", "parse"]
