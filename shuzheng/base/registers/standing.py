"""What is stored already of what a sheet holds: records by their key, and values that may stand only once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter
from typing import Any

from django.db.models import CharField, Field, Model, QuerySet, UniqueConstraint

from shuzheng.base.registers.declare import Register
from shuzheng.base.registers.readers import chunks

Values = tuple[Any, ...]


def among(rows: QuerySet[Any], fields: Sequence[Field[Any, Any]], wanted: Iterable[Values]) -> Iterator[QuerySet[Any]]:
    """Rows whose ``fields`` hold what the tuples in ``wanted`` hold, or a mixture of two of them; in parts.

    All fields are asked for, not only the last: the index of a key in its owner begins with the owner.
    """
    *leading, last = range(len(fields))
    for part in chunks(sorted(set(wanted), key=lambda values: str(values[last]))):
        found = rows
        for place in (*leading, last):
            ask = "anyof" if isinstance(fields[place], CharField) else "in"
            found = found.filter(**{f"{fields[place].attname}__{ask}": list({values[place] for values in part})})
        yield found


def by_key(register: Register, rows: QuerySet[Any], keys: set[Values], *, owned: bool) -> dict[Values, Any]:
    """The records that keys name. With ``owned`` a key begins with its owner's id."""
    names = ["node", *register.key] if owned else list(register.key)
    fields = [register.model._meta.get_field(name) for name in names]
    read = attrgetter(*(f.attname for f in fields))
    found = {}
    for part in among(rows, fields, keys):  # type: ignore[arg-type] -- fields of the model, no reverse relations
        for record in part:
            key = read(record) if len(fields) > 1 else (read(record),)
            if key in keys:
                found[key] = record
    return found


def unique_groups(model: type[Model]) -> list[tuple[Field[Any, Any], ...]]:
    """The fields, one or several, whose values no two records share."""
    groups = [tuple(c.fields) for c in model._meta.constraints if isinstance(c, UniqueConstraint) and c.fields]
    groups += [(f.name,) for f in model._meta.concrete_fields if f.unique and not f.primary_key]
    return [tuple(map(model._meta.get_field, names)) for names in dict.fromkeys(groups)]  # type: ignore[misc] -- as above


__all__ = ["among", "by_key", "unique_groups"]
