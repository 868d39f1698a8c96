"""Many records at once: change, remove, the register's own verbs, labels. Chosen rows come with the version that was seen."""

from __future__ import annotations

import copy
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from shuzheng.base.core.action import new_key
from shuzheng.base.core.actor import Actor
from shuzheng.base.portal.parts import Crumb
from shuzheng.base.registers import service
from shuzheng.base.registers.declare import Register
from shuzheng.base.registers.fields import columns_of, detail_value, field_names
from shuzheng.base.registers.forms import form_class
from shuzheng.base.registers.labels import label_rows
from shuzheng.base.registers.pages import transfer
from shuzheng.base.registers.pages.common import address, asked, record_address, split_seen, versions
from shuzheng.base.registers.pages.record import title_of
from shuzheng.base.registers.query import Listing, Params
from shuzheng.kernel.errors import Conflict, Denied, Invalid, Missing

SHOWN = 20
"""Records that the page of a bulk change names; the rest is a count."""


def chosen(request: HttpRequest, register: Register, actor: Actor) -> list[str]:
    """``<id>.<version>`` of the chosen rows: those ticked, or every row of the list when "all" was chosen.

    Raises:
        Invalid: none, or more than a bulk change takes.
    """
    if request.POST.get("all") != "1":
        values = request.POST.getlist("id")
    else:
        listing = Listing(register, actor, Params.parse(register, request.GET))
        names = ["pk", "version"] if register.versioned else ["pk"]
        rows = listing.rows().order_by(*listing.order(many=False)).values_list(*names)[: service.MOST_ROWS + 1]
        values = [".".join(map(str, row)) for row in rows]
    if not values:
        raise Invalid(_("先选择记录。"))
    if len(values) > service.MOST_ROWS:
        raise Invalid(_("一次最多 %(n)d 条。先加条件缩小范围。") % {"n": service.MOST_ROWS})
    return values


@require_POST
def page(request: HttpRequest, register: str) -> HttpResponse:
    """What to do with the chosen rows: asks for what is needed, then does it for all or none."""
    held, actor = asked(request, register)
    actor.require(held.permission("view"))
    do = request.POST.get("do", "")
    values = chosen(request, held, actor)
    ids, seen = split_seen(values)
    if do == "export":
        return transfer.export_chosen(request, held, actor, ids)
    if do == "labels":
        return _labels_page(request, held, service.rows_of(held, actor, ids, ""))
    if do == "change":
        return _change(request, held, actor, values, ids, seen)
    if do == "delete":
        return _delete(request, held, actor, values, ids, seen)
    if do.startswith("act:"):
        return _act(request, held, actor, do, values, ids, seen)
    raise Missing(_("没有这个操作。"))


def _running(request: HttpRequest) -> bool:
    return request.POST.get("step") == "run"


def _back(register: Register, request: HttpRequest) -> str:
    return f"{address(register)}?{request.GET.urlencode()}"


def _ask(
    request: HttpRequest,
    register: Register,
    rows: list[Any],
    values: list[str],
    title: str,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    context = {
        "register": register,
        "title": title,
        "crumbs": [Crumb(register.heading, _back(register, request)), Crumb(title)],
        "names": [title_of(register, row) for row in rows[:SHOWN]],
        "rest": max(0, len(rows) - SHOWN),
        "values": values,
        "do": request.POST.get("do"),
        "key": request.POST.get("_key") or new_key(),
        "query": request.GET.urlencode(),
        "back": _back(register, request),
        **more,
    }
    return render(request, "registers/bulk.html", context, status=status)


def _change(
    request: HttpRequest, register: Register, actor: Actor, values: list[str], ids: list[str], seen: dict[str, int]
) -> HttpResponse:
    rows = service.rows_of(register, actor, ids, "change")
    singular = {name for names in _unique_names(register) for name in names}
    names = [name for name in field_names(register) if name not in singular]
    picked = [name for name in request.POST.getlist("set") if name in names]
    title = _("批量修改 %(n)d %(unit)s") % {"n": len(rows), "unit": register.unit}
    if not _running(request):
        form = form_class(register, actor, only=names)()
        return _ask(request, register, rows, values, title, fields=[(form[n], False) for n in names], verb=_("保存"))
    form = form_class(register, actor, only=picked)(request.POST, instance=register.model())
    fault = "" if picked else _("勾选要修改的字段。")
    if picked and form.is_valid():
        new = {name: getattr(form.instance, name) for name in picked}
        try:
            targets = _with(rows, new)
            register.prepare(targets, actor)
            changes = {str(row.pk): _differs(row, target) for row, target in zip(rows, targets, strict=True)}
            key = request.POST.get("_key", "")[:80]
            register.write("change", rows, actor=actor, key=key, seen=versions(rows, seen), changes=changes)
        except Invalid as refused:
            fault = _row_words(register, rows, refused)
        except Conflict:
            fault = _("有记录已被别人修改，什么都没有保存。返回列表看最新内容。")
        else:
            messages.success(request, _("已修改 %(n)d %(unit)s") % {"n": len(rows), "unit": register.unit})
            return redirect(_back(register, request))
    whole = form_class(register, actor, only=names)(request.POST)
    for name in picked:
        if name in form.errors:
            whole.errors[name] = form.errors[name]
    for name in names:
        if name not in picked:
            whole.errors.pop(name, None)
    fields = [(whole[n], n in picked) for n in names]
    return _ask(request, register, rows, values, title, 422, fields=fields, verb=_("保存"), fault=fault)


def _unique_names(register: Register) -> list[tuple[str, ...]]:
    """Fields that must differ from record to record, which one value for all would break."""
    model = register.model
    found = [tuple(c.fields) for c in model._meta.constraints if getattr(c, "fields", ())]
    return found + [(f.name,) for f in model._meta.concrete_fields if f.unique] + [tuple(register.key)]


def _with(rows: list[Any], values: dict[str, Any]) -> list[Any]:
    targets = [copy.copy(row) for row in rows]
    for target in targets:
        for name, value in values.items():
            setattr(target, name, value)
    return targets


def _differs(row: Any, target: Any) -> dict[str, Any]:
    return {
        f.name: getattr(target, f.name)
        for f in row._meta.concrete_fields
        if getattr(row, f.attname) != getattr(target, f.attname)
    }


def _row_words(register: Register, rows: list[Any], fault: Invalid) -> str:
    """Faults of ``prepare`` with the record each is about."""
    said = [
        f"{title_of(register, rows[f.row])}：{f.message}" if f.row is not None and f.row < len(rows) else f.message
        for f in fault.faults[:10]
    ]
    return "；".join(said) or fault.message


def _delete(
    request: HttpRequest, register: Register, actor: Actor, values: list[str], ids: list[str], seen: dict[str, int]
) -> HttpResponse:
    rows = service.rows_of(register, actor, ids, "delete")
    title = _("删除 %(n)d %(unit)s？") % {"n": len(rows), "unit": register.unit}
    fault = ""
    if _running(request):
        key = request.POST.get("_key", "")[:80]
        try:
            service.delete(register, actor, ids, key=key, seen=versions(rows, seen))
        except Invalid as refused:
            fault = refused.message
        except Conflict:
            fault = _("有记录已被别人修改，什么都没有删除。返回列表看最新内容。")
        else:
            messages.success(request, _("已删除 %(n)d %(unit)s") % {"n": len(rows), "unit": register.unit})
            return redirect(_back(register, request))
    verb = _("删除 %(n)d %(unit)s") % {"n": len(rows), "unit": register.unit}
    return _ask(request, register, rows, values, title, 422 if fault else 200, verb=verb, fault=fault)


def _act(
    request: HttpRequest,
    register: Register,
    actor: Actor,
    do: str,
    values: list[str],
    ids: list[str],
    seen: dict[str, int],
) -> HttpResponse:
    item = service.row_action(register, do.removeprefix("act:"))
    rows = service.rows_of(register, actor, ids, "")
    for row in rows:
        if item.permission:
            actor.require(item.permission, row.path)
    title = _("%(verb)s %(n)d %(unit)s") % {"verb": item.label, "n": len(rows), "unit": register.unit}
    form = item.form(request.POST if _running(request) else None) if item.form else None
    fault = ""
    if _running(request) and (form is None or form.is_valid()):
        key = request.POST.get("_key", "")[:80]
        try:
            service.act(register, actor, item.name, ids, request.POST, key=key, seen=versions(rows, seen))
        except Invalid as refused:
            fault = refused.message
        except Conflict:
            fault = _("有记录已被别人修改，什么都没有保存。返回列表看最新内容。")
        else:
            messages.success(request, _("已%(title)s") % {"title": title})
            return redirect(_back(register, request))
    status = 422 if _running(request) else 200
    return _ask(
        request, register, rows, values, title, status, form=form, verb=item.label, fault=fault, question=item.question
    )


@require_GET
def labels(request: HttpRequest, register: str) -> HttpResponse:
    """Labels of the chosen records (``id``), or of the list that the address describes."""
    held, actor = asked(request, register)
    if not held.has("labels"):
        raise Denied(_("这个台账不提供此操作。"))
    if ids := request.GET.getlist("id"):
        return _labels_page(request, held, service.rows_of(held, actor, ids, ""))
    listing = Listing(held, actor, Params.parse(held, request.GET))
    asked_rows = listing.joined(listing.rows(), columns_of(held)).order_by(*listing.order(many=False))
    rows = list(asked_rows[: service.MOST_ROWS + 1])
    if len(rows) > service.MOST_ROWS:
        raise Invalid(_("一次最多 %(n)d 条。先加条件缩小范围。") % {"n": service.MOST_ROWS})
    return _labels_page(request, held, rows)


def _labels_page(request: HttpRequest, register: Register, rows: list[Any]) -> HttpResponse:
    names = list(register.label_fields) or [c.name for c in columns_of(register)[:3] if c.field is not None]
    shown = [detail_value(register, name) for name in names[:3]]
    made = label_rows(rows, shown, lambda row: request.build_absolute_uri(record_address(register, row.pk)))
    context = {"register": register, "labels": made, "back": address(register), "n": len(rows)}
    return render(request, "registers/labels.html", context)
