"""The library of standard processes (业务流程规范): what is in force here, one of them, how an adapted one differs, taking over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from shuzheng.base.core.action import new_key
from shuzheng.base.core.actor import Actor, actor_of
from shuzheng.base.flows import defining, diagram, library, packages
from shuzheng.base.flows.bpmn.reading import look
from shuzheng.base.flows.calling import current
from shuzheng.base.flows.comparing import Difference
from shuzheng.base.flows.library import Adopter
from shuzheng.base.flows.models import Definition
from shuzheng.base.flows.pages.definitions import save_text
from shuzheng.base.flows.pages.said import refused
from shuzheng.base.flows.telling import HOLD_WORDS, step_words
from shuzheng.base.flows.trials import save_trials
from shuzheng.base.portal.parts import Crumb
from shuzheng.kernel.errors import Invalid, Missing

LARGEST_PACKAGE = 10_000_000
"""Bytes of an uploaded package."""
MARKS = {"added": "plus", "removed": "minus", "changed": "diff", "order": "diff", "avoidable": "diff"}


@dataclass(frozen=True)
class Row:
    """A standard as the list shows it: the reader's own edition of it, if there is one, and how many have theirs."""

    row: Definition
    own: Adopter | None
    others: int


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """All standards in sight, by group."""
    actor = actor_of(request)
    actor.require("flows.library.view")
    rows = standards_seen(actor)
    groups = [(name, list(found)) for name, found in groupby(rows, key=lambda r: r.row.group)]
    context = {
        "groups": groups, "total": len(rows), "key": new_key(), "may_save": actor.may("flows.definition.save", actor.organ_path),
    }  # fmt: skip
    return render(request, "flows/library.html", context)


def standards_seen(actor: Actor) -> list[Row]:
    """Standards in force that hold where the actor's organ is, or that were issued below it."""
    found = list(library.standards().select_related("node").order_by("group", "code", "path"))
    adopted: dict[tuple[UUID, str], list[Definition]] = {}
    rows = Definition.objects.filter(state=Definition.State.PUBLISHED, standard__isnull=False).select_related(
        "standard"
    )
    for row in rows:
        if row.standard is not None:
            adopted.setdefault((row.standard.node_id, row.code), []).append(row)
    seen = []
    for row in found:
        theirs = adopted.get((row.node_id, row.code), [])
        own = next((Adopter(r, row) for r in theirs if r.node_id == actor.organ_id), None)
        seen.append(Row(row, own, len(theirs)))
    return seen


def find(actor: Actor, pk: UUID) -> Definition:
    """A published standard, or an edition of one that was in force earlier.

    Raises:
        Missing: there is none in sight.
    """
    actor.require("flows.library.view")
    row = (
        Definition.objects.select_related("node", "standard")
        .exclude(state=Definition.State.DRAFT)
        .filter(pk=pk)
        .first()
    )
    if row is None or not (row.confidence or row.standard_id):
        raise Missing()
    return row


@require_GET
def one(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One standard: whose it is, what it rests on, its steps, its form, and who has adapted it."""
    actor = actor_of(request)
    row = find(actor, pk)
    outline, _unfinished = look(row.bpmn, row.tables)
    adopted = library.adopters(row)
    own = next((a for a in adopted if a.row.node_id == actor.organ_id), None)
    editions = Definition.objects.filter(node_id=row.node_id, code=row.code).exclude(state=Definition.State.DRAFT)
    may_adopt = row.state == Definition.State.PUBLISHED and row.node_id != actor.organ_id
    context = {
        "row": row, "outline": outline, "svg": diagram.svg(row.bpmn), "key": new_key(), "adopters": adopted, "own": own,
        "steps": [{**step_words(s, outline), "hold": HOLD_WORDS[outline.holds(e)]} for e, s in outline.steps.items()],
        "editions": list(editions.exclude(pk=row.pk).order_by("-edition").defer("bpmn", "tables")),
        "may_adopt": may_adopt and actor.may("flows.definition.save", actor.organ_path),
        "may_publish": actor.may("flows.definition.publish", actor.organ_path),
        "crumbs": [Crumb(_("业务流程规范"), reverse("flows:library")), Crumb(row.label)],
    }  # fmt: skip
    return render(request, "flows/standard.html", context)


@require_GET
def compare(request: HttpRequest, pk: UUID, other: UUID) -> HttpResponse:
    """What an adapted process, or a later edition, does differently; in words and on both diagrams."""
    actor = actor_of(request)
    base, row = find(actor, pk), find(actor, other)
    adapted = row.node_id != base.node_id
    found = library.compared(base, row, standard=adapted)
    context = {
        "base": base, "row": row, "found": found, "adapted": adapted,
        "before": diagram.svg(base.bpmn, marks=_marks(found, ("removed", "changed", "order", "avoidable"))),
        "after": diagram.svg(row.bpmn, marks=_marks(found, ("added", "changed", "order", "avoidable"))),
        "crumbs": [
            Crumb(_("业务流程规范"), reverse("flows:library")), Crumb(base.label, reverse("flows:standard", args=[base.pk])),
            Crumb(_("差异")),
        ],
    }  # fmt: skip
    return render(request, "flows/compare.html", context)


def _marks(found: Sequence[Difference], kinds: Sequence[str]) -> dict[str, str]:
    return {d.element: MARKS[d.kind] for d in found if d.kind in kinds and d.of in ("step", "part", "way")}


@require_POST
def adopt(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Take a standard over: ``as=is`` publishes it at once, otherwise it becomes a draft to be changed."""
    actor = actor_of(request)
    standard = find(actor, pk)
    actor.require("flows.definition.save", actor.organ_path)
    key = request.POST.get("key", "")[:60] or new_key()
    try:
        row = adopted(actor, standard, key=key)
        if request.POST.get("as") == "is":
            actor.require("flows.definition.publish", actor.organ_path)
            defining.publish([row], actor=actor, key=f"{key}:p")
            messages.success(
                request, _("已采用“%(name)s”第 %(n)d 版。") % {"name": standard.label, "n": standard.edition}
            )
    except Invalid as fault:
        refused(request, fault)
        return redirect("flows:standard", pk)
    return redirect("flows:definition", row.pk)


def adopted(actor: Actor, standard: Definition, *, key: str) -> Definition:
    """The draft of the actor's organ that takes a standard over."""
    row = Definition(code=standard.code)
    row.node_id, row.path = actor.organ_id, actor.organ_path
    [row] = library.adopt([row], actor=actor, key=key, standard=standard)
    return row


@require_GET
def package(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A standard as one file, to be taken elsewhere."""
    row = find(actor_of(request), pk)
    response = HttpResponse(packages.pack(row), content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="{row.code}-v{row.edition}.zip"'
    return response


@require_POST
def take_in(request: HttpRequest) -> HttpResponse:
    """Import a package as a draft of one's organ."""
    actor = actor_of(request)
    actor.require("flows.definition.save", actor.organ_path)
    upload: Any = request.FILES.get("file")
    try:
        if upload is None or (upload.size or 0) > LARGEST_PACKAGE:
            raise Invalid.one("file", _("请选择文件。"))
        data = upload.read()
        text, tables, tests = packages.unpack(data)
        row = save_text(actor, text, tables, key=request.POST.get("key", "")[:60] or new_key())
        if tests:
            save_trials([row], actor=actor, trials=tests)
        if missing := [n["name"] for n in packages.needs(data) if current(n["code"], row.path) is None]:
            messages.warning(request, _("它调用的流程这里还没有：%(names)s。") % {"names": "、".join(missing)})
    except Invalid as fault:
        refused(request, fault)
        return redirect("flows:library")
    return redirect("flows:definition", row.pk)
