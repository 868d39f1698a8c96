"""Ways to ask that Django does not have."""

from __future__ import annotations

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import CharField, Lookup
from django.db.models.sql.compiler import SQLCompiler


@CharField.register_lookup
class AnyOf(Lookup):
    """``number__anyof=[…]``: as ``__in``, sent as one array.

    A place of its own for each of fifty thousand values takes longer to fill in than the question to answer.
    """

    lookup_name = "anyof"
    prepare_rhs = False

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, list[Any]]:
        left, params = self.process_lhs(compiler, connection)
        return f"{left} = ANY(%s)", [*params, list(self.rhs)]
