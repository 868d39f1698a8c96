"""The one way into a register, for pages, API, import and jobs alike: list, read, create, change, delete, act.

The caller has opened the actor's scope (the middleware does for requests). Every function raises ``Fault`` subclasses:
``Missing`` for what the actor may not see, ``Denied`` for their own organ's without the right, ``Invalid``, ``Conflict``.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import IntegrityError
from django.http import QueryDict
from django.utils.translation import gettext as _

from shuzheng.base.core.action import was_used
from shuzheng.base.core.actor import Actor
from shuzheng.base.core.models import Kind, plain
from shuzheng.base.org.models import Node
from shuzheng.base.portal.faults import put_faults
from shuzheng.base.registers.declare import REGISTERS, Register, RowAction
from shuzheng.base.registers.fields import columns_of, field_names
from shuzheng.base.registers.forms import form_class
from shuzheng.base.registers.query import Found, Listing, Params
from shuzheng.kernel.errors import Denied, FieldFault, Invalid, Missing

MOST_ROWS = 1000
"""Rows that one bulk change or action takes at once."""


def get(name: str) -> Register:
    """The register of that name.

    Raises:
        Missing: there is none.
    """
    if name not in REGISTERS:
        raise Missing(_("没有这个台账。"))
    return REGISTERS[name]


def list_query(register: Register, actor: Actor, query: QueryDict) -> Found:
    """The page of a list that an address asks for, with counts; columns decide what is joined.

    Raises:
        Denied: the actor may not view the register.
        Invalid: the address asks for what can't be.
    """
    listing = Listing(register, actor, Params.parse(register, query))
    return listing.find(listing.visible())


def list_after(register: Register, actor: Actor, query: QueryDict, cursor: str, size: int) -> tuple[list[Any], str]:
    """``size`` rows behind ``cursor`` (empty: from the first) and the next cursor, empty at the end.

    Raises:
        Denied, Invalid: as ``list_query``; a cursor of another ordering.
    """
    listing = Listing(register, actor, Params.parse(register, query))
    return listing.after(cursor, size, columns_of(register))


def read(register: Register, actor: Actor, pk: Any, *, verb: str = "view") -> Any:
    """One record, and the right to ``verb`` on it.

    Raises:
        Missing: no such record, or not one the actor may see.
        Denied: it is of the actor's organ, or may be seen, but the right is missing.
    """
    try:
        key = register.model._meta.pk.to_python(pk)
    except ValidationError:
        raise Missing
    joins = sorted({join for column in columns_of(register) for join in column.joins})
    row = register.rows(register.model._default_manager.select_related(*joins), actor).filter(pk=key).first()
    if row is None:
        raise Missing
    allow(register, actor, "view", row)
    if verb != "view":
        allow(register, actor, verb, row)
    return row


def allow(register: Register, actor: Actor, verb: str, row: Any) -> None:
    """Raise unless the actor may ``verb`` this row, which the row policies let it see.

    Raises:
        Missing: it is another organ's and may not even be viewed.
        Denied: the right is missing.
    """
    path = None if verb == "view" and register.model.scoping.kind is not Kind.SUPERVISED else row.path
    if not register.may(actor, "view", path if verb == "view" else None) and row.path not in actor.scope.organ:
        raise Missing
    if verb == "view":
        actor.require(register.permission("view"), path)
    elif not register.has(verb):
        raise Denied(_("这个台账不提供此操作。"))
    else:
        actor.require(register.permission(verb), row.path)
        if not register.may_write(actor, verb, row.path):
            raise Denied(_("这条记录由“%(organ)s”自己维护。") % {"organ": getattr(row, "node", "")})


class Draft:
    """A record being written: the form with what was typed, checked by field, by register and by constraint.

    ``row`` is the record as stored (None: a new one). Values are taken into a copy, so that the action sees what differs.
    """

    def __init__(
        self,
        register: Register,
        actor: Actor,
        data: Any = None,
        *,
        row: Any = None,
        only: Sequence[str] | None = None,
        owner: bool = False,
    ) -> None:
        self.register, self.actor, self.row = register, actor, row
        made = form_class(register, actor, only=only, owner=owner)
        self.target = copy.copy(row) if row is not None else register.model()
        initial = {"node": actor.organ_id} if owner else {}
        self.form: forms.ModelForm = made(data, instance=self.target, initial=initial)

    def is_good(self, key: str = "") -> bool:
        """Whether everything can be written; faults are in the form. ``key``, of a new record, tells a retry."""
        repeated = bool(key) and self.row is None and was_used(key, self.actor)
        self.form.repeated = repeated
        if not self.form.is_valid():
            return False
        target = self.target
        if self.row is None and self.register.owned:
            node = self.form.cleaned_data.get("node") or Node.objects.get(pk=self.actor.organ_id)
            target.own(node)
            if not self.register.may_write(self.actor, "create", target.path):
                self.form.add_error(None, _("不能登记到“%(organ)s”名下。") % {"organ": node})
                return False
        try:
            self.register.prepare([target], self.actor)
        except Invalid as fault:
            put_faults(self.form, fault)
            return False
        try:
            if not repeated:
                target.validate_constraints()
        except ValidationError as fault:
            self.form.add_error(None, _unique_words(fault))
            return False
        return True

    def values(self) -> dict[str, Any]:
        """What the record will hold, by field: those of the form, and what ``prepare`` filled in."""
        stored = self.row
        names = [f.name for f in self.form.fields] if stored is None else [
            f.name for f in self.target._meta.concrete_fields
            if not f.primary_key and getattr(self.target, f.attname) != getattr(stored, f.attname)
        ]  # fmt: skip
        return {name: getattr(self.target, name) for name in names}

    def save(self, *, key: str, seen: int | None = None) -> Any:
        """Write it; call ``is_good`` first.

        Raises:
            Conflict: somebody changed the record since version ``seen``.
            Invalid: it was taken by another record meanwhile.
        """
        call = {"actor": self.actor, "key": key}
        try:
            if self.row is None:
                return self.register.write("create", [self.target], **call)[0]
            versions = {self.row.pk: seen} if seen is not None else None
            changes = {str(self.row.pk): self.values()}
            done = self.register.write("change", [self.row], seen=versions, changes=changes, **call)
            return done[0] if done else self.row
        except IntegrityError as fault:
            raise _taken(fault)

    def fault(self) -> Invalid:
        """The faults of the form, for the API."""
        faults = [
            FieldFault("" if name == NON_FIELD_ERRORS else name, str(said))
            for name, errors in self.form.errors.items()
            for said in errors
        ]
        return Invalid(faults=faults)


def _unique_words(fault: ValidationError) -> str:
    codes = {getattr(e, "code", "") for e in fault.error_list} if hasattr(fault, "error_list") else set()
    for errors in getattr(fault, "error_dict", {}).values():
        codes |= {e.code for e in errors}
    return _("已有相同的记录。") if codes & {"unique", "unique_together"} else "；".join(fault.messages)


def _taken(fault: IntegrityError) -> Invalid:
    """A constraint that only the database saw: of two at once, or a record out of sight."""
    name = getattr(getattr(fault.__cause__, "diag", None), "constraint_name", "") or ""
    if "foreign key" in str(fault):
        return Invalid(_("还有别的记录引用它，或它引用的记录已不存在。"))
    return Invalid(_("已有相同的记录，或不符合约束“%(name)s”。") % {"name": name})


def form_data(register: Register, values: Mapping[str, Any]) -> dict[str, Any]:
    """Typed values (of the API) as a form takes them. A span is ``{"from": day, "to": day}``, both included.

    Raises:
        Invalid: a field that is not the register's.
    """
    known = {*field_names(register), "node"}
    if unknown := sorted(set(values) - known):
        raise Invalid(faults=[FieldFault(name, _("没有这个字段。")) for name in unknown])
    data: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            data[f"{name}_0"], data[f"{name}_1"] = value.get("from") or "", value.get("to") or ""
        elif value is not None:
            data[name] = value if isinstance(value, list | bool) else str(value)
    return data


def _defaults(register: Register) -> dict[str, Any]:
    """What a new record holds where nothing is said, as a form takes it."""
    fields = [f for f in map(register.model._meta.get_field, field_names(register)) if f.has_default()]
    return {f.name: f.value_to_string(register.model()) for f in fields if f.get_default() not in (None, "", [], {})}


def create(register: Register, actor: Actor, values: Mapping[str, Any], *, key: str) -> Any:
    """A new record.

    Raises:
        Denied: the actor may create none (there).
        Invalid: with a fault for each field.
    """
    if not register.has("create"):
        raise Denied(_("这个台账不提供此操作。"))
    actor.require(register.permission("create"))
    data = {**_defaults(register), **form_data(register, values)}
    draft = Draft(register, actor, data, owner="node" in values)
    if not draft.is_good(key):
        raise draft.fault()
    return draft.save(key=key)


def change(
    register: Register, actor: Actor, pk: Any, values: Mapping[str, Any], *, key: str, seen: int | None = None
) -> Any:
    """A record with some fields changed; those that ``values`` leaves out stay.

    Raises:
        Missing, Denied, Invalid: as above.
        Conflict: it is no longer at version ``seen``.
    """
    row = read(register, actor, pk, verb="change")
    only = [name for name in values if name != "node"]
    draft = Draft(register, actor, form_data(register, values), row=row, only=only)
    if not draft.is_good():
        raise draft.fault()
    return draft.save(key=key, seen=seen)


def rows_of(register: Register, actor: Actor, ids: Sequence[Any], verb: str) -> list[Any]:
    """The records of a batch, in the order given, each with the right to ``verb`` (empty: to view).

    Raises:
        Missing: one of them is not there for the actor.
        Denied: the right is missing on one.
        Invalid: more than ``MOST_ROWS``, or none.
    """
    if not ids:
        raise Invalid(_("先选择记录。"))
    if len(ids) > MOST_ROWS:
        raise Invalid(_("一次最多 %(n)d 条。先加条件缩小范围。") % {"n": MOST_ROWS})
    field = register.model._meta.pk
    try:
        keys = [field.to_python(pk) for pk in ids]
    except ValidationError:
        raise Missing
    joins = sorted({join for column in columns_of(register) for join in column.joins})
    found = register.rows(register.model._default_manager.select_related(*joins), actor).in_bulk(keys)
    if len(found) < len(set(keys)):
        raise Missing
    rows = [found[key] for key in dict.fromkeys(keys)]
    for row in rows:
        allow(register, actor, "view", row)
        if verb:
            allow(register, actor, verb, row)
    return rows


def delete(
    register: Register, actor: Actor, ids: Sequence[Any], *, key: str, seen: Mapping[Any, int] | None = None
) -> list[Any]:
    """Remove records that nothing refers to.

    Raises:
        Missing, Denied, Conflict: as for a change.
        Invalid: something still refers to one.
    """
    rows = rows_of(register, actor, ids, "delete")
    try:
        return list(register.write("delete", rows, actor=actor, key=key, seen=seen))
    except IntegrityError as fault:
        raise _taken(fault)


def row_action(register: Register, name: str) -> RowAction:
    """The register's own verb of that name.

    Raises:
        Missing: it has none.
    """
    found = next((item for item in register.actions if item.name == name), None)
    if found is None:
        raise Missing(_("没有这个操作。"))
    return found


def act(
    register: Register,
    actor: Actor,
    name: str,
    ids: Sequence[Any],
    values: Mapping[str, Any] | None = None,
    *,
    key: str,
    seen: Mapping[Any, int] | None = None,
) -> list[Any]:
    """Run one of the register's own verbs on records.

    Raises:
        Missing, Denied, Conflict: as for a change.
        Invalid: the action's form has faults, or a record's state does not fit.
    """
    item = row_action(register, name)
    rows = rows_of(register, actor, ids, "")
    for row in rows:
        if item.permission:
            actor.require(item.permission, row.path)
    misfits = [row for row in rows if item.when is not None and not item.when(row)]
    if misfits:
        names = "、".join(str(row) for row in misfits[:5])
        raise Invalid(
            _("有 %(n)d 条不能%(verb)s：%(names)s。") % {"n": len(misfits), "verb": item.label, "names": names}
        )
    cleaned: dict[str, Any] = {}
    if item.form is not None:
        form = item.form(values or {})
        if not form.is_valid():
            faults = [FieldFault(field, str(e)) for field, errors in form.errors.items() for e in errors]
            raise Invalid(faults=faults)
        cleaned = form.cleaned_data
    return list(item.run(rows, actor=actor, key=key, seen=seen, **cleaned))


def as_json(register: Register, row: Any) -> dict[str, Any]:
    """A record as the API shows it: fields by name, relations as id and label, sensitive ones masked."""
    hidden = getattr(register.model, "sensitive", frozenset())
    shown: dict[str, Any] = {"id": str(row.pk), "version": getattr(row, "version", None)}
    names = [f.name for f in register.model._meta.concrete_fields if f.name in {*field_names(register), "node"}]
    for name in names:
        field = register.model._meta.get_field(name)
        if field.is_relation:
            related = getattr(row, name)
            shown[name] = None if related is None else {"id": str(related.pk), "label": str(related)}
        elif name in hidden:
            shown[name] = "***" if getattr(row, name) else ""
        else:
            shown[name] = plain(getattr(row, name))
    return shown
