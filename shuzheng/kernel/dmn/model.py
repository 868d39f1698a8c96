"""What a DMN drawing holds, as it is written; nothing is parsed or typed yet but the structure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from shuzheng.kernel.errors import FieldFault, Invalid
from shuzheng.kernel.expr import Type
from shuzheng.kernel.findings import Place
from shuzheng.kernel.words import gettext


class DmnError(Invalid):
    """A drawing that cannot be accepted, or a table that cannot decide. `place` tells where, `reason` why."""

    code = "dmn"

    def __init__(self, message: str, place: Place | None = None) -> None:
        self.place, self.reason = place, message
        if place is not None and place.line:
            message = gettext("第 {line} 行：{message}").format(line=place.line, message=message)
        super().__init__(message, [FieldFault(place.id if place else "", message)])


@dataclass(frozen=True, slots=True)
class Input:
    """A column of conditions. `type` is None where none is written; `allowed` is the text of the permitted values.

    In a draft `text` may be empty: the editor saves a new column so.
    """

    place: Place
    text: str
    type: Type | None
    whole: bool
    allowed: str


@dataclass(frozen=True, slots=True)
class Output:
    """A column of results. `name` is empty where a table has one output only and leaves it so."""

    place: Place
    name: str
    type: Type | None
    allowed: str
    default: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A row: the texts of its cells. An empty condition holds always, an empty result is null."""

    place: Place
    conditions: tuple[str, ...]
    results: tuple[str, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """`hit` is UNIQUE, FIRST, ANY, PRIORITY, RULE ORDER, OUTPUT ORDER or COLLECT, the last with `sum` (SUM, MIN, MAX,
    COUNT, or empty for a plain list)."""

    place: Place
    hit: str
    sum: str
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """`logic` is a table or the text of an expression, empty in a draft. `variable` is the name under which others use its result."""

    place: Place
    variable: str
    type: Type | None
    logic: Table | str
    needs: tuple[str, ...]

    @property
    def id(self) -> str:
        return self.place.id


@dataclass(frozen=True, slots=True)
class Drawing:
    """The decisions of a file by id, and the names of its input data with their types."""

    decisions: dict[str, Decision]
    data: dict[str, Type]

    def __iter__(self) -> Iterator[Decision]:
        return iter(self.decisions.values())


__all__ = ["Decision", "DmnError", "Drawing", "Input", "Output", "Rule", "Table"]
