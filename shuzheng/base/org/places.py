"""Where a node lies: its path made from its parent and code, drafts of new nodes, and the rules of who may stand under whom."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from shuzheng.base.org.models import Node, NodeKind
from shuzheng.kernel.errors import FieldFault, Invalid
from shuzheng.kernel.ids import uuid7
from shuzheng.kernel.text import fold, pinyin_initials, pinyin_key
from shuzheng.kernel.uscc import check_uscc

CODE = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]{0,23}")
"""A path segment. ``0`` alone is kept for a level's own organs."""

MAX_PATH = 255


def nation_code() -> str:
    """The code of the nation as a division: six digits as GB/T 2260 has, which gives the nation none: ``SZ_NATION_CODE``."""
    return settings.SZ_NATION_CODE


def child_path(parent_path: str, kind: str, code: str, *, parent_kind: str = NodeKind.DIVISION) -> str:
    """The path of a node of ``kind`` under ``parent_path``: organs of a division lie below its ``0/``."""
    level = "0/" if kind != NodeKind.DIVISION and parent_kind == NodeKind.DIVISION else ""
    return f"{parent_path}{level}{code}/"


def path_under(parent: Node, kind: str, code: str) -> str:
    return child_path(parent.path, kind, code, parent_kind=parent.kind)


def division_path(path: str) -> str:
    """The division that an organ or department at ``path`` works in: ``33/11/0/goa/`` gives ``33/11/``."""
    above, mark, _ = f"/{path}".partition("/0/")
    home = above[1:]
    return path if not mark else f"{home}/" if home else ""


def division_code(path: str) -> str:
    """The six digits (GB/T 2260) of a division, from its path: ``33/11/`` gives ``331100``."""
    return path.replace("/", "").ljust(6, "0") if path else nation_code()


def new_code() -> str:
    """A code for a node that was given none: short, and never the same twice on one server."""
    number, digits = uuid7().int, "0123456789abcdefghijkmnpqrstuvwxyz"
    text, number = "", (number >> 80) << 20 | number & 0xFFFFF  # milliseconds, then 20 random bits
    while number:
        number, rest = divmod(number, len(digits))
        text = digits[rest] + text
    return text


def draft_node(
    parent: Node,
    name: str,
    kind: str,
    *,
    code: str = "",
    tier: int | None = None,
    valid_from: date | None = None,
    **facts: Any,
) -> Node:
    """A node that does not exist yet, with its place in the tree. ``create_nodes`` checks and stores it.

    Args:
        code: the path segment; made when it is empty. A division needs one.
        tier: of a division, when it is not one below its parent (a county directly under a province).
        facts: other fields of ``Node`` (``type``, ``level``, ``uscc``, ``short_name``, ``is_reporting``).
    """
    code = fold(code) or ("" if kind == NodeKind.DIVISION else new_code())
    node = Node(name=fold(name), kind=kind, code=code, valid_from=valid_from, **facts)
    node.uscc = fold(node.uscc).upper()
    place(node, parent)
    if kind == NodeKind.DIVISION:
        node.tier = tier or min(parent.tier + 1, 4)
    read_aloud(node)
    return node


def place(node: Node, parent: Node) -> None:
    """Set parent, path, division, organ and tier of ``node`` as a child of ``parent``."""
    node.parent = parent
    node.path = path_under(parent, node.kind, node.code)
    if node.kind == NodeKind.DIVISION:
        node.division = node.organ = None
        return
    node.tier = parent.tier
    node.division_id = parent.pk if parent.kind == NodeKind.DIVISION else parent.division_id
    node.organ_id = node.pk if node.kind == NodeKind.ORGAN else parent.organ_id


def read_aloud(node: Node) -> None:
    """Set the keys to sort by and to find by, from the name."""
    node.pinyin, node.initials = pinyin_key(node.name)[:400], pinyin_initials(node.name)[:120]


def faults_of(node: Node, on: date | None = None) -> list[FieldFault]:
    """What is wrong with a node's own values, place aside."""
    faults = []
    if not node.name:
        faults.append(FieldFault("name", _("没有填写名称。")))
    elif len(node.name) > 120:
        faults.append(FieldFault("name", _("名称超过 120 字。"), value=node.name))
    if not CODE.fullmatch(node.code) or node.code == "0":
        said = _("代码只用数字、字母和 -，最长 24 位，不能是 0。") if node.code else _("没有填写代码。")
        faults.append(FieldFault("code", said, value=node.code))
    if len(node.short_name) > 40:
        faults.append(FieldFault("short_name", _("简称超过 40 字。"), value=node.short_name))
    for name in ("kind", "type"):
        field = Node._meta.get_field(name)
        value = getattr(node, name)
        if value and value not in dict(field.choices or ()):
            faults.append(
                FieldFault(name, _("%(field)s没有“%(value)s”这一项。") % {"field": field.verbose_name, "value": value}, value=value)
            )  # fmt: skip
    if len(node.level) > 8:
        faults.append(FieldFault("level", _("机构规格超过 8 字。"), value=node.level))
    if node.uscc:
        try:
            check_uscc(node.uscc)
        except ValueError as fault:
            faults.append(FieldFault("uscc", f"{fault}。", value=node.uscc))
    if len(node.path) > MAX_PATH:
        faults.append(FieldFault("code", _("层级过深，放不下。")))
    return faults


def place_fault(kind: str, parent: Node, tier: int | None = None) -> str:
    """Why a node of ``kind`` can't stand under ``parent``; empty when it can."""
    if parent.valid_to is not None:
        return _("上级“%(name)s”已停用。") % {"name": parent.name}
    if kind == NodeKind.DIVISION:
        if parent.kind != NodeKind.DIVISION:
            return _("区划只能放在区划下。")
        if tier is not None and tier <= parent.tier:
            return _("区划的层级必须低于上级“%(name)s”。") % {"name": parent.name}
    elif kind == NodeKind.ORGAN and parent.kind != NodeKind.DIVISION:
        return _("机关单位只能放在区划下，内设机构才放在单位下。")
    elif kind == NodeKind.DEPARTMENT and parent.kind == NodeKind.DIVISION:
        return _("内设机构只能放在单位或内设机构下。")
    return ""


def require(faults: list[FieldFault]) -> None:
    """Raises:
    Invalid: there are faults.
    """
    if faults:
        raise Invalid(faults[0].message if len(faults) == 1 else "", faults)
