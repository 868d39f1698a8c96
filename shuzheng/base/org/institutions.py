"""Institutions in a sheet: its columns, and reading and checking it row by row. ``files`` writes what was found right."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from shuzheng.base.core.actor import Actor
from shuzheng.base.org.models import InstitutionType, Node, NodeKind, OrganProfile
from shuzheng.base.org.places import CODE, division_code, draft_node, path_under
from shuzheng.base.registers import sheets
from shuzheng.base.registers.sheet_values import is_blank, shown, to_integer, to_number, to_text, to_yes
from shuzheng.base.registers.workbooks import SheetColumn
from shuzheng.kernel.errors import FieldFault
from shuzheng.kernel.uscc import check_uscc

PERMISSION = "org.node.import"
LEVELS = ("正部", "副部", "正厅", "副厅", "正处", "副处", "正科", "副科", "股级", "无")
"""Offered for 机构规格 (domain §1.4); other words are taken as they are."""

FACTS = ("name", "short_name", "type", "level", "uscc")
COUNTS = (
    "staff_admin", "staff_civil", "staff_public", "staff_worker", "staff_actual", "staff_contract", "staff_retired",
    "energy_headcount",
)  # fmt: skip
PROFILE = (*COUNTS, "floor_area", "address", "contact", "telephone")
LENGTHS = {"name": 120, "short_name": 40, "level": 8, "address": 200, "contact": 40, "telephone": 40}
MOST = 2_147_483_647
"""Largest count the database holds."""

OTHER_HEADS = {
    "name": ("名称", "单位名称", "机构名称", "name"),
    "division": ("行政区划代码", "区划代码", "division"),
    "uscc": ("统一社会信用代码", "信用代码", "USCC"),
    "code": ("单位代码", "机构代码", "code"),
    "short_name": ("简称", "short name"),
    "type": ("机构类型", "单位类型", "type"),
    "level": ("机构规格", "规格", "level"),
    "is_reporting": ("公共机构名录", "公共机构", "reporting"),
}


def heads() -> dict[str, tuple[str, ...]]:
    """The headings under which each field is found."""
    own = {name: (str(OrganProfile._meta.get_field(name).verbose_name), name) for name in PROFILE}
    return {**OTHER_HEADS, **own}


def columns() -> list[SheetColumn]:
    """The columns of template and export, in their order."""
    told = heads()
    shape: dict[str, dict[str, Any]] = {
        "name": {"required": True, "width": 32},
        "division": {"required": True, "help": _("6 位，如 331123")},
        "uscc": {"help": _("18 位。有它就按它找到已有单位")},
        "code": {"help": _("没有信用代码时按区划和它找到已有单位；新单位不填则自动编")},
        "type": {"kind": "choice", "choices": [str(label) for label in InstitutionType.labels]},
        "level": {"kind": "choice", "choices": list(LEVELS)},
        "is_reporting": {"kind": "yesno"},
        "floor_area": {"kind": "number", "unit": "㎡", "places": 2, "least": 0},
        "address": {"width": 32},
    } | {name: {"kind": "integer", "least": 0} for name in COUNTS}
    return [SheetColumn(told[name][0], **shape.get(name, {})) for name in told]


@dataclass
class Row:
    """One right row: a node that is new or known, and what the sheet says of it."""

    number: int
    node: Node
    facts: dict[str, Any]
    profile: dict[str, Any]
    is_reporting: bool | None = None

    @property
    def is_new(self) -> bool:
        return self.node._state.adding


@dataclass
class Plan:
    """What a sheet comes to."""

    rows: list[Row] = field(default_factory=list)
    faults: list[FieldFault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    total: int = 0

    @property
    def created(self) -> int:
        return sum(row.is_new for row in self.rows)


def read_institutions(content: bytes, filename: str, *, actor: Actor) -> Plan:
    """Read and check a sheet, in the running scope; changes nothing. Empty cells leave what is known alone.

    Raises:
        Invalid: the file can't be read, or has not the headings.
        Denied: the actor may not import anywhere.
    """
    actor.require(PERMISSION)
    table = sheets.table(sheets.read(content, filename).sheet(), heads(), ("name", "division"))
    return _Reading(table, actor).plan()


class _Reading:
    """One pass for what each cell says, then look-ups for all rows at once, then one pass for what they say together."""

    def __init__(self, table: sheets.Table, actor: Actor) -> None:
        self.table, self.actor = table, actor
        self.faults = list(table.faults)
        self.bad = {fault.row for fault in table.faults}

    def plan(self) -> Plan:
        cleaned = [(number, self._clean(number, values)) for number, values in self.table.rows]
        divisions = {division_code(d.path): d for d in Node.objects.filter(kind=NodeKind.DIVISION, valid_to=None)}
        by_uscc, by_path = self._known([values for _n, values in cleaned], divisions)
        plan = Plan(notes=self.table.notes, total=len(cleaned))
        first: dict[Any, int] = {}
        for number, values in cleaned:
            division = self._division(number, values, divisions)
            if division is None:
                continue
            node = self._match(number, values, division, by_uscc, by_path)
            self._twice(number, values, division, node, first)
            if number not in self.bad:
                plan.rows.append(self._row(number, values, division, node))
        plan.faults = sorted(self.faults, key=lambda f: (f.row or 0, f.column or ""))
        return plan

    def _fault(self, row: int, name: str, message: str, value: Any = "") -> None:
        place = self.table.columns.get(name)
        column = sheets.letter(place) if place is not None else None
        self.faults.append(FieldFault(name, message, row=row, column=column, value=shown(value)))
        self.bad.add(row)

    def _clean(self, number: int, values: Mapping[str, Any]) -> dict[str, Any]:
        cleaned: dict[str, Any] = {}
        for name, raw in values.items():
            if raw == "" or is_blank(raw):
                continue
            try:
                cleaned[name] = CLEANERS.get(name, to_text)(raw)
                if len(str(cleaned[name])) > LENGTHS.get(name, 255):
                    raise ValueError(_("超过 %(n)d 字。") % {"n": LENGTHS.get(name, 255)})
            except ValueError as fault:
                self._fault(number, name, str(fault), raw)
        for name in ("name", "division"):
            raw = values.get(name, "")
            if raw == "" or is_blank(raw):
                self._fault(number, name, _("没有填写%(name)s。") % {"name": OTHER_HEADS[name][0]})
        return cleaned

    def _known(
        self, rows: list[dict[str, Any]], divisions: Mapping[str, Node]
    ) -> tuple[dict[str, Node], dict[str, Node]]:
        codes = {row["uscc"] for row in rows if row.get("uscc")}
        paths = {
            path_under(divisions[row["division"]], NodeKind.ORGAN, row["code"])
            for row in rows
            if row.get("code") and row.get("division") in divisions
        }
        known = Node.objects.filter(kind=NodeKind.ORGAN)
        by_uscc = {node.uscc: node for node in known.filter(uscc__in=codes, valid_to=None)}
        return by_uscc, {node.path: node for node in known.filter(path__in=paths)}

    def _division(self, number: int, values: Mapping[str, Any], divisions: Mapping[str, Node]) -> Node | None:
        code = values.get("division")
        if code is None:
            return None
        division = divisions.get(code)
        # A division without the right and one that does not exist are never told apart.
        if division is None or not self.actor.may(PERMISSION, division.path):
            self._fault(number, "division", _("没有这个区划，或不在您的管理范围内。"), code)
            return None
        return division

    def _match(
        self, number: int, values: Mapping[str, Any], division: Node,
        by_uscc: Mapping[str, Node], by_path: Mapping[str, Node],
    ) -> Node | None:  # fmt: skip
        uscc, code = values.get("uscc", ""), values.get("code", "")
        by_code = by_path.get(path_under(division, NodeKind.ORGAN, code)) if code else None
        node = by_uscc.get(uscc)
        if node is not None and node.division_id != division.pk:
            self._fault(number, "uscc", _("这个信用代码已属于另一区划的单位。跨区划调整用“划转”。"), uscc)
        elif node is not None and code and node.code != code:
            self._fault(number, "code", _("这个信用代码的单位代码是 %(code)s。") % {"code": node.code}, code)
        elif node is None and by_code is not None:
            node = by_code
            if node.valid_to is not None:
                self._fault(number, "code", _("这个单位代码属于已停用的单位，换一个。"), code)
        return node

    def _twice(
        self, number: int, values: Mapping[str, Any], division: Node, node: Node | None, first: dict[Any, int]
    ) -> None:
        keys = {"uscc": values.get("uscc"), "code": values.get("code") and (division.pk, values["code"])}
        if node is not None:
            keys["name"] = node.pk  # the same node, once by its credit code and once by its own
        elif not values.get("uscc") and not values.get("code"):
            keys["name"] = (division.pk, values.get("name"))
        for name, key in keys.items():
            if key and key in first:
                self._fault(
                    number, name, _("与第 %(row)d 行重复。") % {"row": first[key]}, values.get(name, "")
                )  # fmt: skip
                return
        first.update((key, number) for key in keys.values() if key)

    @staticmethod
    def _row(number: int, values: Mapping[str, Any], division: Node, node: Node | None) -> Row:
        facts = {name: values[name] for name in FACTS if name in values}
        profile = {name: values[name] for name in PROFILE if name in values}
        reporting = values.get("is_reporting")
        if node is None:
            given = {name: value for name, value in facts.items() if name != "name"}
            node = draft_node(
                division, facts["name"], NodeKind.ORGAN,
                code=values.get("code", ""), is_reporting=bool(reporting), **given,
            )  # fmt: skip
        return Row(number, node, facts, profile, reporting)


def _division(value: Any) -> str:
    text = to_text(value)
    if not (text.isascii() and text.isdigit() and len(text) in (2, 4, 6)):
        raise ValueError(_("区划代码是 6 位数字。"))
    return text.ljust(6, "0")


def _uscc(value: Any) -> str:
    text = to_text(value).upper().replace(" ", "")
    try:
        check_uscc(text)
    except ValueError as fault:
        raise ValueError(f"{fault}。") from fault
    return text


def _code(value: Any) -> str:
    text = to_text(value)
    if not CODE.fullmatch(text) or text == "0":
        raise ValueError(_("代码只用数字、字母和 -，最长 24 位，不能是 0。"))
    return text


def _type(value: Any) -> str:
    text = to_text(value)
    for code, label in InstitutionType.choices:
        if text in (code, str(label), _ZH_TYPES[code]):
            return str(code)
    raise ValueError(_("没有这一类。可填：%(types)s。") % {"types": "、".join(map(str, InstitutionType.labels))})


_ZH_TYPES = {
    "1": "国家机关", "21": "教育", "22": "科技", "23": "文化", "24": "卫生", "25": "体育", "29": "其他", "3": "团体组织",
}  # fmt: skip
"""Short names that lists in use have."""


def _count(value: Any) -> int:
    number = to_integer(value)
    if not 0 <= number <= MOST:
        raise ValueError(_("应是 0 或正整数。"))
    return number


def _area(value: Any) -> Decimal:
    number = to_number(value)
    if number < 0 or number >= 10**12:
        raise ValueError(_("面积应是 0 或正数。"))
    if number != round(number, 2):
        raise ValueError(_("面积最多两位小数。"))
    return number


CLEANERS: dict[str, Callable[[Any], Any]] = {
    "division": _division, "uscc": _uscc, "code": _code, "type": _type, "is_reporting": to_yes, "floor_area": _area,
    **dict.fromkeys(COUNTS, _count),
}  # fmt: skip

__all__ = ["COUNTS", "FACTS", "LEVELS", "PERMISSION", "PROFILE", "Plan", "Row", "columns", "heads", "read_institutions"]
