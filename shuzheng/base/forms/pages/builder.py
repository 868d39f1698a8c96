"""Making a form in the browser: begin, build, look at it as who fills it in, compare editions, publish."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from shuzheng.base.core.actor import Actor
from shuzheng.base.forms import facts, names
from shuzheng.base.forms.actions import publish_definitions
from shuzheng.base.forms.browser import browser_data
from shuzheng.base.forms.building.changes import differences
from shuzheng.base.forms.building.drafts import create_drafts, drop_drafts, faults, save_drafts
from shuzheng.base.forms.building.elements import binding, search
from shuzheng.base.forms.building.layouts import read_layout
from shuzheng.base.forms.engine import compute
from shuzheng.base.forms.factors import resolve
from shuzheng.base.forms.grids import Filled
from shuzheng.base.forms.models import Definition
from shuzheng.base.forms.pages.common import asked
from shuzheng.base.forms.pages.definitions import PERIOD_WORDS, period_shown
from shuzheng.base.forms.pages.entry import opened
from shuzheng.base.forms.spec import CARRIED, FormSpec, load
from shuzheng.base.portal.formats import english
from shuzheng.base.portal.parts import Crumb
from shuzheng.kernel.errors import Conflict, Fault, Invalid, Missing

MAX_FILE = 5_000_000
MAX_BODY = 2_000_000


def find(pk: UUID) -> Definition:
    """A form that the reader sees.

    Raises:
        Missing: there is none, or not for this reader.
    """
    row = Definition.objects.filter(pk=pk).first()
    if row is None:
        raise Missing(_("没有这张报表，或不归当前岗位看。"))
    return row


def _own(request: HttpRequest, pk: UUID, permission: str) -> tuple[Actor, Definition]:
    """A form of the actor's own, and the right to do something with it."""
    actor = asked(request, permission)
    row = find(pk)
    actor.require(permission, row.path)
    return actor, row


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Begin a form: from nothing, or from the layout of a workbook."""
    actor = asked(request, "forms.definition.create")
    given, fault = request.POST, None
    if request.method == "POST":
        try:
            row = _of(actor, _begun(request))
            create_drafts([row], actor=actor, key=_key(request))
        except Invalid as refused:
            fault = refused
        else:
            left = len(row.spec.get("left_out", ()))
            if left:
                messages.warning(request, _("有 %(n)d 处没有照搬，原因列在右边") % {"n": left})
            return redirect("forms:edit", pk=row.pk)
    context = {
        "crumbs": [Crumb(_("报表"), reverse("forms:definitions")), Crumb(_("新建报表"))],
        "periods": [(code, _(word)) for code, word in PERIOD_WORDS.items()],
        "given": given,
        "fault": fault,
        "faults": {f.field: f.message for f in fault.faults} if fault else {},
    }
    return render(request, "forms/definition_new.html", context, status=422 if fault else 200)


def _of(actor: Actor, row: Definition) -> Definition:
    """A new form belongs to the actor's organ."""
    row.node_id, row.path = actor.organ_id, actor.organ_path
    return row


def _key(request: HttpRequest) -> str:
    given = request.POST.get("key", "")[:60]
    return f"form:{given}" if given else ""


def _begun(request: HttpRequest) -> Definition:
    code, name = request.POST.get("code", "").strip(), request.POST.get("name", "").strip()
    period = request.POST.get("period", "")
    raw: dict[str, Any] = {"code": code, "name": name, "period": period, "sections": [], "checks": [], "computed": []}
    wrong = [f for f in faults(raw) if f.field in ("code", "name", "period")]
    if wrong:
        raise Invalid(_("报表没有建成。"), wrong)
    file = request.FILES.get("file")
    if file is not None:
        if file.size > MAX_FILE:
            raise Invalid.one("file", _("文件超过 5 MB。"))
        raw |= read_layout(file.read(), code=code, name=name, period=period).raw
    return Definition(code=code, name=name, period_kind=period, spec=raw)


@require_GET
def edit(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor, row = _own(request, pk, "forms.definition.change")
    if row.state != Definition.State.DRAFT:
        return redirect("forms:definition", pk=pk)
    data = {
        "spec": row.spec,
        "version": row.version,
        "saveUrl": reverse("forms:draft", args=[pk]),
        "previewUrl": reverse("forms:preview_form", args=[pk]),
        "elementsUrl": reverse("forms:elements"),
        "place": f"sz-builder:{pk}:{actor.id}",
        "faults": _said(faults(row.spec)),
        "facts": [
            {"code": CARRIED, "label": _("上期此格的数")},
            *({"code": f.code, "label": str(f.label)} for f in facts.offered().values()),
        ],
        "english": english(),
    }
    context = {
        "row": row,
        "title": names.label(row),
        "crumbs": _crumbs(row, _("设计")),
        "kind": _(PERIOD_WORDS.get(row.period_kind, row.period_kind)),
        "data": data,
        "left_out": row.spec.get("left_out", []),
        "may_publish": actor.may("forms.definition.publish", row.path),
    }
    return render(request, "forms/definition_edit.html", context)


def _crumbs(row: Definition, here: str) -> list[Crumb]:
    return [
        Crumb(_("报表"), reverse("forms:definitions")),
        Crumb(names.label(row), reverse("forms:definition", args=[row.pk])),
        Crumb(here),
    ]


def _said(found: list[Any]) -> list[dict[str, str]]:
    return [{"field": f.field, "message": str(f.message)} for f in found]


@require_http_methods(["PATCH"])
def draft(request: HttpRequest, pk: UUID) -> JsonResponse:
    """Autosave: ``{"version", "spec"}``. 200 with the faults as they are now, 409 with what somebody else saved meanwhile."""
    actor, row = _own(request, pk, "forms.definition.change")
    if len(request.body) > MAX_BODY:
        return JsonResponse({"message": _("报表太大了。")}, status=413)
    try:
        body = json.loads(request.body)
        raw, version = body["spec"], int(body["version"])
        if not isinstance(raw, dict):
            raise TypeError("spec")
    except (ValueError, TypeError, KeyError):
        return JsonResponse({"message": _("送来的内容读不懂。")}, status=400)
    if row.version != version:
        return _clash(row)
    try:
        save_drafts([row], actor=actor, seen={row.pk: version}, raw=raw)
    except Conflict:
        row.refresh_from_db()
        return _clash(row)
    except Invalid as refused:
        return JsonResponse({"message": refused.message}, status=422)
    return JsonResponse({"version": row.version, "faults": _said(faults(row.spec))})


def _clash(row: Definition) -> JsonResponse:
    said = _("这张报表刚被别人改过。两份都在，选一份继续。")
    return JsonResponse({"message": said, "version": row.version, "spec": row.spec}, status=409)


@require_GET
def preview(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The draft as who fills it in sees it, with live sums and checks; nothing is stored."""
    actor = asked(request, "forms.definition.view")
    row = find(pk)
    try:
        spec = load(row.spec)
        context = _shown(actor, row, spec)
    except Fault as fault:
        context = {"fault": fault}
    context |= {"row": row, "title": names.label(row), "crumbs": _crumbs(row, _("预览"))}
    template = "forms/parts/preview.html" if request.htmx else "forms/definition_preview.html"
    return render(request, template, context)


def _shown(actor: Actor, row: Definition, spec: FormSpec) -> dict[str, Any]:
    period = period_shown(row.period_kind)
    factors = resolve(spec, str(period), actor.organ_path)
    filled = Filled(
        spec, period, compute(spec, {}, factors.values), {}, open=frozenset(c.code for c in spec.inputs),
        given=factors.values,
    )  # fmt: skip
    sheets = filled.sheets()
    return {
        "sheets": sheets,
        "opened": opened(sheets),
        "results": filled.results(),
        "data": browser_data(filled, factors.values, {}, url="", version=0, place=f"preview:{row.pk}"),
        "editable": True,
        "inputs": len(spec.inputs),
        "all_checks": len(spec.checks),
    }


@require_POST
def following(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The next edition: a draft that begins as a published form of one's own is now."""
    actor, row = _own(request, pk, "forms.definition.create")
    waiting = Definition.objects.filter(node_id=row.node_id, code=row.code, state=Definition.State.DRAFT).first()
    if waiting is None:
        waiting = Definition(
            code=row.code,
            name=row.name,
            name_en=row.name_en,
            period_kind=row.period_kind,
            basis=row.basis,
            spec=row.spec,
        )
        create_drafts([_of(actor, waiting)], actor=actor, key=_key(request))
        messages.success(request, _("第 %(n)d 版的草稿建好了，进行中的任务仍用原来的版次") % {"n": waiting.edition})
    return redirect("forms:edit", pk=waiting.pk)


@require_POST
def publish(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Publish a draft to everybody below its office."""
    actor, row = _own(request, pk, "forms.definition.publish")
    try:
        publish_definitions([row], actor=actor, key=_key(request))
    except Invalid as refused:
        found = "；".join(str(f.message) for f in refused.faults[:3])
        messages.error(request, f"{refused.message}{found}")
        return redirect("forms:edit", pk=pk)
    messages.success(request, _("已发布，可以下达任务"))
    return redirect("forms:definition", pk=pk)


@require_POST
def drop(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor, row = _own(request, pk, "forms.definition.delete")
    drop_drafts([row], actor=actor)
    messages.success(request, _("草稿已删除"))
    return redirect("forms:definitions")


@require_GET
def changes(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What this edition changes against the one before it, or against ``?with=``."""
    asked(request, "forms.definition.view")
    row = find(pk)
    others = Definition.objects.filter(node_id=row.node_id, code=row.code).exclude(pk=pk).order_by("-edition")
    wanted = request.GET.get("with", "")
    other = next((o for o in others if str(o.pk) == wanted), None)
    other = other or next((o for o in others if o.edition < row.edition), None)
    found, fault = [], None
    if other is not None:
        try:
            found = differences(load(other.spec), load(row.spec))
        except Invalid as refused:
            fault = refused
    context = {
        "row": row, "other": other, "others": others, "changes": found, "fault": fault, "title": names.label(row),
        "crumbs": _crumbs(row, _("版次对比")),
    }  # fmt: skip
    return render(request, "forms/definition_changes.html", context)


@require_GET
def elements(request: HttpRequest) -> JsonResponse:
    """Data elements by name, identifier or unit, each with what a cell takes over from it."""
    actor = asked(request, "forms.definition.change")
    found = search(request.GET.get("q", ""), timezone.localdate(), actor.organ_path)
    items = [
        {"label": e.label, "hint": e.identifier, "cell": _plain(binding(e, timezone.localdate(), actor.organ_path))}
        for e in found
    ]
    return JsonResponse({"items": items})


def _plain(cell: dict[str, Any]) -> dict[str, Any]:
    """As JSON has it: numbers as texts."""
    return {key: str(value) if isinstance(value, Decimal) else value for key, value in cell.items()}
