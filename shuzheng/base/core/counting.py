"""Counting under a cap: many counts and sums in one question, none of which looks at more than ``CAP`` + 1 rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.models import QuerySet

CAP = 10_000
"""Counts are exact up to here; above, ``CAP + 1`` says "more"."""


@dataclass(frozen=True)
class Counted:
    """``n`` rows (``CAP + 1`` for more), and the sums by field over the rows counted."""

    n: int
    sums: Mapping[str, Decimal | None] = field(default_factory=dict)

    @property
    def capped(self) -> bool:
        return self.n > CAP


def count_all(
    questions: Mapping[str, QuerySet], sums: Mapping[str, Sequence[str]] | None = None, using: str = "default"
) -> dict[str, Counted]:
    """Count each queryset up to the cap, all in one statement; ``sums`` names fields to add up, by question."""
    wanted = sums or {}
    parts, params, shape, found = [], [], [], {}
    for place, (name, rows) in enumerate(questions.items()):
        fields = list(wanted.get(name, ()))
        limited = rows.order_by().values_list("pk", *fields)[: CAP + 1]
        try:
            sql, values = limited.query.get_compiler(using).as_sql()
        except EmptyResultSet:
            found[name] = Counted(0, dict.fromkeys(fields, Decimal(0)))
            continue
        aliases = ", ".join(["k", *(f"f{n}" for n in range(len(fields)))])
        columns = ", ".join(["count(*)", *(f"COALESCE(sum(f{n}), 0)" for n in range(len(fields)))])
        parts.append(f"(SELECT {columns} FROM ({sql}) AS r({aliases})) AS c{place}")  # noqa: S608 -- compiled by Django
        params += values
        shape.append((name, fields))
    if parts:
        with connections[using].cursor() as cursor:
            cursor.execute("SELECT * FROM " + ", ".join(parts), params)  # noqa: S608
            row = list(cursor.fetchone())
        for name, fields in shape:
            n, *added = row[: 1 + len(fields)]
            row = row[1 + len(fields) :]
            found[name] = Counted(n, dict(zip(fields, added, strict=True)))
    return found
