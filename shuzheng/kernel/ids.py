"""Identifiers: UUID version 7 for machines, readable numbers for people."""

from __future__ import annotations

import os
import re
import secrets
import struct
import threading
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from uuid import UUID

from shuzheng.kernel.words import gettext

_TAIL_BITS = 74  # 12 bits of rand_a and 62 of rand_b (RFC 9562 §5.7)
_TAIL_MAX = (1 << _TAIL_BITS) - 1
AHEAD = 64


def _uuid(ms: int, tail: int) -> UUID:
    value = (ms & 0xFFFF_FFFF_FFFF) << 80 | 0x7 << 76 | (tail >> 62) << 64 | 0b10 << 62 | (tail & ((1 << 62) - 1))
    return UUID(int=value)


class _Clock:
    """Last instant and last random tail given out by this process."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.ms = -1
        self.tail = 0
        self.steps: list[int] = []

    def next(self, count: int) -> list[UUID]:
        now = time.time_ns() // 1_000_000
        made = []
        with self.lock:
            if len(self.steps) < count:  # drawn ahead: asking the system for each one takes longer than the rest
                more = max(count, AHEAD)
                self.steps += struct.unpack(f"={more}I", os.urandom(4 * more))
            kept = len(self.steps) - count
            steps = self.steps[kept:]
            del self.steps[kept:]
            if now > self.ms:
                # The top bit stays free, so that the increments below have room within one millisecond.
                self.ms, self.tail = now, secrets.randbits(_TAIL_BITS - 1)
            for step in steps:
                # Same millisecond, or the wall clock was set back: count on from the last value.
                self.tail += step + 1
                if self.tail > _TAIL_MAX:
                    self.ms, self.tail = self.ms + 1, secrets.randbits(_TAIL_BITS - 1)
                made.append(_uuid(self.ms, self.tail))
        return made


_clock = _Clock()


def _after_fork() -> None:
    # A child must not go on counting from the parent's tail, nor inherit a lock that another thread held.
    global _clock
    _clock = _Clock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def uuid7() -> UUID:
    """A UUID version 7 (RFC 9562), strictly increasing within this process, also over threads."""
    return _clock.next(1)[0]


def uuid7s(count: int) -> list[UUID]:
    """So many of them, in order, in half the time."""
    return _clock.next(count)


def uuid7_time(value: UUID) -> datetime:
    """The instant (UTC, milliseconds) inside a UUID version 7. Raises ValueError for another version."""
    if value.version != 7:
        raise ValueError(gettext("不是第 7 版 UUID：%(text)s") % {"text": value})
    return datetime.fromtimestamp((value.int >> 80) / 1000, tz=UTC)


_PART = re.compile(r"\{(node|yyyy|yy|mm|dd|seq)(?::(\d))?\}")


@dataclass(frozen=True, slots=True)
class HumanNumber:
    """A number taken apart. Parts that the rule does not carry are None; `year` is always four digits."""

    text: str
    seq: int
    node: str | None = None
    year: int | None = None
    month: int | None = None
    day: int | None = None


@dataclass(frozen=True, slots=True)
class NumberRule:
    """How a kind of document is numbered, e.g. `PC-{yyyy}{mm}{dd}-{seq:4}` gives `PC-20261014-0032`.

    Parts: `{node}` (the organ's short code), `{yyyy}` `{yy}` `{mm}` `{dd}`, and one `{seq:width}`. The counter is
    padded to its width and grows beyond it. Numbers are unique, gaps are allowed: a number drawn in a transaction that
    fails is not given out again. Raises ValueError for a pattern without exactly one counter.
    """

    pattern: str

    def __post_init__(self) -> None:
        names = [m[1] for m in _PART.finditer(self.pattern)]
        if names.count("seq") != 1:
            raise ValueError(gettext("编号格式须恰有一个 {seq}：%(pattern)s") % {"pattern": self.pattern})
        if len(set(names)) != len(names):
            raise ValueError(gettext("编号格式中同一部分出现两次：%(pattern)s") % {"pattern": self.pattern})
        if "{" in _PART.sub("", self.pattern) or "}" in _PART.sub("", self.pattern):
            raise ValueError(gettext("编号格式中有不认识的部分：%(pattern)s") % {"pattern": self.pattern})
        if re.search(r"\}\{node\}|\{node\}\{|\{seq(:\d)?\}\{", self.pattern):
            raise ValueError(
                gettext("单位代码、流水号与相邻部分之间须有分隔符：%(pattern)s") % {"pattern": self.pattern}
            )

    def _fill(self, on: date, node: str, seq: str | None) -> str:
        def part(m: re.Match[str]) -> str:
            match m[1]:
                case "node":
                    if not node:
                        raise ValueError(gettext("编号格式需要单位代码：%(pattern)s") % {"pattern": self.pattern})
                    return node
                case "yyyy":
                    return f"{on.year:04d}"
                case "yy":
                    return f"{on.year % 100:02d}"
                case "mm":
                    return f"{on.month:02d}"
                case "dd":
                    return f"{on.day:02d}"
                case _:
                    return "#" if seq is None else seq.zfill(int(m[2] or 1))

        return _PART.sub(part, self.pattern)

    def format(self, seq: int, *, on: date, node: str = "") -> str:
        """The number for counter value `seq` (from 1) on a day, at an organ. Raises ValueError."""
        if seq < 1:
            raise ValueError(gettext("流水号须从 1 起：%(text)s") % {"text": seq})
        return self._fill(on, node, str(seq))

    def counter_key(self, *, on: date, node: str = "") -> str:
        """Name of the counter to draw from: one a day, a month, a year or an organ, as the pattern says."""
        return self._fill(on, node, None)

    def parse(self, text: str) -> HumanNumber:
        """Takes a number apart. Raises ValueError when it does not follow the rule or names no real day."""
        m = _regex(self.pattern).fullmatch(text.strip())
        if m is None:
            raise ValueError(gettext("编号不符合格式 %(pattern)s：%(text)s") % {"pattern": self.pattern, "text": text})
        got = m.groupdict()

        def number(*names: str) -> int | None:
            return next((int(got[n]) for n in names if got.get(n)), None)

        year, month, day = number("yyyy"), number("mm"), number("dd")
        if year is None and got.get("yy"):
            year = 2000 + int(got["yy"])
        try:
            date(year or 2000, month or 1, day or 1)
        except ValueError as error:
            raise ValueError(gettext("编号中的日期不存在：%(text)s") % {"text": text}) from error
        seq = int(got["seq"])
        if seq < 1:
            raise ValueError(gettext("流水号须从 1 起：%(text)s") % {"text": text})
        return HumanNumber(text.strip(), seq, got.get("node"), year, month, day)


@lru_cache(maxsize=256)
def _regex(pattern: str) -> re.Pattern[str]:
    digits = {"yyyy": r"\d{4}", "yy": r"\d{2}", "mm": r"\d{2}", "dd": r"\d{2}"}
    out, at = "", 0
    for m in _PART.finditer(pattern):
        out += re.escape(pattern[at : m.start()])
        if m[1] == "seq":
            out += rf"(?P<seq>\d{{{int(m[2] or 1)},12}})"
        elif m[1] == "node":
            out += r"(?P<node>[^\s{}]{1,64}?)"
        else:
            out += f"(?P<{m[1]}>{digits[m[1]]})"
        at = m.end()
    return re.compile(out + re.escape(pattern[at:]), re.ASCII)


__all__ = ["HumanNumber", "NumberRule", "uuid7", "uuid7_time", "uuid7s"]
