"""A question to the database that is put into SQL once and asked again with other values: for what each step of a flow asks.

    OF_CASE = Question(lambda case_id: Step.objects.filter(case_id=case_id).order_by("opened_at"), UUID(int=1))
    OF_CASE(case.pk)

Making the SQL of a queryset takes longer than PostgreSQL needs to answer most of them. Row policies hold as for any query.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from django.db import connections
from django.db.models import QuerySet


class Question:
    """``build`` makes the queryset from ``examples``: one value for each that will be asked with, of its kind, different from
    each other and from every other value in it. Values are texts, numbers, dates, UUIDs, or lists of these (for ``= ANY``)."""

    def __init__(self, build: Callable[..., QuerySet[Any]], *examples: Any) -> None:
        self._build, self._examples = build, examples
        self._ready: tuple[QuerySet[Any], Any, str, tuple[Any, ...]] | None = None

    def __call__(self, *values: Any) -> list[Any]:
        """The rows, as the queryset has them."""
        asked, compiler, sql, params = self._ready or self._prepare()
        given = dict(zip(map(repr, self._examples), values, strict=True))
        own = copy.copy(compiler)
        own.connection = connections[asked.db]  # this thread's
        filled = tuple(given.get(repr(p), p) for p in params)
        own.as_sql = lambda *_args, **_kwargs: (sql, filled)
        rows = asked._chain()
        rows.query.get_compiler = lambda *_args, **_kwargs: own
        return list(rows._iterable_class(rows))

    def _prepare(self) -> tuple[QuerySet[Any], Any, str, tuple[Any, ...]]:
        asked = self._build(*self._examples)
        compiler = asked.query.get_compiler(asked.db)
        sql, params = compiler.as_sql()
        if any(repr(example) not in map(repr, params) for example in self._examples):
            raise ValueError("a value of the question is not among those that its SQL takes")
        self._ready = (asked, compiler, sql, tuple(params))
        return self._ready
