"""What differs between two editions of a form, in words for whoever has filled in the old one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from shuzheng.base.forms import names
from shuzheng.base.forms.spec import CellSpec, FormSpec


@dataclass(frozen=True)
class Change:
    """``kind`` is new, gone or changed; ``what`` names the thing; ``said`` says how."""

    kind: str
    what: str
    said: str = ""


def differences(old: FormSpec, new: FormSpec) -> list[Change]:
    """Sections, cells and checks that are new, gone or different."""
    return [*_form(old, new), *_sections(old, new), *_cells(old, new), *_checks(old, new)]


def _form(old: FormSpec, new: FormSpec) -> Iterator[Change]:
    if old.name != new.name:
        yield Change("changed", _("报表名称"), f"{old.name} → {new.name}")
    if old.period_kind != new.period_kind:
        yield Change("changed", _("报告期"), f"{old.period_kind} → {new.period_kind}")


def _sections(old: FormSpec, new: FormSpec) -> Iterator[Change]:
    before, after = {s.code: s for s in old.sections}, {s.code: s for s in new.sections}
    for code, section in after.items():
        if code not in before:
            yield Change("new", _("分节“%(name)s”") % {"name": names.label(section)})
        elif before[code].name != section.name:
            yield Change("changed", _("分节“%(name)s”") % {"name": names.label(section)}, before[code].name)
        elif before[code].show != section.show:
            yield Change("changed", _("分节“%(name)s”") % {"name": names.label(section)}, _("填写条件改了"))
    for code in before.keys() - after.keys():
        yield Change("gone", _("分节“%(name)s”") % {"name": names.label(before[code])})
    if [c for c in before if c in after] != [c for c in after if c in before]:
        yield Change("changed", _("分节"), _("顺序改了"))


def _all(spec: FormSpec) -> dict[str, CellSpec]:
    lines = {f"{s.code}.{c.code}": c for s in spec.lines.values() for c in s.line}
    return {**spec.cells, **lines}


def _cells(old: FormSpec, new: FormSpec) -> Iterator[Change]:
    before, after = _all(old), _all(new)
    for code, cell in after.items():
        if code not in before:
            yield Change("new", f"{names.label(cell)} ({code})")
        elif said := "；".join(_differs(before[code], cell)):
            yield Change("changed", f"{names.label(cell)} ({code})", said)
    for code, cell in before.items():
        if code not in after:
            yield Change("gone", f"{names.label(cell)} ({code})")


def _differs(a: CellSpec, b: CellSpec) -> Iterator[str]:
    labels = {
        "name": _("名称"), "unit": _("单位"), "places": _("小数位"), "type": _("类型"), "expr": _("算式"),
        "least": _("最小值"), "most": _("最大值"), "element": _("数据元"), "show": _("填写条件"), "require": _("必填条件"),
    }  # fmt: skip
    for key, word in labels.items():
        then, now = getattr(a, key), getattr(b, key)
        if then != now:
            yield f"{word}：{_plain(then)} → {_plain(now)}"
    if a.options != b.options:
        yield _("选项改了")


def _plain(value: object) -> str:
    return "—" if value in (None, "") else str(value)


def _checks(old: FormSpec, new: FormSpec) -> Iterator[Change]:
    before, after = {c.code: c for c in old.checks}, {c.code: c for c in new.checks}
    for code, check in after.items():
        if code not in before:
            yield Change("new", _("检查“%(text)s”") % {"text": names.message(check)})
        elif before[code].expr != check.expr or before[code].level != check.level:
            said = f"{before[code].level} {before[code].expr} → {check.level} {check.expr}"
            yield Change("changed", _("检查“%(text)s”") % {"text": names.message(check)}, said)
    for code, check in before.items():
        if code not in after:
            yield Change("gone", _("检查“%(text)s”") % {"text": names.message(check)})
