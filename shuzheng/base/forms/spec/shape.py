"""Whether a specification has the shape of one, before anything is made of it: what people build may be half done."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _

from shuzheng.base.forms.spec.parts import LAST_YEAR, PREVIOUS, CellType, SectionKind
from shuzheng.kernel.errors import FieldFault
from shuzheng.kernel.periods import PeriodKind

CODE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
FORM_CODE = re.compile(r"[a-z][a-z0-9-]*")
RESERVED = frozenset({"and", "or", "if", "then", "else", "in", "between", "true", "false", "null", "not", "row"})
COLUMN_KINDS = frozenset({"month", "total", "input", "derived", "value", "formula"})
MAX_CODE = 24
MAX_SECTIONS, MAX_ROWS, MAX_COLUMNS, MAX_FIELDS, MAX_CHECKS = 40, 400, 60, 400, 2000
MAX_LINES = 100_000
"""Most rows of a repeating section."""


def faults_of(raw: Mapping[str, Any]) -> list[FieldFault]:
    """What is wrong with the shape of ``raw``; ``field`` is the code of the thing at fault, or its place."""
    return list(_faults(raw))


def section_kind(item: Mapping[str, Any]) -> str:
    """The kind of a section; told by what it holds where it is not said."""
    return str(item.get("kind") or (SectionKind.FIELDS if item.get("fields") else SectionKind.TABLE))


def _faults(raw: Mapping[str, Any]) -> Iterator[FieldFault]:
    if not FORM_CODE.fullmatch(str(raw.get("code", ""))) or len(raw["code"]) > 40:
        yield FieldFault("code", _("报表代码只用小写字母、数字和连字符，以字母开头，最多 40 个字符。"))
    if not str(raw.get("name", "")).strip():
        yield FieldFault("name", _("写上报表名称。"))
    if raw.get("period") not in set(PeriodKind):
        yield FieldFault("period", _("选一个报告期。"))
    sections = raw.get("sections")
    if not isinstance(sections, list) or not sections:
        yield FieldFault("sections", _("至少要有一个分节。"))
        return
    if len(sections) > MAX_SECTIONS:
        yield FieldFault("sections", _("分节最多 %(n)s 个。") % {"n": MAX_SECTIONS})
    seen: set[str] = set()
    names: set[str] = set()
    for section in sections:
        code = str(section.get("code", ""))
        yield from _code(code, "section:" + code, seen)
        name = str(section.get("name", "")).strip()
        if not name:
            yield FieldFault(f"section:{code}", _("写上分节名称。"))
        elif name in names:
            yield FieldFault(f"section:{code}", _("分节“%(name)s”重名。") % {"name": name})
        names.add(name)
        yield from _section(section, code, seen, bool(raw.get("columns")))
    for item in raw.get("computed", ()):
        yield from _code(str(item.get("code", "")), str(item.get("code", "")), seen)
        yield from _worded(item)
        if not str(item.get("expr", "")).strip():
            yield FieldFault(str(item.get("code", "")), _("写上算式。"))
    checks = raw.get("checks", ())
    if len(checks) > MAX_CHECKS:
        yield FieldFault("checks", _("检查最多 %(n)s 项。") % {"n": MAX_CHECKS})
    codes: set[str] = set()
    for item in checks:
        code = str(item.get("code", ""))
        if not CODE.fullmatch(code) or len(code) > MAX_CODE:
            yield FieldFault(f"check:{code}", _("检查代码“%(code)s”只用小写字母、数字和下划线。") % {"code": code})
        if code in codes and not item.get("each"):
            yield FieldFault(f"check:{code}", _("检查代码“%(code)s”重复。") % {"code": code})
        codes.add(code)
        if item.get("level") not in ("error", "warning"):
            yield FieldFault(code, _("选检查的级别：错误或须说明。"))
        for key, said in (
            ("expr", _("写上检查的条件。")),
            ("message", _("写上不符时的提示。")),
            ("cell", _("选检查所指的格。")),
        ):
            if not str(item.get(key, "")).strip():
                yield FieldFault(code, said)


def _section(section: Mapping[str, Any], code: str, seen: set[str], has_columns: bool) -> Iterator[FieldFault]:
    kind = section_kind(section)
    if kind not in set(SectionKind):
        yield FieldFault(f"section:{code}", _("没有这种分节。"))
    elif kind == SectionKind.FIELDS:
        yield from _many(section.get("fields", ()), code, MAX_FIELDS)
        for item in section.get("fields", ()):
            yield from _code(str(item.get("code", "")), str(item.get("code", "")), seen)
            yield from _worded(item)
            yield from _typed(item)
    elif kind == SectionKind.ROWS:
        yield from _many(section.get("columns", ()), code, MAX_COLUMNS)
        yield from _columns(section.get("columns", ()), code, repeating=True)
        most = section.get("most", 200)
        if not isinstance(most, int) or isinstance(most, bool) or not 1 <= most <= MAX_LINES:
            yield FieldFault(f"section:{code}", _("最多行数应在 1 到 %(n)s 之间。") % {"n": MAX_LINES})
    elif kind == SectionKind.TABLE:
        if not section.get("columns") and not has_columns:
            yield FieldFault(f"section:{code}", _("表格还没有列。"))
        yield from _columns(section.get("columns", ()), code, repeating=False)
        yield from _many(section.get("rows", ()), code, MAX_ROWS)
        for item in section.get("rows", ()):
            yield from _code(str(item.get("code", "")), f"row:{item.get('code', '')}", seen)
            if not str(item.get("name", "")).strip():
                yield FieldFault(f"row:{item.get('code', '')}", _("写上行名。"))
    elif not str(section.get("text", "")).strip():
        yield FieldFault(f"section:{code}", _("写上说明的内容。"))


def _many(items: Any, code: str, most: int) -> Iterator[FieldFault]:
    if not items:
        yield FieldFault(f"section:{code}", _("这一节还是空的。"))
    elif len(items) > most:
        yield FieldFault(f"section:{code}", _("最多 %(most)s 项。") % {"most": most})


def _columns(columns: Any, section: str, *, repeating: bool) -> Iterator[FieldFault]:
    seen: set[str] = set()
    for item in columns:
        code = str(item.get("code", ""))
        place = f"column:{section}.{code}"
        yield from _code(code, place, seen)
        yield from (FieldFault(place, f.message) for f in _typed(item))
        if repeating:
            yield from (FieldFault(place, f.message) for f in _worded(item))
            continue
        if item.get("kind", "value") not in COLUMN_KINDS:
            yield FieldFault(place, _("没有这种列。"))
        elif item.get("kind") == "formula" and not str(item.get("expr", "")).strip():
            yield FieldFault(place, _("写上算式；{row} 代表本行。"))


def _code(code: str, place: str, seen: set[str]) -> Iterator[FieldFault]:
    if not CODE.fullmatch(code) or len(code) > MAX_CODE:
        said = _("代码“%(code)s”只用小写字母、数字和下划线，以字母开头，最多 %(n)s 个字符。") % {
            "code": code,
            "n": MAX_CODE,
        }
        yield FieldFault(place, said)
    elif code in RESERVED or code.startswith((PREVIOUS, LAST_YEAR)):
        yield FieldFault(place, _("代码“%(code)s”留作他用，换一个。") % {"code": code})
    elif code in seen:
        yield FieldFault(place, _("代码“%(code)s”重复。") % {"code": code})
    seen.add(code)


def _worded(item: Mapping[str, Any]) -> Iterator[FieldFault]:
    if not str(item.get("name", "")).strip():
        yield FieldFault(str(item.get("code", "")), _("写上名称。"))


def _typed(item: Mapping[str, Any]) -> Iterator[FieldFault]:
    code = str(item.get("code", ""))
    type_ = item.get("type", CellType.NUMBER)
    if type_ not in set(CellType):
        yield FieldFault(code, _("没有这种类型。"))
    elif type_ == CellType.CHOICE and not item.get("options"):
        yield FieldFault(code, _("单选要有选项：选一个代码集，或逐个写上。"))
    if item.get("options"):
        codes = [str(o.get("code", "")) for o in item["options"]]
        if len(set(codes)) < len(codes) or not all(codes):
            yield FieldFault(code, _("选项的代码不能空，也不能重复。"))
    places = item.get("places", 0)
    if places is not None and (not isinstance(places, int) or not 0 <= places <= 6):
        yield FieldFault(code, _("小数位数应在 0 到 6 之间。"))
