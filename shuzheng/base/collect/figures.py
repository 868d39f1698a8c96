"""What the answers come to: how many, shares of each choice, sums of numbers. Two questions to the database however many there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Avg, Count, Exists, Max, Min, OuterRef, Q, QuerySet, Sum
from django.utils.translation import gettext as _

from shuzheng.base.collect.models import Answer, Asked, Collection, Value
from shuzheng.base.collect.questions import PICKED, STARS, Question, load
from shuzheng.base.core.scope import case_scope

FEW = 5
"""Answers without a name are shown from this number on: of fewer, one could tell whose is whose."""
SAID = 5
"""Texts that are shown beside a question; the others stand in the table."""


@dataclass(frozen=True)
class Figure:
    """One question in numbers. ``bars`` for choices and ratings; ``total`` and its like for numbers; ``said`` the latest texts."""

    question: Question
    count: int
    bars: tuple[tuple[str, int], ...] = ()
    total: Decimal | None = None
    mean: Decimal | None = None
    least: Decimal | None = None
    most: Decimal | None = None
    first: date | None = None
    last: date | None = None
    said: tuple[str, ...] = ()

    @property
    def chart(self) -> dict[str, Any]:
        """For ``sz-chart``."""
        return {
            "x": [label for label, _n in self.bars],
            "unit": _("份"),
            "series": [{"name": self.question.label, "data": [n for _label, n in self.bars]}],
            "barWidth": 22,
        }


@dataclass(frozen=True)
class Figures:
    """A collection in numbers, as of one moment. ``stamp`` differs whenever an answer came or was changed."""

    answers: int
    asked: int
    answered: int
    figures: tuple[Figure, ...]
    stamp: str
    is_hidden: bool = False

    @property
    def waiting(self) -> int:
        return max(self.asked - self.answered, 0)


def measure(row: Collection, questions: Sequence[Question] | None = None) -> Figures:
    """All figures of a collection, in the running scope of the office that asks."""
    counted = Answer.objects.filter(collection=row).aggregate(n=Count("pk"), v=Sum("version"))
    with case_scope(row.pk):
        answered = (
            Asked.objects.filter(collection=row, is_answered=True).count() if row.names_the_asked else counted["n"]
        )
    stamp = f"{counted['n']}.{counted['v'] or 0}.{row.version}"
    hidden = not row.is_named and row.audience != Collection.Audience.OPEN and counted["n"] < FEW
    if hidden:
        return Figures(counted["n"], row.asked, answered, (), stamp, is_hidden=True)
    return Figures(counted["n"], row.asked, answered, _figures(row, questions or load(row.questions)), stamp)


def _figures(row: Collection, questions: Sequence[Question]) -> tuple[Figure, ...]:
    values = Value.objects.filter(collection=row)
    sums = {
        line["code"]: line
        for line in values.values("code").annotate(
            n=Count("answer", distinct=True), total=Sum("number"), mean=Avg("number"), least=Min("number"),
            most=Max("number"), first=Min("day"), last=Max("day"),
        )
    }  # fmt: skip
    picked = [q.code for q in questions if q.kind in PICKED]
    rated = [q.code for q in questions if q.kind == "rating"]
    parts: dict[str, dict[Any, int]] = {}
    grouped = (
        values.filter(Q(code__in=picked) | Q(code__in=rated)).values("code", "text", "number").annotate(n=Count("pk"))
    )
    for line in grouped.order_by():
        key = line["text"] if line["number"] is None else int(line["number"])
        parts.setdefault(line["code"], {})[key] = line["n"]
    texts: dict[str, list[str]] = {}
    said = [q.code for q in questions if q.kind == "text"]
    for code, text in (
        values.filter(code__in=said).order_by("-pk").values_list("code", "text")[: SAID * max(len(said), 1) * 2]
    ):
        if len(texts.setdefault(code, [])) < SAID:
            texts[code].append(text)
    files = _files(row) if any(q.kind == "file" for q in questions) else {}
    return tuple(
        _figure(q, sums.get(q.code, {}), parts.get(q.code, {}), texts.get(q.code, []), files) for q in questions
    )


def _files(row: Collection) -> dict[str, int]:
    found: dict[str, int] = {}
    for files in Answer.objects.filter(collection=row).exclude(files={}).values_list("files", flat=True):
        for code in files:
            found[code] = found.get(code, 0) + 1
    return found


def _figure(
    question: Question, line: dict[str, Any], parts: dict[Any, int], said: list[str], files: dict[str, int]
) -> Figure:
    count = files.get(question.code, 0) if question.kind == "file" else line.get("n", 0)
    if question.kind in PICKED:
        return Figure(question, count, tuple((o, parts.get(o, 0)) for o in question.options))
    if question.kind == "rating":
        bars = tuple((str(n), parts.get(n, 0)) for n in range(1, STARS + 1))
        return Figure(question, count, bars, mean=line.get("mean"))
    if question.kind == "number":
        total, least, most = (_short(line.get(name)) for name in ("total", "least", "most"))
        return Figure(question, count, total=total, mean=line.get("mean"), least=least, most=most)
    if question.kind == "date":
        return Figure(question, count, first=line.get("first"), last=line.get("last"))
    return Figure(question, count, said=tuple(said))


def _short(number: Decimal | None) -> Decimal | None:
    """A number without the zeros that its column adds."""
    return None if number is None else Decimal(f"{number.normalize():f}")


def find(row: Collection, *, code: str = "", text: str = "", q: str = "") -> QuerySet[Answer]:
    """Answers with ``text`` chosen in question ``code``, and ``q`` somewhere in their words; in the order they came.

    Without names they come by their random ids: the order would tell who was first.
    """
    rows = Answer.objects.filter(collection=row)
    mine = Value.objects.filter(answer=OuterRef("pk"))
    if code and text:
        chosen = mine.filter(code=code, text=text)
        if text.isdigit() and any(x.code == code and x.kind == "rating" for x in load(row.questions)):
            chosen = mine.filter(code=code, number=int(text))
        rows = rows.filter(Exists(chosen))
    if q:
        rows = rows.filter(Q(by__icontains=q) | Q(organ_name__icontains=q) | Exists(mine.filter(text__icontains=q)))
    return rows.order_by("pk")


def waiting(row: Collection) -> list[Asked]:
    """Everybody who is asked, those who have not answered first."""
    with case_scope(row.pk):
        return list(Asked.objects.filter(collection=row).select_related("node").order_by("is_answered", "path", "name"))


__all__ = ["FEW", "Figure", "Figures", "find", "measure", "waiting"]
