"""Words for the keys of an answer, in the reader's language; what users typed (names of places) stays as typed."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from shuzheng.base.org.models import InstitutionType, Tier
from shuzheng.base.portal.formats import in_language
from shuzheng.base.stats.declare import KINDS
from shuzheng.base.stats.engines import Engine
from shuzheng.base.stats.lake import Lake, Manifest
from shuzheng.base.stats.question import NOW, Dimension, Question, Row
from shuzheng.kernel.periods import Period

NAMES = {
    "province": gettext_lazy("省份"),
    "prefecture": gettext_lazy("市州"),
    "county": gettext_lazy("县区"),
    "institution": gettext_lazy("机构"),
    "tier": gettext_lazy("层级"),
    "type": gettext_lazy("机构类型"),
    "year": gettext_lazy("年份"),
    "period": gettext_lazy("报告期"),
    "month": gettext_lazy("月份"),
    "kind": gettext_lazy("种类"),
}


def dimension(name: str) -> Dimension:
    """A dimension in words, with its values where they are few."""
    with override("zh-hans"):
        label = str(NAMES[name])
    with override("en"):
        label_en = str(NAMES[name])
    values: tuple[tuple[str, str], ...] = ()
    if name == "tier":
        values = tuple((str(t.value), str(t.label)) for t in Tier)
    elif name == "type":
        values = tuple((t.value, str(t.label)) for t in InstitutionType)
    elif name == "kind":
        values = tuple((k.row, in_language(k.label, k.label_en)) for k in KINDS.values())
    return Dimension(name, label, label_en, values)


def labelled(
    question: Question, rows: Sequence[Row], lake: Lake, manifest: Manifest, engine: Engine, with_units: bool
) -> list[Row]:
    """Rows with a label for each key; the key of an institution becomes its node's id."""
    if not rows or not question.by:
        return list(rows)
    keys: dict[str, dict[str, str]] = {}
    words: dict[str, dict[str, str]] = {}
    for at, name in enumerate(question.by):
        found = sorted({row.keys[at] for row in rows})
        if name == "institution":
            known = _institutions(found, lake, manifest, engine)
            keys[name] = {k: v[0] for k, v in known.items()}
            words[name] = {k: v[1] for k, v in known.items()}
        elif name in ("province", "prefecture", "county"):
            words[name] = _places(found, lake, manifest, engine)
        else:
            words[name] = {key: _word(name, key, with_units) for key in found}
    said = [(words[name], keys.get(name)) for name in question.by]
    return [
        Row(
            tuple([known.get(k, k) if known else k for (_w, known), k in zip(said, row.keys, strict=True)]),
            tuple([w.get(k, k) for (w, _known), k in zip(said, row.keys, strict=True)]),
            row.values,
            row.units,
            row.suppressed,
        )
        for row in rows
    ]


def _word(name: str, key: str, with_units: bool) -> str:
    if name == "tier" and key.isdigit():
        return str(Tier(int(key)).label)
    if name == "type":
        return str(InstitutionType(key).label) if key in InstitutionType.values else _("未分类")
    if name == "kind":
        kind = next((k for k in KINDS.values() if k.row == key), None)
        if kind is None:
            return key
        word = in_language(kind.label, kind.label_en)
        return f"{word} ({kind.unit})" if with_units else word
    if name == "period":
        return period_word(key)
    if name == "month" and len(key) == 6:
        return period_word(f"{key[:4]}-{key[4:]}")
    return key


def period_word(key: str) -> str:
    """A period in the reader's language."""
    period = Period.parse(key)
    return in_language(period.label_zh, period.label_en)


def _institutions(keys: list[str], lake: Lake, manifest: Manifest, engine: Engine) -> dict[str, tuple[str, str]]:
    tree = engine.table(lake, [manifest.nodes[NOW].path])
    found = engine.run(tree.filter(tree.key.isin([int(k) for k in keys])).select("key", "id", "name"))
    return {str(r["key"]): (r["id"], r["name"]) for r in found.to_pylist()}


def _places(paths: list[str], lake: Lake, manifest: Manifest, engine: Engine) -> dict[str, str]:
    """Names of divisions; ``33/0/`` is that province's own level (本级). Of a division that is no more, its last name."""
    names = _divisions(lake, manifest.nodes[NOW].path, engine)
    own = _("%(name)s本级")
    return {
        path: own % {"name": names.get(_division(path), path)} if path.endswith("0/") and _division(path) != path
        else names.get(path, path)
        for path in paths
    }  # fmt: skip


_names: dict[str, dict[str, str]] = {}
"""Names of divisions by path, of the tree that was asked last: a file of the lake never changes."""


def _divisions(lake: Lake, file: str, engine: Engine) -> dict[str, str]:
    known = _names.get(lake.at(file))
    if known is None:
        tree = engine.table(lake, [file])
        rows = engine.run(tree.filter(tree.kind == "division").select("path", "name")).to_pylist()
        known = {r["path"]: r["name"] for r in rows}
        _names.clear()
        _names[lake.at(file)] = known
    return known


def _division(path: str) -> str:
    return path[:-2] if path == "0/" or path.endswith("/0/") else path
