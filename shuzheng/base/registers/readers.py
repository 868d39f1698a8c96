"""Columns of a sheet as values of the model: what reads a cell, for each kind of field; names behind foreign keys set-wise."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.translation import gettext as _
from psycopg.types.range import DateRange

from shuzheng.base.core.actor import Actor
from shuzheng.base.registers import sheet_values as cells
from shuzheng.base.registers import sheets
from shuzheng.base.registers.declare import Register, register_of
from shuzheng.base.registers.fields import Shown, label_field
from shuzheng.base.registers.forms import owners, targets

Reader = Callable[[Any], Any]
CHUNK = 5000
BLANK: Any = object()
"""What an empty cell is read as."""


@dataclass(frozen=True)
class Refused:
    """Why a cell can't be read."""

    reason: str


@dataclass(frozen=True)
class Above:
    """A name that should be that of a row further up in the same sheet."""

    text: str


def to_span(value: Any) -> DateRange:
    """``2026-01-01 至 2026-12-31``, open at either end; one day alone is its begin."""
    text = cells.to_text(value)
    begin, _mark, end = (
        text.replace("起", "至").replace("—", "至").replace("~", "至").replace("–", "至").partition("至")
    )
    if not begin.strip() and not end.strip():
        raise ValueError(_("“%(value)s”不是起止日期。写成 2026-01-01 至 2026-12-31。") % {"value": text})
    low = cells.to_day(begin.strip()) if begin.strip() else None
    high = cells.to_day(end.strip()) + timedelta(days=1) if end.strip() else None
    if low and high and high <= low:
        raise ValueError(_("结束日期早于开始日期。"))
    return DateRange(low, high, "[)")


def reader(item: Shown) -> Reader:
    """What reads a cell of a column; it raises ``ValueError`` or ``ValidationError`` with the reason."""
    model_field: Any = item.field
    convert = {
        "integer": cells.to_integer, "number": cells.to_number, "date": cells.to_day, "datetime": cells.to_moment,
        "yesno": cells.to_yes, "span": to_span, "text": cells.to_text,
    }.get(item.kind)  # fmt: skip
    if item.kind in ("choice", "choices"):
        known = {sheets.head_key(v): k for k, v in item.choices.items()} | {str(k): k for k in item.choices}

        def choose(text: str) -> Any:
            plain = text.strip()
            if plain in known:
                return known[plain]
            if sheets.head_key(plain) in known:
                return known[sheets.head_key(plain)]
            raise ValueError(_("没有“%(value)s”这一项。从下拉列表里选。") % {"value": plain})

        if item.kind == "choice":
            return lambda value: choose(cells.to_text(value))
        return lambda value: [
            choose(part) for part in cells.to_text(value).replace("，", "、").replace(",", "、").split("、") if part
        ]
    places = getattr(model_field, "decimal_places", None)
    validators = model_field.validators

    def read(value: Any) -> Any:
        result = convert(value) if convert else cells.to_text(value)
        if places is not None and result.as_tuple().exponent < -places:
            raise ValueError(_("小数最多 %(n)d 位。") % {"n": places})
        for validator in validators:
            validator(result)
        return result

    return read


def relation_reader(register: Register, actor: Actor, item: Shown, column: Sequence[tuple[int, Any]]) -> Reader:
    """A reader of names behind a foreign key, all of them looked up at once through the scope."""
    model: Any = item.field.related_model  # type: ignore[union-attr]
    texts = set()
    for _number, value in column:
        if not cells.is_blank(value):
            try:
                texts.add(cells.to_text(value))
            except ValueError:
                continue  # said when the cell itself is read
    held = register_of(model)
    names = {f.name for f in model._meta.concrete_fields}
    fields = [label_field(model), *(n for n in ("number", "code", "uscc", "full_name") if n in names)]
    fields += [key for key in (held.key if held else ()) if key in names and not model._meta.get_field(key).is_relation]
    rows = owners(register, actor) if item.name == "node" else targets(item.field, actor)  # type: ignore[arg-type]
    known: dict[str, dict[Any, Any]] = {}
    for part in chunks(sorted(texts)):
        condition = Q(pk__in=[])
        for name in dict.fromkeys(fields):
            condition |= Q(**{f"{name}__in": part})
        for row in rows.filter(condition):
            for name in fields:
                known.setdefault(str(getattr(row, name)), {})[row.pk] = row
    own = model is register.model

    def read(value: Any) -> Any:
        text = cells.to_text(value)
        found = known.get(text, {})
        if len(found) > 1:
            raise ValueError(_("“%(value)s”有 %(n)d 个同名的，改填编号或代码。") % {"value": text, "n": len(found)})
        if found:
            return next(iter(found.values()))
        if own:
            return Above(text)
        raise ValueError(_("没有找到“%(value)s”。核对名称或编号。") % {"value": text})

    return read


def once(read: Reader) -> Reader:
    """A reader that reads each different cell once, and gives ``BLANK`` for an empty one, ``Refused`` for a bad one."""
    known: dict[tuple[type, Any], Any] = {}

    def find(value: Any) -> Any:
        place = (type(value), value)  # 1, 1.0 and True are equal, and not the same
        if place in known:
            return known[place]
        result = _read(read, value)
        if not isinstance(result, list):  # each record has a list of its own
            known[place] = result
        return result

    return find


def _read(read: Reader, value: Any) -> Any:
    if cells.is_blank(value):
        return BLANK
    try:
        return read(value)
    except ValueError as fault:
        return Refused(str(fault))
    except ValidationError as fault:
        return Refused("；".join(fault.messages))


def chunks(items: Sequence[Any]) -> Iterable[Sequence[Any]]:
    """Parts that one question to the database takes."""
    return (items[start : start + CHUNK] for start in range(0, len(items), CHUNK))
