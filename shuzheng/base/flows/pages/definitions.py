"""Definitions: what is published here, one with its diagram, form and steps; import, publishing, retiring."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from shuzheng.base.core.action import Write, new_key
from shuzheng.base.core.actor import Actor, actor_of
from shuzheng.base.core.scope import Range, case_scope
from shuzheng.base.flows import actions, defining, diagram
from shuzheng.base.flows.bpmn.reading import look
from shuzheng.base.flows.calling import called_by, drawing_of
from shuzheng.base.flows.engine import Move
from shuzheng.base.flows.migrating import walk
from shuzheng.base.flows.models import Case, Definition
from shuzheng.base.flows.pages.said import refused
from shuzheng.base.flows.telling import step_words
from shuzheng.base.portal.parts import Crumb
from shuzheng.kernel.errors import Denied, Invalid, Missing

MOST = 100
"""Running cases that are looked at, and moved, at once."""
VERBS: dict[str, tuple[str, Callable[..., Any]]] = {
    "publish": ("flows.definition.publish", defining.publish),
    "retire": ("flows.definition.retire", defining.retire),
    "discard": ("flows.definition.save", defining.discard),
}


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """Definitions in sight, one's own organ's drafts among them."""
    actor = actor_of(request)
    actor.require("flows.definition.view")
    rows = Definition.objects.exclude(state=Definition.State.RETIRED).select_related("node").defer("bpmn")
    context = {
        "rows": list(rows.order_by("group", "code", "-edition")[:200]),
        "may_save": actor.may("flows.definition.save", actor.organ_path),
    }
    return render(request, "flows/definitions.html", context)


def save_text(actor: Actor, text: str, tables: dict[str, str], *, key: str) -> Definition:
    """Keep a BPMN text as the draft of the actor's organ of its code, for the organ's division."""
    code = look(text, tables)[0].code[:40]
    row = Definition.objects.filter(node_id=actor.organ_id, code=code).order_by("-edition").first()
    if row is None:
        row = Definition(code=code)
        row.node_id, row.path = actor.organ_id, actor.organ_path
    [saved] = defining.save_definitions([row], actor=actor, key=key, bpmn=text, tables=tables)
    return saved


def find(actor: Actor, pk: UUID, permission: str) -> Definition:
    """A definition in sight.

    Raises:
        Missing: there is none.
        Denied: the right is missing there.
    """
    actor.require("flows.definition.view")
    row = Definition.objects.select_related("node").filter(pk=pk).first()
    if row is None:
        raise Missing()
    if permission:
        actor.require(permission, row.path)
        if row.path not in actor.scope.write:
            raise Denied(_("流程定义由发布的单位自己维护。"))
    return row


@require_GET
def one(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One with its diagram, form and steps."""
    actor = actor_of(request)
    row = find(actor, pk, "")
    outline, _unfinished = look(row.bpmn, row.tables)
    faults, doubts = defining.examined(row)
    context = {
        "doubts": [str(f) for f in doubts],
        "row": row, "outline": outline, "steps": [step_words(s, outline) for s in outline.steps.values()], "calls": called_by(row, outline), "svg": diagram.svg(drawing_of(row)), "key": new_key(),
        "faults": [f.message for f in faults],
        "may": {n: actor.may(right, row.path) and row.path in actor.scope.write for n, (right, _verb) in VERBS.items()},
        "older": older(actor, row),
        "crumbs": [Crumb(_("流程定义"), reverse("flows:definitions")), Crumb(row.label)],
    }  # fmt: skip
    return render(request, "flows/definition.html", context)


@require_GET
def bpmn(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The BPMN text as it was imported or drawn."""
    row = find(actor_of(request), pk, "")
    response = HttpResponse(row.bpmn, content_type="application/xml; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{row.code}.bpmn"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


@dataclass(frozen=True)
class Older:
    """A running case of the actor's organ that goes by an older edition: what would be new on its way, why it can't move."""

    case: Case
    fresh: str
    faults: str


def older(actor: Actor, row: Definition) -> list[Older]:
    """Those that could go on by a published edition, each tried without writing anything."""
    if row.state != Definition.State.PUBLISHED or not actor.may("flows.case.migrate", actor.organ_path):
        return []
    own = Range.subtree(actor.organ_path)
    cases = Case.objects.filter(path__gte=own.lo, path__lt=own.hi, state=Case.State.RUNNING, definition__code=row.code)
    found = []
    for case in cases.exclude(definition=row).select_related("definition", "node").order_by("pk")[:MOST]:
        with case_scope(case.pk):
            _token, _places, fresh, faults = walk(Move(cast(Write, None), case, actor), row)
        found.append(Older(case, "、".join(fresh), "".join(faults)))
    return found


def _migrate(request: HttpRequest, actor: Actor, row: Definition) -> HttpResponse:
    chosen = set(request.POST.getlist("case"))
    cases = [o.case for o in older(actor, row) if str(o.case.pk) in chosen]
    if cases:
        actions.migrate(cases, actor=actor, key=request.POST.get("key", "")[:60], target=row)
        messages.success(request, _("已迁移 %(n)d 件") % {"n": len(cases)})
    return redirect("flows:definition", row.pk)


@require_POST
def act(request: HttpRequest, pk: UUID, verb: str) -> HttpResponse:
    """Publish, retire, discard; let running cases of the own organ go on by this edition."""
    if verb == "migrate":
        actor = actor_of(request)
        row = find(actor, pk, "")
        actor.require("flows.case.migrate", actor.organ_path)
        return _migrate(request, actor, row)
    if verb not in VERBS:
        raise Missing()
    permission, do = VERBS[verb]
    actor = actor_of(request)
    row = find(actor, pk, permission)
    try:
        do([row], actor=actor, key=request.POST.get("key", "")[:60])
    except Invalid as fault:
        refused(request, fault)
        return redirect("flows:definition", pk)
    return redirect("flows:definitions") if verb == "discard" else redirect("flows:definition", pk)
