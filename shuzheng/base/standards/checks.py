"""What is asked of standards before they are published, beyond what the fields say. Faults name the place in the batch."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from shuzheng.base.core.scope import ancestors
from shuzheng.base.standards import book as books
from shuzheng.base.standards import formats
from shuzheng.base.standards.book import Book, FactorValue, RuleValue
from shuzheng.base.standards.models import Confidence, ConversionFactor, DataElement, Rule, Standard, Unit
from shuzheng.base.standards.numbers import tidy
from shuzheng.kernel.errors import FieldFault, Invalid
from shuzheng.kernel.units import UnitError

RULE_CODE = re.compile(r"[A-Z][A-Z0-9]*(-[A-Z0-9]+)*")
IDENTIFIER = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*")


def refuse(faults: Sequence[FieldFault]) -> None:
    """Raise ``Invalid`` if there are faults."""
    if faults:
        raise Invalid("", faults)


def span_faults(n: int, row: Standard) -> list[FieldFault]:
    """The span of days is one, and a mark better than 待核 has a source."""
    faults = []
    if row.effective_to and row.effective_to <= row.effective_from:
        faults.append(FieldFault("effective_to", _("失效日期须晚于生效日期 %s。") % row.effective_from, row=n))
    if row.confidence != Confidence.UNVERIFIED and not row.source:
        faults.append(FieldFault("source", _("没有来源文件时，可信度只能是待核。"), row=n))
    return faults


def _above(region: str) -> str | None:
    """The division above a region; None for the nation."""
    return ancestors(region)[-2] if region else None


def rule_faults(n: int, rule: Rule, book: Book) -> list[FieldFault]:
    """A region may only be stricter than what holds above it, as far as the bound says."""
    above = _above(rule.region)
    holds = None if above is None else book.rule(rule.code, rule.effective_from, above, rule.key, rule.scope_level)
    if holds is None:
        return []
    if rule.bound != holds.bound:
        return [FieldFault("bound", _("约束方向由上级定为“%s”。") % Rule.Bound(holds.bound).label, row=n)]
    if holds.allows(_as_rule(rule)):
        return []
    values = {"above": f"{holds.value} {holds.unit}".strip(), "own": f"{tidy(rule.value)} {rule.unit}".strip()}
    if rule.unit != holds.unit:
        return [FieldFault("unit", _("单位须与上级规定一致：%s。") % holds.unit, row=n)]
    if holds.bound == Rule.Bound.FIXED:
        return [FieldFault("value", _("上级定为 %(above)s，下级不可调整。") % values, row=n)]
    if holds.bound == Rule.Bound.AT_MOST:
        return [FieldFault("value", _("只能更严：上级上限 %(above)s，这里填了 %(own)s。") % values, row=n)]
    return [FieldFault("value", _("只能更严：上级下限 %(above)s，这里填了 %(own)s。") % values, row=n)]


def factor_faults(n: int, row: ConversionFactor, book: Book) -> list[FieldFault]:
    """Energy and units are known, and the value lies within the bounds set above."""
    faults = [*unit_faults(n, "from_unit", row.from_unit, book), *unit_faults(n, "to_unit", row.to_unit, book)]
    kinds = book.code_set("energy_kind", row.effective_from, row.region)
    if kinds is None or row.energy not in {item.code for item in kinds.on(row.effective_from)}:
        faults.append(FieldFault("energy", _("没有能源品种“%s”。") % row.energy, row=n))
    if row.value <= 0:
        faults.append(FieldFault("value", _("系数须大于 0。"), row=n))
    if row.low is not None and row.high is not None and row.low > row.high:
        faults.append(FieldFault("low", _("下限大于上限。"), row=n))
    above = _above(row.region)
    if above is None or faults:
        return faults
    holds = book.factor(row.energy, row.method, row.effective_from, above, row.to_unit)
    if holds is None or holds.method != row.method:
        return faults
    if book.units.get(row.from_unit) != book.units.get(holds.from_unit):
        return [FieldFault("from_unit", _("原单位须与上级规定一致：%s。") % holds.from_unit, row=n)]
    if not holds.allows(_as_factor(row)):
        limits = {"low": holds.low, "high": holds.high, "own": tidy(row.value)}
        return [FieldFault("value", _("上级允许 %(low)s 至 %(high)s，这里填了 %(own)s。") % limits, row=n)]
    return faults


def unit_faults(n: int, field: str, code: str, book: Book) -> list[FieldFault]:
    """The unit is in the table."""
    return [] if known_unit(book, code) else [FieldFault(field, _("没有登记的计量单位“%s”。") % code, row=n)]


def known_unit(book: Book, code: str) -> str:
    """The code of a unit by any of its names; empty when there is none."""
    try:
        return book.units.get(code).code
    except UnitError:
        return ""


def item_faults(n: int, items: Sequence[Mapping[str, Any]]) -> list[FieldFault]:
    """There are codes, each once, and parents are among them."""
    codes = Counter(item["code"] for item in items)
    faults = [
        FieldFault("items", _("代码 %s 出现不止一次。") % code, row=n) for code, times in codes.items() if times > 1
    ]
    for item in items:
        if (parent := item.get("parent_code")) and parent not in codes:
            faults.append(FieldFault("items", _("上级代码 %s 不在本代码集里。") % parent, row=n))
    return faults or ([] if items else [FieldFault("items", _("代码集没有代码。"), row=n)])


def _as_rule(row: Rule) -> RuleValue:
    return RuleValue(**books.values_of(row, RuleValue))


def _as_factor(row: ConversionFactor) -> FactorValue:
    return FactorValue(**books.values_of(row, FactorValue))


def element_faults(n: int, row: DataElement, book: Book) -> list[FieldFault]:
    """The identifier and the format can be read, and unit, code set and data set are there."""
    faults = []
    if not IDENTIFIER.fullmatch(row.identifier):
        said = _("标识符用小写字母、数字、下划线和点，如 energy.water.amount。")
        faults.append(FieldFault("identifier", said, row=n))
    try:
        formats.parse(row.data_format)
    except Invalid as fault:
        faults.append(FieldFault("data_format", fault.message, row=n))
    if row.unit:
        faults += unit_faults(n, "unit", row.unit, book)
    if row.code_set and not book.code_set(row.code_set, row.effective_from, row.region):
        faults.append(FieldFault("code_set", _("没有代码集“%s”。") % row.code_set, row=n))
    if row.data_type == DataElement.Type.CODE and not row.code_set:
        faults.append(FieldFault("code_set", _("代码型数据元须指明代码集。"), row=n))
    if row.dataset:
        known = book.code_set("element_dataset", row.effective_from, row.region)
        if known is None or row.dataset not in {item.code for item in known.items}:
            faults.append(
                FieldFault("dataset", _("没有数据集“%s”，先在代码集 element_dataset 里增加。") % row.dataset, row=n)
            )
    return faults


def definition_faults(n: int, row: Unit, book: Book) -> list[FieldFault]:
    """A unit means the same everywhere, measures something, and takes no name of another."""
    faults: list[FieldFault] = []
    if row.region:
        faults.append(FieldFault("region", _("计量单位全国统一，不按区域设置。"), row=n))
    if row.factor <= 0:
        faults.append(FieldFault("factor", _("换算系数须大于 0。"), row=n))
    for name in {row.code, row.name, *row.aliases}:
        if (known := known_unit(book, name)) and known != row.code:
            said = _("“%(name)s”已是 %(unit)s 的名称。") % {"name": name, "unit": known}
            faults.append(FieldFault("code", said, row=n))
    return faults


def faults_of(n: int, row: Standard, book: Book) -> list[FieldFault]:
    """Everything that speaks against a row as it stands, whatever its kind."""
    faults = span_faults(n, row)
    if isinstance(row, Rule):
        if not RULE_CODE.fullmatch(row.code):
            faults.append(FieldFault("code", _("规则代码用大写字母、数字和连字符，如 REPORT-DUE-QUARTER。"), row=n))
        faults += rule_faults(n, row, book)
    elif isinstance(row, ConversionFactor):
        faults += factor_faults(n, row, book)
    elif isinstance(row, DataElement):
        faults += element_faults(n, row, book)
    elif isinstance(row, Unit):
        faults += definition_faults(n, row, book)
    return faults
