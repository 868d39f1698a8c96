"""The designers: a new process, the simple one (steps down a page), BPMN and DMN for specialists; every change is kept at once."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from csp.decorators import csp_update
from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from shuzheng.base.core.action import new_key
from shuzheng.base.core.actor import Actor, actor_of
from shuzheng.base.flows import defining, designing, simple
from shuzheng.base.flows.bpmn.reading import LARGEST
from shuzheng.base.flows.models import Definition
from shuzheng.base.flows.packages import decoded
from shuzheng.base.flows.pages.definitions import find, save_text
from shuzheng.base.flows.who import held_on
from shuzheng.base.org.models import Node
from shuzheng.base.portal.parts import Crumb
from shuzheng.kernel.errors import Conflict, Invalid

# bpmn-js and dmn-js write some style attributes as text: those of the watermark, which must not be changed, of the icons for
# aligning, and of what is dragged. Each is allowed by its digest and on this page alone; nothing else may be written so.
STYLES = [
    "'unsafe-hashes'",
    *(
        f"'sha256-{digest}='"
        for digest in (
            "r3vOsuepBDg6tz/cOusiNJ9Y4Lp9hGQTT7pzDks1Xxc", "CA/eh4+2R0J7cEQ14gBMtx834RIOjzMUqCM+evtrkp4",
            "JpvvTIK7ulxf/3oA+AUuVbO9Labs8npGWGm9X9nGIWw", "9OIpRRx0bq4t4s2zyqbocMNwedniLDaxLB+FlLIjNgM",
            "GAdrtwahSjGXI0UQQnfyEVtPn+wfgQxvyrjyQuByfuU", "ZG9bHUWWXDZyu7zfItuLwGK+cah/hweM0RfXpZpxZVM",
            "HXhQM6ELrVUcZms/DLHL1dH06lIksex0j+VgqIIlSmM", "yCTUeVKU6CD7LMSHPoB5JSg4Cl/BZ8jCyNCepX770PY",
            "d2xoiruNEGKe7tm8eQYZ4wZfl8lYgb2Sr9xKlvmCmcU", "YYsquP+xqomqgdAIk5J+Ecd2u1EqIWPCaE4ltXAtPYE",
            "T+dPSjRVHalDc/mwQm0/E2bredKPUxLfYOuU3MOV1BE",
        )
    ),
]  # fmt: skip
LARGEST_BODY = 4 * LARGEST
SHOWN = 20


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Begin a process of one's organ: an empty one, a copy of one in sight, or BPMN and DMN files."""
    actor = actor_of(request)
    actor.require("flows.definition.save")
    fault: Invalid | None = None
    if request.method == "POST":
        try:
            row = _begun(request, actor)
            return redirect("flows:design", row.pk)
        except Invalid as refused:
            fault = refused
    rows = Definition.objects.exclude(state=Definition.State.RETIRED).defer("bpmn", "tables")
    context = {
        "crumbs": [Crumb(_("流程定义"), reverse("flows:definitions")), Crumb(_("新建流程"))], "given": request.POST,
        "from": request.POST.get("from") or request.GET.get("from", ""), "way": request.POST.get("way") or request.GET.get("way", "empty"),
        "rows": list(rows.order_by("group", "code", "-edition")[:200]), "fault": fault, "key": new_key(),
        "faults": {f.field: f.message for f in fault.faults} if fault else {},
    }  # fmt: skip
    return render(request, "flows/new.html", context, status=422 if fault else 200)


def _begun(request: HttpRequest, actor: Actor) -> Definition:
    sent, tables = request.POST, {}
    key, code, name = sent.get("key", "")[:60] or new_key(), sent.get("code", "").strip(), sent.get("name", "").strip()
    if sent.get("way") == "files":
        tables = designing.tables_in(_read(upload) for upload in request.FILES.getlist("tables"))
        upload = request.FILES.get("file")
        if upload is None:
            raise Invalid.one("file", _("请选择文件。"))
        return save_text(actor, _read(upload), tables, key=key)
    if sent.get("way") == "copy":
        origin = Definition.objects.filter(pk=_uuid(sent.get("from", ""))).first()
        if origin is None:
            raise Invalid.one("from", _("选定照哪个流程做。"))
        text, tables = designing.renamed(origin.bpmn, code, name), origin.tables
    else:
        text = designing.blank(code, name)
    if Definition.objects.filter(node_id=actor.organ_id, code=code).exists():
        raise Invalid.one("code", _("本单位已有代码为“%(code)s”的流程，换一个，或去改那一个。") % {"code": code})
    return save_text(actor, text, tables, key=key)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _read(upload: Any) -> str:
    if (upload.size or 0) > 4 * LARGEST:
        raise Invalid.one("file", _("流程文件太大。"))
    return decoded(upload.read())


@require_GET
def design(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The simple designer; what only specialists can see is led on to their page."""
    actor, row = _drawn(request, pk)
    if row.pk != pk:
        return redirect("flows:design", row.pk)
    try:
        told = _simple(row)
    except Invalid as refused:
        messages.info(request, refused.message)
        return redirect("flows:expert", pk)
    data = _data(actor, row) | {
        "simple": told, "names": designing.named(designing.rules_of(row)), "expertUrl": reverse("flows:expert", args=[pk]),
    }  # fmt: skip
    return render(request, "flows/design.html", _context(actor, row, data))


@require_GET
@csp_update({"style-src-attr": STYLES})
def expert(request: HttpRequest, pk: UUID) -> HttpResponse:
    """BPMN and DMN as they are."""
    actor, row = _drawn(request, pk)
    if row.pk != pk:
        return redirect("flows:expert", row.pk)
    data = _data(actor, row) | {
        "bpmn": row.bpmn,
        "tables": row.tables,
        "names": designing.named(designing.rules_of(row)),
        "callable": designing.callable_by(row),
    }
    return render(request, "flows/expert.html", _context(actor, row, data) | {"is_simple": _is_simple(row)})


def _simple(row: Definition) -> dict[str, Any]:
    """Its simple view.

    Raises:
        Invalid: it has more than that shows.
    """
    if row.tables:
        raise simple.NotSimple(_("有决策表的流程只能在专业设计器里看和改。"))
    return simple.from_bpmn(row.bpmn, row.tables)


def _is_simple(row: Definition) -> bool:
    try:
        return bool(_simple(row))
    except Invalid:
        return False


def _drawn(request: HttpRequest, pk: UUID) -> tuple[Actor, Definition]:
    """What is drawn on when a definition is opened: its draft, if there is one."""
    actor = actor_of(request)
    row = find(actor, pk, "flows.definition.save")
    return actor, _draft_of(row) or row


def _draft_of(row: Definition) -> Definition | None:
    found = Definition.objects.select_related("node").filter(node_id=row.node_id, code=row.code)
    return found.filter(state=Definition.State.DRAFT).first()


def _data(actor: Actor, row: Definition) -> dict[str, Any]:
    return {
        **designing.state(row), **designing.offered(), "saveUrl": reverse("flows:draft", args=[row.pk]),
        "lookupUrl": reverse("flows:lookup"), "place": f"sz-process:{row.pk}:{actor.id}", "isDraft": row.state == Definition.State.DRAFT,
    }  # fmt: skip


def _context(actor: Actor, row: Definition, data: dict[str, Any]) -> dict[str, Any]:
    there = reverse("flows:definition", args=[row.pk])
    return {
        "row": row, "data": data, "key": new_key(), "may_publish": actor.may("flows.definition.publish", row.path),
        "crumbs": [Crumb(_("流程定义"), reverse("flows:definitions")), Crumb(row.label, there), Crumb(_("设计"))],
    }  # fmt: skip


@require_http_methods(["PUT"])
def draft(request: HttpRequest, pk: UUID) -> JsonResponse:
    """Keep what was drawn: ``{"version", "simple"}`` or ``{"version", "bpmn", "tables"}``.

    200 with faults and diagram as they are now (and ``at``, the page of the draft, when one was begun); 409 with what
    somebody else saved meanwhile; 422 when it can't be kept, and why.
    """
    actor = actor_of(request)
    row = find(actor, pk, "flows.definition.save")
    if len(request.body) > LARGEST_BODY:
        return JsonResponse({"message": _("流程文件太大。")}, status=413)
    try:
        sent = json.loads(request.body)
        version, drawn, tables = int(sent["version"]), sent.get("simple"), dict(sent.get("tables") or {})
        text = sent["bpmn"] if drawn is None else ""
    except (ValueError, TypeError, KeyError, AttributeError):
        return JsonResponse({"message": _("送来的内容读不懂。")}, status=400)
    other = None if row.state == Definition.State.DRAFT else _draft_of(row)
    if other is not None or row.version != version:
        return _clash(other or row, drawn is not None)
    try:
        bpmn = simple.to_bpmn(drawn) if drawn is not None else str(text)
        [saved] = defining.save_definitions([row], actor=actor, seen={row.pk: version}, bpmn=bpmn, tables=tables)
    except Conflict:
        return _clash(Definition.objects.get(pk=pk), drawn is not None)
    except Invalid as refused:
        faults = [{"id": f.field, "at": f.field, "arm": -1, "message": f.message} for f in refused.faults]
        return JsonResponse({"message": refused.message, "faults": faults}, status=422)
    answer = designing.state(saved)
    if saved.pk != pk:
        answer |= {"at": reverse("flows:design" if drawn is not None else "flows:expert", args=[saved.pk]),
                   "saveUrl": reverse("flows:draft", args=[saved.pk]), "publishUrl": reverse("flows:definition_act", args=[saved.pk, "publish"])}  # fmt: skip
    return JsonResponse(answer)


def _clash(row: Definition, is_simple: bool) -> JsonResponse:
    said: dict[str, Any] = {"bpmn": row.bpmn, "tables": row.tables}
    if is_simple:
        try:
            said = {"simple": simple.from_bpmn(row.bpmn, row.tables)}
        except Invalid as refused:
            return JsonResponse({"message": refused.message, "version": row.version}, status=422)
    why = _("这个流程刚被别人改过。两份都在，选一份继续。")
    return JsonResponse(
        {"message": why, "version": row.version, "saveUrl": reverse("flows:draft", args=[row.pk]), **said}, status=409
    )


@require_GET
def lookup(request: HttpRequest) -> HttpResponse:
    """What a rule may name: ``what=person`` by their number, ``post`` by its name, ``node`` by its path."""
    actor = actor_of(request)
    actor.require("flows.definition.save")
    q, what = request.GET.get("q", "").strip()[:40], request.GET.get("what", "")
    finding = {"person": _people, "post": _posts, "node": _nodes}.get(what, _people)
    rows = finding(actor, q)
    return render(request, "flows/people.html", {"rows": rows[:SHOWN], "more": len(rows) > SHOWN})


def _people(actor: Actor, q: str) -> list[tuple[str, str, str]]:
    words = Q(person__name__startswith=q) | Q(person__number=q) | Q(person__initials__startswith=q.lower())
    posts = held_on(timezone.localdate()).filter(is_main=True).exclude(person__number="")
    posts = posts.filter(words) if q else posts.filter(path__startswith=actor.organ_path)
    found = posts.order_by("person__pinyin", "pk")[: SHOWN + 1]
    return [(p.person.number, designing.person_label(p), p.name) for p in found]


def _posts(actor: Actor, q: str) -> list[tuple[str, str, str]]:
    posts = (
        held_on(timezone.localdate()).filter(name__contains=q)
        if q
        else held_on(timezone.localdate()).filter(path__startswith=actor.organ_path)
    )
    names = posts.order_by("name").values_list("name", flat=True).distinct()[: SHOWN + 1]
    return [(name, name, "") for name in names]


def _nodes(actor: Actor, q: str) -> list[tuple[str, str, str]]:
    nodes = Node.objects.filter(valid_to=None, kind__in=("organ", "department")).select_related("parent")
    words = Q(name__contains=q) | Q(short_name__contains=q) | Q(initials__startswith=q.lower())
    nodes = nodes.filter(words) if q else nodes.filter(path__startswith=actor.organ_path)
    return [(n.path, str(n), str(n.parent or "")) for n in nodes.order_by("path")[: SHOWN + 1]]
