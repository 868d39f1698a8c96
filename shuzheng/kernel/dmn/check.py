"""What is wrong with decision tables, in words, before they are put to use: rules that overlap, cases that no rule takes.

Each column is split into the cases its cells tell apart (`kernel/expr/cases.py`); a rule is then a box over these. Gaps
and hidden rules are found by going through the columns from left to right, taking together what the same rules take.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from shuzheng.kernel.dmn.model import DmnError, Drawing
from shuzheng.kernel.dmn.table import LISTS, Column, Decider, Line, Ready, compile_decision
from shuzheng.kernel.expr import Domain
from shuzheng.kernel.expr.cases import Split, domain_of, split, tell
from shuzheng.kernel.findings import Finding, Place, error, note, warning
from shuzheng.kernel.words import gettext

MAX_STEPS = 500_000
"""Most combinations looked at in one table; beyond, the check says that it gave up."""

SHOWN = 5
"""Most gaps, and most overlaps, told of one table."""


def check(drawing: Drawing, names: Mapping[str, Domain] | None = None) -> list[Finding]:
    """Findings for all decisions of the drawing, in its order. `names` declares what expressions may speak of.

    Codes: `dmn-invalid`, `dmn-overlap`, `dmn-any-differs`, `dmn-gap`, `dmn-hidden`, `dmn-never`, `dmn-empty`,
    `dmn-unproven`.
    """
    types = {name: domain.type for name, domain in (names or {}).items()}
    found: list[Finding] = []
    for decision in drawing:
        try:
            decider = compile_decision(drawing, decision.id, types)
        except DmnError as fault:
            finding = error("dmn-invalid", fault.place or decision.place, fault.reason)
            if finding not in found:  # said already, of a decision that this one builds on
                found.append(finding)
            continue
        if isinstance(decider.logic, Ready):
            found += _Boxes(decider.logic, names or {}, _entangled(decider)).findings()
    return found


def _entangled(decider: Decider) -> bool:
    """Whether two columns draw on the same item, be it through other decisions: then not all their cases go together."""
    if not isinstance(decider.logic, Ready):
        return False
    seen: set[str] = set()
    for column in decider.logic.columns:
        drawn = _drawn(decider, column.value.references)
        if seen & drawn:
            return True
        seen |= drawn
    return False


def _drawn(decider: Decider, names: Iterable[str]) -> set[str]:
    """The items that names come from, which may be results of the decisions that this one builds on."""
    drawn: set[str] = set()
    for name in names:
        need = next((need for need in decider.needs if name in need.types), None)
        if need is None:
            drawn.add(name)
        elif isinstance(need.logic, Ready):
            inner = [column.value.references for column in need.logic.columns]
            inner += [cell.references for line in need.logic.lines for cell in (*line.tests, *line.results) if cell]
            drawn |= _drawn(need, set().union(*inner) - {"?"})
        else:
            drawn |= _drawn(need, need.logic.references)
    return drawn


@dataclass(frozen=True, slots=True)
class _Side:
    """A column as its cases: for each rule the set of cases it takes, and for each case the rules, both as bits.

    A cell that depends on more than its column takes all: what it takes is not known beforehand.
    """

    column: Column
    domain: Domain
    split: Split
    taken: tuple[int, ...]
    rules: tuple[int, ...]

    def says(self, chosen: int) -> str:
        """The chosen cases in words; empty for all."""
        places = [n for n in range(len(self.split.cases)) if chosen >> n & 1]
        return tell(str(self.column.input.place), self.domain, self.split, places)


class _TooMany(Exception):
    pass


class _Boxes:
    def __init__(self, ready: Ready, names: Mapping[str, Domain], entangled: bool) -> None:
        self.ready, self.entangled = ready, entangled
        self.place = ready.table.place
        self.unclear: list[Place] = []
        self.open: set[int] = set()
        """Rules with a cell that depends on more than its own column."""
        self.sides = [self._side(n, column, names) for n, column in enumerate(ready.columns)]
        self.steps = 0

    def _side(self, at: int, column: Column, names: Mapping[str, Domain]) -> _Side:
        declared = names.get(column.input.text)
        domain = declared or domain_of(column.value.tree, column.input.whole)
        cells = [line.tests[at] for line in self.ready.lines]
        open_ = {n for n, cell in enumerate(cells) if cell is not None and cell.references - {"?"}}
        self.open |= open_
        trees = [cell.tree for cell in cells if cell is not None]
        whole = split(domain, [*trees, *([column.allowed.tree] if column.allowed else [])], "?")
        if not whole.exact:
            self.unclear.append(column.input.place)
        cases = tuple(
            c for c in whole.cases if c.value is None or not column.allowed or column.allowed({"?": c.value}) is True
        )
        taken = [0] * len(cells)
        rules = [0] * len(cases)
        for n, cell in enumerate(cells):
            for m, case in enumerate(cases):
                if cell is None or n in open_ or cell({"?": case.value}) is True:
                    taken[n] |= 1 << m
                    rules[m] |= 1 << n
        return _Side(column, domain, Split(cases, whole.exact), tuple(taken), tuple(rules))

    def findings(self) -> list[Finding]:
        lines = self.ready.lines
        if not lines:
            return [error("dmn-empty", self.place, gettext("决策表“{table}”一条规则也没有").format(table=self.place))]
        found = [f for n, line in enumerate(lines) if (f := self._never(n, line))]
        if self.entangled:
            text = gettext("决策表“{table}”的几列取自同样的数据项，只查了每列自身，重叠与遗漏没有查")
            return [*found, note("dmn-unproven", self.place, text.format(table=self.place))]
        never = {f.place for f in found}
        try:
            found += self._overlaps()
            found += self._hidden(never)
            found += self._gaps()
        except _TooMany:
            text = gettext("决策表“{table}”的情形太多，没有全部查完").format(table=self.place)
            found.append(note("dmn-unproven", self.place, text))
        if self.unclear or self.open:
            columns = gettext("、").join(map(str, [*self.unclear, *(lines[n].place for n in sorted(self.open))]))
            text = gettext("决策表“{table}”中有不能事先判定的条件（{columns}），重叠与遗漏只查了一部分").format(
                table=self.place, columns=columns
            )
            found.append(note("dmn-unproven", self.place, text))
        return found

    def _never(self, number: int, line: Line) -> Finding | None:
        for side in self.sides:
            if not side.taken[number] and side.column.input.place not in self.unclear:
                text = gettext("{rule}永远不会命中：列“{column}”的条件没有一个值能满足").format(
                    rule=line.place, column=side.column.input.place
                )
                return warning("dmn-never", line.place, text)
        return None

    def _words(self, box: Sequence[int]) -> str:
        parts = [side.says(chosen) for side, chosen in zip(self.sides, box, strict=False)]
        return gettext("，").join(part for part in parts if part) or gettext("任何情形")

    # Overlaps

    def _overlaps(self) -> list[Finding]:
        hit = self.ready.table.hit
        if hit not in ("UNIQUE", "ANY"):
            return []
        found: list[Finding] = []
        total = 0
        sure = [n for n in range(len(self.ready.lines)) if n not in self.open]
        for a, b in combinations(sure, 2):
            self._step()
            box = [side.taken[a] & side.taken[b] for side in self.sides]
            if not all(box) or (hit == "ANY" and self._agree(a, b)):
                continue
            total += 1
            if total <= SHOWN:
                found.append(self._overlap(hit, a, b, box))
        if total > SHOWN:
            text = gettext("决策表“{table}”另有 {n} 处规则重叠").format(table=self.place, n=total - SHOWN)
            found.append(error("dmn-overlap" if hit == "UNIQUE" else "dmn-any-differs", self.place, text))
        return found

    def _overlap(self, hit: str, a: int, b: int, box: Sequence[int]) -> Finding:
        first, second = self.ready.lines[a].place, self.ready.lines[b].place
        values = {"a": first, "b": second, "case": self._words(box)}
        if hit == "UNIQUE":
            return error("dmn-overlap", second, gettext("{a}与{b}重叠：{case} 时两条都命中").format(**values))
        return error("dmn-any-differs", second, gettext("{a}与{b}结果不同，而{case} 时两条都命中").format(**values))

    def _agree(self, a: int, b: int) -> bool:
        mine, theirs = self.ready.lines[a].results, self.ready.lines[b].results
        # Results that are calculated may be equal or not, from case to case: only fixed ones are sure to differ.
        pairs = zip(mine, theirs, strict=True)
        return all(x.references or y.references or x({}) == y({}) for x, y in pairs)

    # Gaps and hidden rules

    def _hidden(self, never: set[Place]) -> list[Finding]:
        if self.ready.table.hit != "FIRST" or self.unclear:
            return []
        found = []
        for number, line in enumerate(self.ready.lines):
            if number in self.open or line.place in never:
                continue
            earlier = sum(1 << n for n in range(number) if n not in self.open)
            within = [side.taken[number] for side in self.sides]
            if earlier and next(self._uncovered(0, earlier, within, set()), None) is None:
                text = gettext("{rule}永远轮不到：它的情形都已被前面的规则取走").format(rule=line.place)
                found.append(warning("dmn-hidden", line.place, text))
        return found

    def _gaps(self) -> list[Finding]:
        table = self.ready.table
        if (table.hit in LISTS and table.sum in ("", "COUNT")) or any(result.default for result in self.ready.results):
            return []
        everything = [(1 << len(side.split.cases)) - 1 for side in self.sides]
        found: list[Finding] = []
        # A rule that can't be known beforehand is taken to hold in all that its other cells allow: no false alarm.
        for box in self._uncovered(0, (1 << len(self.ready.lines)) - 1, everything, set()):
            if len(found) == SHOWN:
                found.append(warning("dmn-gap", self.place, gettext("还有别的情形没有规则")))
                break
            text = gettext("决策表“{table}”有遗漏：{case} 时没有规则").format(table=self.place, case=self._words(box))
            found.append(warning("dmn-gap", self.place, text))
        return found

    def _uncovered(
        self, at: int, rules: int, within: Sequence[int], covered: set[tuple[int, int]]
    ) -> Iterator[list[int]]:
        """Boxes, by column from `at` on, that none of the `rules` (bits) takes. `covered` remembers what has none."""
        if not rules:
            yield []
            return
        if at == len(self.sides) or (at, rules) in covered:
            return
        side = self.sides[at]
        groups: dict[int, int] = {}
        for case, takers in enumerate(side.rules):
            if within[at] >> case & 1:
                self._step()
                groups[rules & takers] = groups.get(rules & takers, 0) | 1 << case
        none = True
        for left, cases in groups.items():
            for rest in self._uncovered(at + 1, left, within, covered):
                none = False
                yield [cases, *rest]
        if none:
            covered.add((at, rules))

    def _step(self) -> None:
        self.steps += 1
        if self.steps > MAX_STEPS:
            raise _TooMany


__all__ = ["MAX_STEPS", "check"]
