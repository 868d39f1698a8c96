"""One record: reading, writing, removing it, remarks, history, and the register's own verbs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from shuzheng.base.core.action import new_key
from shuzheng.base.core.actor import Actor
from shuzheng.base.portal.faults import put_faults
from shuzheng.base.portal.parts import Crumb, Group, Pair
from shuzheng.base.registers import actions, service
from shuzheng.base.registers.bound import beside_fields, helps_of
from shuzheng.base.registers.declare import REGISTERS, Register, register_of
from shuzheng.base.registers.fields import NUMBERS, columns_of, detail_value, field_names
from shuzheng.base.registers.filters import filters_of
from shuzheng.base.registers.forms import chooses_owner
from shuzheng.base.registers.pages.common import address, asked, record_address, record_link, split_seen, versions
from shuzheng.base.registers.query import Params
from shuzheng.base.registers.render import cell_of, heads_html, rows_html
from shuzheng.base.registers.story import story
from shuzheng.base.standards.uses import Help
from shuzheng.kernel.errors import Conflict, Denied, Invalid, Missing
from shuzheng.kernel.text import fold

RELATED = 10
"""Rows of a related register that the detail page shows before it points to the list."""


def title_of(register: Register, row: Any) -> str:
    """What a record is called on its page."""
    return str(getattr(row, register.title) if register.title else row) or str(row.pk)


def groups_of(register: Register, row: Any) -> list[Group]:
    """The fields of a record in their groups, values as the list shows them."""
    declared = register.groups
    about = helps_of(register, row)
    if not declared:
        names = [c.name for c in columns_of(register) if c.column.value is None]
        return [_group(register, row, _("基本信息"), names, 2, about)]
    found = [_group(register, row, str(g.title), list(g.fields), g.columns, about) for g in declared]
    owner = [Pair(_("归属单位"), str(row.node))] if register.owned else []
    return [Group(found[0].title, (*found[0].pairs, *owner), found[0].columns), *found[1:]]


def _group(
    register: Register, row: Any, title: str, names: list[str], columns: int, about: Mapping[str, Help]
) -> Group:
    pairs = []
    for name in names:
        shown = detail_value(register, name)
        value = shown.read(row)
        html = cell_of(shown)(row) if value not in (None, "", []) else None
        url = ""
        if shown.kind == "relation" and value is not None and (held := register_of(type(value))):
            url = record_address(held, value.pk)
        unit = shown.unit if shown.kind in NUMBERS and value is not None else ""
        value_html = mark_safe(html) if html else None  # noqa: S308 -- cells are safe
        pairs.append(Pair(shown.label, value_html, unit, url, about=about.get(name)))
    return Group(title, tuple(pairs), columns)


@dataclass(frozen=True)
class RelatedRows:
    """The first rows of another register that point to this record."""

    title: str
    head: Any
    rows: Any
    more_url: str
    more: bool


def _filters_by(register: Register, name: str) -> bool:
    return any(item.name == name for item in filters_of(register))


def related_of(register: Register, actor: Actor, row: Any) -> list[RelatedRows]:
    """The related registers that the actor may view, each with its first rows."""
    found = []
    for item in register.related:
        other = REGISTERS[item.register]
        if not other.may(actor, "view"):
            continue
        columns = [c for c in columns_of(other) if c.column.shown and c.name != item.field][:6]
        joins = sorted({join for column in columns for join in column.joins})
        rows = other.queryset(actor).filter(**{item.field: row}).order_by(*other.ordering)
        page = list((rows.select_related(*joins) if joins else rows)[: RELATED + 1])
        base = address(other)
        found.append(
            RelatedRows(
                str(item.title or other.heading),
                heads_html(columns, Params(), (), False, choose=False),
                rows_html(other, page[:RELATED], columns, record_link(other), False, choose=False),
                f"{base}?{item.field}={row.pk}" if _filters_by(other, item.field) else base,
                len(page) > RELATED,
            )
        )
    return found


@require_GET
def detail(request: HttpRequest, register: str, pk: str) -> HttpResponse:
    """The page of a record."""
    held, actor = asked(request, register)
    if held.page:
        return redirect(record_address(held, pk))
    row = service.read(held, actor, pk)
    return render(request, "registers/detail.html", _detail(held, actor, row))


def _detail(register: Register, actor: Actor, row: Any) -> dict[str, Any]:
    verbs = [
        verb
        for verb in register.actions
        if (not verb.permission or actor.may(verb.permission, row.path)) and (verb.when is None or verb.when(row))
    ]
    return {
        "register": register,
        "row": row,
        "title": title_of(register, row),
        "crumbs": [Crumb(register.heading, address(register)), Crumb(title_of(register, row))],
        "groups": groups_of(register, row),
        "verdict": register.verdict(row),
        "related": related_of(register, actor, row),
        "panels": register.panels(row, actor),
        "story": story(register, row, limit=12) if register.has("history") else [],
        "verbs": verbs,
        "may_change": register.may_write(actor, "change", row.path),
        "may_delete": register.may_write(actor, "delete", row.path),
        "can_comment": register.has("comments"),
        "has_files": register.has("attachments") and apps.is_installed("shuzheng.base.files"),
        "who_url": reverse("access:who", args=[row.node_id])
        if getattr(row, "node_id", None) and actor.may("access.grant.view", row.path)
        else "",
        "has_labels": register.has("labels"),
        "base": address(register),
        "here": address(register, "detail", pk=row.pk),
        "version": getattr(row, "version", ""),
    }


@require_http_methods(["GET", "POST"])
def create(request: HttpRequest, register: str) -> HttpResponse:
    """A new record; a refused one comes back as it was typed."""
    held, actor = asked(request, register)
    if not held.has("create"):
        raise Denied(_("这个台账不提供此操作。"))
    actor.require(held.permission("create"))
    owner = chooses_owner(held, actor)
    if request.method == "GET":
        draft = service.Draft(held, actor, row=None, owner=owner)
        draft.form.initial |= {k: v for k, v in request.GET.items() if k in draft.form.fields}
        return _form_page(request, held, draft, new_key(), _("登记%(name)s") % {"name": held.verbose})
    draft = service.Draft(held, actor, request.POST, owner=owner)
    key = request.POST.get("_key", "")[:80] or new_key()
    if draft.is_good(key):
        try:
            row = draft.save(key=key)
        except Invalid as fault:
            put_faults(draft.form, fault)
        else:
            messages.success(request, _("已登记 %(name)s") % {"name": title_of(held, row)})
            again = "_again" in request.POST
            return redirect(address(held, "create") if again else record_address(held, row.pk))
    return _form_page(request, held, draft, key, _("登记%(name)s") % {"name": held.verbose}, status=422)


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, register: str, pk: str) -> HttpResponse:
    """Change a record. If somebody was first, both versions are shown and what was typed stays."""
    held, actor = asked(request, register)
    row = service.read(held, actor, pk, verb="change")
    title = _("修改 %(name)s") % {"name": title_of(held, row)}
    if request.method == "GET":
        draft = service.Draft(held, actor, row=row)
        return _form_page(request, held, draft, new_key(), title)
    draft = service.Draft(held, actor, request.POST, row=row)
    key = request.POST.get("_key", "")[:80] or new_key()
    seen = request.POST.get("_version", "")
    if draft.is_good():
        try:
            draft.save(key=key, seen=int(seen) if seen.isdecimal() else None)
        except Conflict:
            both = _both(held, row, draft)
            return _form_page(request, held, draft, new_key(), title, status=409, conflict=both)
        except Invalid as fault:
            put_faults(draft.form, fault)
        else:
            messages.success(request, _("已保存 %(name)s") % {"name": title_of(held, row)})
            return redirect(record_address(held, row.pk))
    return _form_page(request, held, draft, key, title, status=422, seen=seen)


def _both(register: Register, row: Any, draft: service.Draft) -> list[tuple[str, str, str]]:
    """Label, stored value and typed value of each field where the two differ."""
    found = []
    for name in draft.form.fields:
        shown = detail_value(register, name)
        theirs, mine = shown.text(shown.read(row)), shown.text(shown.read(draft.target))
        if theirs != mine:
            found.append((shown.label, theirs or "—", mine or "—"))
    return found


def _form_page(
    request: HttpRequest,
    register: Register,
    draft: service.Draft,
    key: str,
    title: str,
    *,
    status: int = 200,
    seen: str = "",
    conflict: Any = None,
) -> HttpResponse:
    row = draft.row
    here = record_address(register, row.pk) if row is not None else ""
    crumbs = [Crumb(register.heading, address(register))]
    crumbs += [Crumb(title_of(register, row), here), Crumb(_("修改"))] if row is not None else [Crumb(_("登记"))]
    groups = [(g.title, [draft.form[n] for n in g.fields if n in draft.form.fields]) for g in register.groups]
    placed = {n for g in register.groups for n in g.fields}
    left = [draft.form[n] for n in draft.form.fields if n not in placed]
    groups = [(title_, fields) for title_, fields in groups if fields]
    if left:
        groups.insert(0, (_("归属") if register.groups else _("基本信息"), left))
    context = {
        "register": register,
        "title": title,
        "crumbs": crumbs,
        "form": draft.form,
        "groups": groups,
        "units": {c.name: c.unit for c in columns_of(register)},
        "helps": beside_fields(register, draft.form, row),
        "key": key,
        # After a conflict the stored version counts as seen: saving again is a decision, not an accident.
        "version": seen or getattr(row, "version", ""),
        "conflict": conflict,
        "back": here or address(register),
        "creating": row is None,
        "many": len(field_names(register)),
    }
    return render(request, "registers/form.html", context, status=status)


@require_POST
def delete(request: HttpRequest, register: str, pk: str) -> HttpResponse:
    """Remove one record; the page asked before."""
    held, actor = asked(request, register)
    row = service.read(held, actor, pk, verb="delete")
    name = title_of(held, row)
    _ids, seen = split_seen([f"{pk}.{request.POST.get('_version', '')}"])
    try:
        service.delete(held, actor, [row.pk], key=request.POST.get("_key", "")[:80], seen=versions([row], seen))
    except Invalid as fault:
        messages.error(request, fault.message)
        return redirect(record_address(held, pk))
    messages.success(request, _("已删除 %(name)s") % {"name": name})
    return redirect(address(held))


@require_GET
def history(request: HttpRequest, register: str, pk: str) -> HttpResponse:
    """Everything that happened to a record, with the values before and after."""
    held, actor = asked(request, register)
    if not held.has("history"):
        raise Missing
    row = service.read(held, actor, pk)
    here = record_address(held, row.pk)
    crumbs = [Crumb(held.heading, address(held)), Crumb(title_of(held, row), here), Crumb(_("历史"))]
    context = {"register": held, "row": row, "title": title_of(held, row), "crumbs": crumbs, "story": story(held, row)}
    return render(request, "registers/history.html", context)


@require_POST
def comment(request: HttpRequest, register: str, pk: str) -> HttpResponse:
    """Remark on a record that one may see."""
    held, actor = asked(request, register)
    row = service.read(held, actor, pk)
    if not held.has("comments"):
        raise Denied(_("这个台账不提供此操作。"))
    text = fold(request.POST.get("text", ""))
    if not text or len(text) > 500:
        messages.error(request, _("评论写 1 到 500 个字。"))
    else:
        actions.comment([row], actor=actor, key=request.POST.get("_key", "")[:80], text=text)
        messages.success(request, _("已评论"))
    return redirect(record_address(held, pk))


@require_http_methods(["GET", "POST"])
def act(request: HttpRequest, register: str, pk: str, verb: str) -> HttpResponse:
    """One of the register's own verbs on one record: asks for what it needs, then does it."""
    held, actor = asked(request, register)
    item = service.row_action(held, verb)
    row = service.read(held, actor, pk)
    if item.permission:
        actor.require(item.permission, row.path)
    form = item.form(request.POST or None) if item.form else None
    if request.method == "POST" and (form is None or form.is_valid()):
        _ids, seen = split_seen([f"{row.pk}.{request.POST.get('_version', '')}"])
        key = request.POST.get("_key", "")[:80]
        service.act(held, actor, verb, [row.pk], request.POST, key=key, seen=versions([row], seen))
        messages.success(request, _("已%(verb)s %(name)s") % {"verb": item.label, "name": title_of(held, row)})
        return redirect(record_address(held, pk))
    here = record_address(held, row.pk)
    context = {
        "register": held, "title": f"{item.label} {title_of(held, row)}", "verb": item, "form": form, "key": new_key(),
        "version": getattr(row, "version", ""), "back": here, "question": item.question,
        "crumbs": [Crumb(held.heading, address(held)), Crumb(title_of(held, row), here), Crumb(str(item.label))],
    }  # fmt: skip
    return render(request, "registers/act.html", context, status=422 if request.method == "POST" else 200)
