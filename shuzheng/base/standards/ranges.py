"""值域: the part of it that a program can check.

Understood are bounds (``≥0``, ``＞0``, ``≤100``, ``<1``), spans (``0～100``, ``0–1``) and the rules of identity codes by the number
of their standard (``GB 32100``). Parts are divided by ``，``, ``；`` or ``、``; what is not understood is for people (``words``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

_NUMBER = r"(-?\d+(?:\.\d+)?)\s*%?"
_BOUND = re.compile(r"(≥|≧|>=|＞|>|≤|≦|<=|＜|<)\s*" + _NUMBER)
_SPAN = re.compile(_NUMBER + r"\s*[–～~—至]\s*" + _NUMBER)
_LOW = {"≥": False, "≧": False, ">=": False, "＞": True, ">": True}
_HIGH = {"≤": False, "≦": False, "<=": False, "＜": True, "<": True}
CREDIT_CODE = "GB 32100"


@dataclass(frozen=True)
class Range:
    """Bounds of a number and named rules. An open bound is not itself allowed."""

    low: Decimal | None = None
    low_open: bool = False
    high: Decimal | None = None
    high_open: bool = False
    credit_code: bool = False
    words: str = ""

    def __bool__(self) -> bool:
        return self.low is not None or self.high is not None

    def __contains__(self, value: Decimal) -> bool:
        if self.low is not None and (value < self.low or (self.low_open and value == self.low)):
            return False
        return self.high is None or not (value > self.high or (self.high_open and value == self.high))


@lru_cache(maxsize=2048)
def parse(text: str) -> Range:
    """What a value domain says; never fails, since a value domain may be any sentence."""
    low, high, low_open, high_open, credit, words = None, None, False, False, False, []
    for part in filter(None, (piece.strip() for piece in re.split(r"[，,；;、]", text))):
        if part.startswith(CREDIT_CODE):
            credit = True
        elif span := _SPAN.fullmatch(part):
            low, high = Decimal(span[1]), Decimal(span[2])
        elif (bounds := _BOUND.findall(part)) and not _BOUND.sub("", part).strip(" 且"):
            for sign, number in bounds:
                if sign in _LOW:
                    low, low_open = Decimal(number), _LOW[sign]
                else:
                    high, high_open = Decimal(number), _HIGH[sign]
        else:
            words.append(part)
    return Range(low, low_open, high, high_open, credit, "，".join(words))


__all__ = ["CREDIT_CODE", "Range", "parse"]
