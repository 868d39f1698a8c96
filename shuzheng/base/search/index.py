"""Keeping the search table in step: the provider of ``ports.index_records``, in the transaction of the change."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model

from shuzheng.base.core.bulk import insert_columns
from shuzheng.base.core.models import Kind, Scoped
from shuzheng.base.files.actions import refollow
from shuzheng.base.search.models import Doc
from shuzheng.base.search.sources import Source, source_of
from shuzheng.kernel.ids import uuid7s
from shuzheng.kernel.text import cut, fold, pinyin_initials

CHUNK = 2000
SHORT = 6
"""Titles up to this length are also found by what stands in their middle: 小明 finds 王小明."""
BODY = 10_000
POSITIONS = 16_383
"""PostgreSQL counts no further."""
LONGEST = 200
"""Characters of a word that count; PostgreSQL refuses words past 2 KB."""
_HAN_RUN = re.compile(r"[\u3400-\u9fff]{3,}")

_COLUMNS = ("object_id", "path", "rule", "audience", "case_id", "label", "sub", "name", "initials", "vec")
# No row is updated, so no policy of what may be seen and changed is weighed: half the time.
_NEW = "ON CONFLICT DO NOTHING"
_UPSERT = f"""ON CONFLICT (model, object_id) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in _COLUMNS[1:])}"""


def index_records(changed: Sequence[Model], deleted: Sequence[Model], created: Sequence[Model] = ()) -> None:
    """Put created and changed records into the table and take deleted ones out, set-wise."""
    for model, rows in _by_model(created).items():
        if source := source_of(model):
            put(source, [row for row in rows if source.indexed(row)], new=True)
    for model, rows in _by_model(changed).items():
        if source := source_of(model):
            kept = [row for row in rows if source.indexed(row)]
            put(source, kept)
            take_out(model, [row for row in rows if not source.indexed(row)])
        if issubclass(model, Scoped) and model.scoping.kind is Kind.PUBLISHED:
            refollow(rows)  # who sees its files may have changed with its audience
    for model, rows in _by_model(deleted).items():
        if source_of(model):
            take_out(model, rows)


def _by_model(rows: Sequence[Model]) -> dict[type[Model], list[Any]]:
    groups: dict[type[Model], dict[Any, Any]] = {}
    for row in rows:
        groups.setdefault(type(row), {})[row.pk] = row
    return {model: list(found.values()) for model, found in groups.items()}


def put(source: Source, rows: Sequence[Any], *, new: bool = False) -> None:
    """Insert or renew the entries of ``rows``; of ``new`` records there is none yet."""
    for start in range(0, len(rows), CHUNK):
        part = rows[start : start + CHUNK]
        texts = _texts(source, part, new=new)
        entries = [_entry(source, row, *found) for row, found in zip(part, texts, strict=True)]
        columns = {"id": uuid7s(len(part)), "model": [source.name] * len(part)}
        columns |= dict(zip(_COLUMNS, zip(*entries, strict=True), strict=True))
        insert_columns(Doc, columns, tail=_NEW if new else _UPSERT)


def take_out(model: type[Model], rows: Sequence[Any]) -> None:
    """Remove the entries of ``rows``."""
    if rows:
        Doc.objects.filter(model=model._meta.label_lower, object_id__in=[row.pk for row in rows]).delete()


def _texts(source: Source, rows: Sequence[Any], *, new: bool) -> list[tuple[str, str, str]]:
    """Title, sub-title and further text of each row."""
    names = [name for name in (source.title, source.sub, *source.fields) if name]
    far = [name for name in names if "__" in name or source.model._meta.get_field(name).is_relation]
    known = _far(source, rows, far, new=new)
    texts = []
    for row, found in zip(rows, known, strict=True):
        said = [_plain(found[name] if name in found else getattr(row, name)) for name in names]
        title = said.pop(0) if source.title else str(row)
        sub = said.pop(0) if source.sub else ""
        texts.append((title or str(row.pk), sub, " ".join(filter(None, said))))
    return texts


def _far(source: Source, rows: Sequence[Any], names: Sequence[str], *, new: bool) -> list[dict[str, Any]]:
    """Fields over a key, of each row: read in one question, unless the rows are new and have what they refer to with them."""
    if not names:
        return [{}] * len(rows)
    paths = [name if "__" in name else f"{name}__{_name_of(source.model, name)}" for name in names]
    if new:
        try:
            columns = [_at_hand(source.model, rows, path) for path in paths]
            return [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]
        except (LookupError, FieldDoesNotExist):
            pass  # not all of it is at hand
    stored = source.model._base_manager.filter(pk__in=[row.pk for row in rows]).values_list("pk", *paths)
    known = {pk: dict(zip(names, values, strict=True)) for pk, *values in stored}
    return [known.get(row.pk, {}) for row in rows]


def _at_hand(model: type[Model], rows: Sequence[Any], path: str) -> list[Any]:
    """What stands at the end of a path of keys whose targets are loaded, for each row.

    Raises:
        LookupError: one is not, or the path is no field's.
        FieldDoesNotExist: it ends in a part of a field.
    """
    *keys, last = path.split("__")
    for key in keys:
        field = model._meta.get_field(key)
        if not field.is_relation or not all(row is None or field.is_cached(row) for row in rows):
            raise LookupError(path)
        rows, model = [row and getattr(row, key) for row in rows], field.related_model  # type: ignore[assignment]
    if model._meta.get_field(last).is_relation:
        raise LookupError(path)
    return [row and getattr(row, last) for row in rows]


def _name_of(model: type[Model], key: str) -> str:
    """The field by which the target of a key is named."""
    target = model._meta.get_field(key).related_model
    source = source_of(target) if isinstance(target, type) else None
    return source.title if source and source.title else "name"


def _plain(value: Any) -> str:
    if type(value) is str:
        return value
    if value is None:
        return ""
    if isinstance(value, list | tuple | set):
        return " ".join(map(_plain, value))
    return str(value)


class _Sight:
    """Who sees an entry: path, rule, audience and case."""

    __slots__ = ("audience", "case_id", "path", "rule")


def _entry(source: Source, row: Any, title: str, sub: str, body: str) -> tuple[Any, ...]:
    doc = _Sight()
    Doc.follow(doc, row)  # type: ignore[arg-type] -- what decides who sees it, without a whole record
    label = fold(title)[:200]
    initials = pinyin_initials(label, person=source.person)[:200]
    return (
        row.pk, doc.path, doc.rule, doc.audience, doc.case_id, label, fold(sub)[:200], label.lower(), initials,
        vector(words(label, inner=len(label) <= SHORT), words(body[:BODY])),
    )  # fmt: skip


def words(text: str, *, inner: bool = False) -> list[str]:
    """Words of a text; ``inner`` adds what remains of a short name without its beginning."""
    found = cut(text)
    if inner:
        found += [run[n:] for run in _HAN_RUN.findall(fold(text)) for n in range(1, len(run) - 1)]
    return found


def vector(title: list[str], body: list[str]) -> str:
    """A ``tsvector`` as text, with the title's words weighing A and the others' B.

    Made here and not by ``to_tsvector``, whose parser would cut again what is cut already (A-002 into a and -002).
    """
    found, last = title + body, len(title)
    together = "".join(found)
    if len(together) > LONGEST or "'" in together or "\\" in together:
        quoted = map(quote, found)
        return " ".join([f"{w}:{min(n, POSITIONS)}{'A' if n <= last else 'B'}" for n, w in enumerate(quoted, 1)])
    # As nearly always: no word has anything to be quoted, and they are few.
    first, rest = enumerate(title, 1), enumerate(body, last + 1)
    return " ".join([f"'{w}':{n}A" for n, w in first] + [f"'{w}':{n}B" for n, w in rest])


def quote(word: str) -> str:
    """A word as ``tsvector`` and ``tsquery`` take it in."""
    if len(word) > LONGEST or "'" in word or "\\" in word:
        word = word[:LONGEST].replace("\\", "\\\\").replace("'", "''")
    return f"'{word}'"
