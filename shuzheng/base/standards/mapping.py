"""Which codes of one edition of a code set stand for those of another: what was merged, split, renamed or given up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from shuzheng.base.standards import resolve
from shuzheng.base.standards.book import Book, CodeSetValue
from shuzheng.kernel.errors import Invalid, Missing


@dataclass(frozen=True)
class Mapped:
    """A code and the codes that take its place; none where it was given up. ``known`` is False for a code that never was."""

    code: str
    targets: tuple[str, ...]
    known: bool = True


def editions(code_set: str, path: str = "", *, book: Book | None = None) -> tuple[CodeSetValue, ...]:
    """The published editions of a code set that hold at a place, from old to new; a later edition of the same day counts.

    Raises:
        Missing: there is no such code set.
    """
    found = (book or resolve.current()).code_sets.get(code_set, ())
    regions = {row.region for row in found if path.startswith(row.region)}
    if not regions:
        raise Missing(_("没有代码集“%s”。") % code_set, code="no-code-set")
    nearest = max(regions, key=len)
    by_day: dict[date, CodeSetValue] = {}
    for row in sorted((r for r in found if r.region == nearest), key=lambda r: (r.effective_from, r.edition)):
        by_day[row.effective_from] = row
    return tuple(by_day.values())


def map_codes(
    code_set: str, codes: Iterable[str], *, since: date, to: date, path: str = "", book: Book | None = None
) -> list[Mapped]:
    """For codes of the edition in force on ``since``, the codes of that in force on ``to``; back in time as well.

    A code that the next edition still has and that names no successor stays itself.

    Raises:
        Missing: no such code set.
        Invalid: no edition was in force on one of the days.
    """
    rows = editions(code_set, path, book=book)
    start, end = _at(rows, since), _at(rows, to)
    steps = [_step(rows[i], rows[i + 1]) for i in range(min(start, end), max(start, end))]
    if end < start:
        steps = [_inverse(step) for step in reversed(steps)]
    known = {item.code for item in rows[start].items}
    found = []
    for code in codes:
        targets: dict[str, None] = {code: None} if code in known else {}
        for step in steps:
            targets = {after: None for before in targets for after in step.get(before, ())}
        found.append(Mapped(code, tuple(targets), known=code in known))
    return found


def between(older: CodeSetValue, newer: CodeSetValue) -> list[Mapped]:
    """The whole mapping from one edition to the next."""
    step = _step(older, newer)
    return [Mapped(item.code, step[item.code]) for item in older.items]


def _at(rows: tuple[CodeSetValue, ...], day: date) -> int:
    places = [n for n, row in enumerate(rows) if row.holds(day)]
    if not places:
        raise Invalid(_("%(day)s 没有代码集“%(code)s”的有效版次。") % {"day": day, "code": rows[0].code})
    return places[-1]


def _step(older: CodeSetValue, newer: CodeSetValue) -> dict[str, tuple[str, ...]]:
    kept = {item.code for item in newer.items}
    return {
        item.code: item.successors or ((item.code,) if item.code in kept else ())
        for item in older.items
    }  # fmt: skip


def _inverse(step: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    back: dict[str, list[str]] = {}
    for before, afters in step.items():
        for after in afters:
            back.setdefault(after, []).append(before)
    return {after: tuple(befores) for after, befores in back.items()}


__all__ = ["Mapped", "between", "editions", "map_codes"]
