"""Records as the rows of a sheet would have them: new ones made by the ten thousand, changed ones beside what is stored."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from shuzheng.base.core.actor import Actor
from shuzheng.base.org.models import Node
from shuzheng.base.registers.declare import Register
from shuzheng.base.registers.exporting import is_required
from shuzheng.base.registers.fields import Shown

Say = Callable[[int, str, str, Any], None]
"""Notes a fault: the row's number, the field, why, and what stands there."""


class Maker:
    """Makes one register's records as one actor would bring them.

    What is the same for every row is found out once: the fields that must be filled in, a blank record, rights by place.
    """

    def __init__(self, register: Register, actor: Actor, fields: Sequence[Shown], home: Node | None, say: Say) -> None:
        self.register, self.actor, self.home, self._say = register, actor, home, say
        self._required = [item.name for item in fields if is_required(register, item)]
        self._blank = register.model()
        # What is made anew for each record, and may be changed in place: an empty list, an empty mapping.
        concrete = register.model._meta.concrete_fields
        self._made = [f for f in concrete if not f.primary_key and f.has_default() and callable(f.default)]
        self._rights: dict[tuple[str, str], bool] = {}

    def owner(self, row: Mapping[str, Any]) -> Node | None:
        return row.get("node") or self.home

    def record(self, number: int, row: Mapping[str, Any], stored: Any, unread: set[tuple[int, str]]) -> Any:
        """The record of a row, not yet stored; None when it can't be, which is said.

        Args:
            stored: the record that the row names, None for a new one.
            unread: cells, by row and field, whose fault was said already.
        """
        if stored is None:
            for name in self._required:
                if name not in row and (number, name) not in unread:
                    self._say(number, name, _("没有填写。"), "")
        if self.register.owned:
            verb, held = ("create", self.owner(row)) if stored is None else ("change", stored)
            if not self._may(verb, held.path):
                organ = held if stored is None else stored.node
                said = _("没有在“%(organ)s”%(verb)s的权限。") % {
                    "organ": organ,
                    "verb": _("登记") if stored is None else _("修改"),
                }
                self._say(number, "node", said, organ)
                return None
            if stored is None:
                return self._new(held, row)
        target = self.register.model() if stored is None else copy.copy(stored)
        for name, value in row.items():
            if name != "node":
                setattr(target, name, value)
        return target

    def _new(self, owner: Any, row: Mapping[str, Any]) -> Any:
        values = {f.attname: f.get_default() for f in self._made if f.name not in row}
        return self._blank.alike(**values, **{**row, "node": owner, "path": owner.path})

    def _may(self, verb: str, path: str) -> bool:
        asked = (verb, path)
        if asked not in self._rights:
            self._rights[asked] = self.register.may_write(self.actor, verb, path)
        return self._rights[asked]


__all__ = ["Maker"]
