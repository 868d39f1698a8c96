"""What a check has to say about a drawing or a table before it is put to use."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from shuzheng.kernel.words import gettext


class Severity(StrEnum):
    """ERROR: must not be published. WARNING: works, but hardly as meant. NOTE: what the check itself could not prove."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: the element's id and name, and its line in the file (1-based)."""

    id: str
    name: str = ""
    line: int = 0

    def __str__(self) -> str:
        return self.name or self.id


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found. `code` is for programs and for the manual (docs/flows-checks.md), `message` for the designer.

    `trace` is the way there, element by element, where the finding is about how a process runs.
    """

    code: str
    severity: Severity
    place: Place
    message: str
    trace: tuple[Place, ...] = ()

    def __str__(self) -> str:
        if not self.place.line:
            return self.message
        return gettext("第 {line} 行：{message}").format(line=self.place.line, message=self.message)


def error(code: str, place: Place, message: str, trace: Sequence[Place] = ()) -> Finding:
    return Finding(code, Severity.ERROR, place, message, tuple(trace))


def warning(code: str, place: Place, message: str) -> Finding:
    return Finding(code, Severity.WARNING, place, message)


def note(code: str, place: Place, message: str) -> Finding:
    return Finding(code, Severity.NOTE, place, message)


def listed(names: Iterable[object]) -> str:
    """“甲”、“乙”."""
    return gettext("、").join(gettext("“{name}”").format(name=name) for name in names)


__all__ = ["Finding", "Place", "Severity", "error", "listed", "note", "warning"]
