"""Timing two ways of doing the same, interleaved, and the results as a table and as JSON."""

from __future__ import annotations

import gc
import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

SHORT = 0.001
"""Seconds. A reference shorter than this is compared by difference: a ratio of two small numbers says little."""
SLACK = 0.0005
"""Seconds that ours may be longer than a short reference."""


@dataclass
class Result:
    """One measured promise. ``ours`` and ``reference`` are in ``unit``; without a bar the figure is only stated.

    ``bar``: the most that ``ours / reference`` may be; with ``least`` the least that ``ours`` may be, and without a
    reference the most that ``ours`` may be.
    """

    name: str
    ours: float
    how: str
    reference: float | None = None
    bar: float | None = None
    unit: str = "s"
    least: bool = False

    @property
    def ratio(self) -> float | None:
        return self.ours / self.reference if self.reference else None

    @property
    def by_difference(self) -> bool:
        return self.unit == "s" and self.reference is not None and self.reference < SHORT

    @property
    def ok(self) -> bool | None:
        """Whether the bar is met; None when there is none."""
        if self.bar is None:
            return None
        if self.least:
            return self.ours >= self.bar
        if self.reference is None:
            return self.ours <= self.bar
        within = self.ours <= self.bar * self.reference
        return within or (self.by_difference and self.ours - self.reference <= SLACK)

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "ours": round(self.ours, 6),
            "reference": None if self.reference is None else round(self.reference, 6),
            "ratio": None if self.ratio is None else round(self.ratio, 2),
            "unit": self.unit,
            "bar": self._bar_words(),
            "ok": self.ok,
            "how": self.how,
        }

    def _bar_words(self) -> str:
        if self.bar is None:
            return "stated"
        if self.least:
            return f"≥ {self.bar:g} {self.unit}"
        if self.reference is None:
            return f"≤ {self.bar:g} {self.unit}"
        return f"≤ {self.bar:g} ×" + (f" or + {SLACK * 1000:g} ms" if self.by_difference else "")

    def cells(self) -> list[str]:
        """What the table shows."""
        ratio = "" if self.ratio is None else f"{self.ratio:.2f}"
        reference = "" if self.reference is None else amount(self.reference, self.unit)
        verdict = {True: "ok", False: "MISSED", None: ""}[self.ok]
        return [self.name, amount(self.ours, self.unit), reference, ratio, self._bar_words(), verdict]


def amount(value: float, unit: str) -> str:
    """A figure with its unit, seconds in what reads best."""
    if unit != "s":
        return f"{value:,.1f} {unit}".replace(".0 ", " ")
    return f"{value * 1000:.2f} ms" if value < 0.1 else f"{value * 1000:.0f} ms" if value < 2 else f"{value:.1f} s"


def interleaved(
    ours: Callable[[], Any], reference: Callable[[], Any], *, seconds: float = 4, least: int = 15, most: int = 400,
    warm: int = 3,
) -> tuple[float, float]:  # fmt: skip
    """Medians of both, in seconds, run in turn for about ``seconds`` after ``warm`` rounds that don't count.

    What disturbs the machine disturbs both; and each round changes who comes first.
    """
    pair = (ours, reference)
    taken: tuple[list[float], list[float]] = ([], [])
    for _ in range(warm):
        ours()
        reference()
    end = time.perf_counter() + seconds
    gc.collect()
    gc.freeze()
    try:
        while len(taken[0]) < least or (time.perf_counter() < end and len(taken[0]) < most):
            for side in (0, 1) if len(taken[0]) % 2 else (1, 0):
                taken[side].append(timed(pair[side]))
    finally:
        gc.unfreeze()
    return statistics.median(taken[0]), statistics.median(taken[1])


def timed(do: Callable[[], Any]) -> float:
    """Seconds that ``do`` takes."""
    begin = time.perf_counter()
    do()
    return time.perf_counter() - begin


def machine() -> dict[str, Any]:
    """What the figures were taken on: processor, cores, memory, versions. No names of hosts or folders."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        found = [
            line.split(":", 1)[1].strip() for line in info.read_text().splitlines() if line.startswith("model name")
        ]
        model = found[0] if found else model
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "processor": model,
        "cores": os.cpu_count(),
        "memory_gib": round(memory, 1),
        "python": platform.python_version(),
        "system": platform.system(),
        "load": round(os.getloadavg()[0], 1),
    }


def now() -> str:
    """The present moment, for a result file."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def table(results: Sequence[Result]) -> str:
    """The results as text, aligned."""
    rows = [["", "ours", "reference", "ratio", "bar", ""], *(r.cells() for r in results)]
    widths = [max(_width(row[n]) for row in rows) for n in range(6)]
    lines = []
    for row in rows:
        padded = [
            _pad(cell, width, right=n in (1, 2, 3)) for n, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(padded).rstrip())
    return "\n".join(lines)


def _width(text: str) -> int:
    return sum(2 if ord(c) > 0x2E80 else 1 for c in text)


def _pad(text: str, width: int, *, right: bool) -> str:
    space = " " * (width - _width(text))
    return space + text if right else text + space


def write(path: Path, content: dict[str, Any]) -> None:
    """Write a result file."""
    path.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
