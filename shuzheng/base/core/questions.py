"""A question to the database that is put into SQL once and asked again with other values: for what each step of a flow asks.

    OF_CASE = Question(lambda case_id: Step.objects.filter(case_id=case_id).order_by("opened_at"), UUID(int=1))
    OF_CASE(case.pk)
    [steps, timers] = ask((OF_CASE, case.pk), (TIMERS, case.pk))

Making the SQL of a queryset takes longer than PostgreSQL needs to answer most of them. Row policies hold as for any query.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, connections
from django.db.models import QuerySet


class Question:
    """``build`` makes the queryset from ``examples``: one value for each that will be asked with, of its kind, different from
    each other and from every other value in it. Values are texts, numbers, dates, UUIDs, or lists of these (for ``= ANY``)."""

    def __init__(self, build: Callable[..., QuerySet[Any]], *examples: Any) -> None:
        self._build, self._examples = build, examples
        self._ready: _Ready | None = None

    def __call__(self, *values: Any) -> list[Any]:
        """The rows, as the queryset has them."""
        return ask((self, *values))[0]

    def _prepare(self) -> _Ready:
        if self._ready is None:
            asked = self._build(*self._examples)
            compiler = asked.query.get_compiler(asked.db)
            sql, params = compiler.as_sql()
            if any(repr(example) not in map(repr, params) for example in self._examples):
                raise ValueError("a value of the question is not among those that its SQL takes")
            converters = compiler.get_converters([column for column, *_more in compiler.select])
            self._ready = _Ready(asked, compiler, sql, tuple(params), converters)
        return self._ready

    def _statement(self, values: Sequence[Any]) -> tuple[str, tuple[Any, ...]]:
        ready, given = self._prepare(), dict(zip(map(repr, self._examples), values, strict=True))
        return ready.sql, tuple(given.get(repr(p), p) for p in ready.params)

    def _made(self, found: list[tuple[Any, ...]]) -> list[Any]:
        if not found:
            return []
        ready = self._prepare()
        own = copy.copy(ready.compiler)
        own.connection = connections[ready.asked.db]  # this thread's
        own.execute_sql = lambda *_args, **_kwargs: [found]
        own.get_converters = lambda _columns: ready.converters
        rows = ready.asked._chain()
        rows.query.get_compiler = lambda *_args, **_kwargs: own
        return list(rows._iterable_class(rows))


@dataclass(frozen=True)
class _Ready:
    """A question in SQL, and what makes rows of its answer."""

    asked: QuerySet[Any]
    compiler: Any
    sql: str
    params: tuple[Any, ...]
    converters: Mapping[int, Any]


def ask(*asked: tuple[Any, ...]) -> list[list[Any]]:
    """Several questions in one trip to the server, each with its values: the rows of each, in order."""
    with connection.cursor() as cursor:
        cursor.execute("; ".join(cursor.mogrify(*question._statement(values)) for question, *values in asked))
        answers = []
        for question, *_values in asked:
            if answers:
                cursor.nextset()
            answers.append(question._made(cursor.fetchall()))
    return answers
