"""Lists and results: what adds up while answers come in, who has not answered, exports, closing."""

from __future__ import annotations

import io
import tempfile
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Count, Q
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from shuzheng.base.collect import actions, exports
from shuzheng.base.collect.door import system, values_of
from shuzheng.base.collect.figures import FEW, find, measure, waiting
from shuzheng.base.collect.models import Answer, Asked, Collection
from shuzheng.base.collect.pages.common import asked, crumbs, find_own, link_of, tabs
from shuzheng.base.collect.pages.make import AT
from shuzheng.base.collect.questions import PICKED, STARS, Question, load
from shuzheng.base.collect.samples import SAMPLES
from shuzheng.base.core.action import new_key
from shuzheng.base.core.actor import actor_of
from shuzheng.base.core.scope import Range
from shuzheng.base.forms.pages.transfer import attachment
from shuzheng.base.portal import formats
from shuzheng.base.portal.parts import Crumb
from shuzheng.base.registers.labels import qr_svg
from shuzheng.kernel.errors import Invalid, Missing

PAGE = 50
State = Collection.State


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """The organ's collections, the latest first."""
    actor = asked(request, "collect.collection.view")
    own = Range.subtree(actor.organ_path)
    rows = Collection.objects.filter(path__gte=own.lo, path__lt=own.hi).defer("questions", "intro", "names", "once")
    found = list(rows.annotate(answers_count=Count("answers")).order_by("-pk")[:200])
    context = {
        "rows": found,
        "open_count": sum(r.is_taking for r in found),
        "samples": SAMPLES,
        "may_make": actor.may("collect.collection.save"),
    }
    return render(request, "collect/index.html", context)


@require_GET
def mine(request: HttpRequest) -> HttpResponse:
    """What the person and their organ are asked to answer."""
    actor = actor_of(request)
    rows = Asked.objects.filter(Q(person_id=actor.person_id) | Q(person_id=None), node_id=actor.organ_id)
    found = list(rows.order_by("-pk")[:200])
    with system().scope.activate():  # that they are asked is what lets them read what it is called
        held = Collection.objects.select_related("node").in_bulk([a.collection_id for a in found])
    items = [(a, held[a.collection_id]) for a in found if a.collection_id in held]
    context = {"items": items, "waiting": sum(not a.is_answered and c.is_taking for a, c in items)}
    return render(request, "collect/mine.html", context)


@require_GET
def page(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The results, and the link to hand on."""
    actor = asked(request, "collect.collection.view")
    row = find_own(pk, actor, "collect.answer.view")
    found = measure(row)
    link = link_of(request, row)
    context = {
        **_head(request, row, "results", found.waiting if row.names_the_asked else None),
        "found": found,
        "few": FEW,
        "link": link,
        "code": qr_svg(link) if row.state != State.DRAFT else "",
    }
    return render(request, "collect/results.html", context)


@require_GET
def figures(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The part of the results that adds up; nothing when nothing has changed since ``?seen=``."""
    actor = asked(request, "collect.collection.view")
    row = find_own(pk, actor, "collect.answer.view")
    found = measure(row)
    if request.GET.get("seen") == found.stamp:
        return HttpResponse(status=204)
    return render(request, "collect/parts/figures.html", {"row": row, "found": found, "few": FEW})


@require_GET
def answers(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The answers as a table, narrowed by a choice or by a word."""
    actor = asked(request, "collect.collection.view")
    row = find_own(pk, actor, "collect.answer.view")
    questions = load(row.questions)
    code, text, q = (request.GET.get(name, "")[:200] for name in ("code", "text", "q"))
    rows = find(row, code=code, text=text, q=q)
    total = rows.count()
    hidden = not row.is_named and row.audience != Collection.Audience.OPEN and total < FEW
    number = max(1, int(request.GET["page"])) if request.GET.get("page", "").isdigit() else 1
    chunk = [] if hidden else list(rows[(number - 1) * PAGE : number * PAGE])
    values = values_of(chunk, clear=False)
    more = request.GET.copy()
    links = {}
    for word, place in (("previous", number - 1), ("next", number + 1)):
        more["page"] = str(place)
        if 0 < place <= -(-total // PAGE):
            links[word] = f"?{more.urlencode()}"
    context = {
        **_head(request, row, "answers"),
        "questions": questions,
        "lines": [(a, [_cell(x, a, values[a.pk].get(x.code, [])) for x in questions]) for a in chunk],
        "total": total,
        "is_hidden": hidden,
        "few": FEW,
        "filters": [(x, _options(x)) for x in questions if x.kind in PICKED or x.kind == "rating"],
        "at": {"code": code, "text": text, "q": q},
        "links": links,
    }
    return render(request, "collect/answers.html", context)


def _options(question: Question) -> list[str]:
    return list(question.options) if question.kind in PICKED else [str(n) for n in range(1, STARS + 1)]


def _cell(question: Question, row: Answer, texts: list[str]) -> dict[str, Any]:
    if question.kind == "file":
        file = row.files.get(question.code)
        return {"file": file} if file else {"text": ""}
    if question.kind in ("number", "rating") and texts:
        return {"text": formats.number(texts[0]), "numeric": True}
    return {"text": "、".join(texts)}


@require_GET
def who(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Everybody who is asked: who has answered, and who has not."""
    actor = asked(request, "collect.collection.view")
    row = find_own(pk, actor, "collect.answer.view")
    rows = waiting(row)
    late = [a for a in rows if not a.is_answered]
    context = {**_head(request, row, "who", len(late)), "rows": rows, "late": late, "done": len(rows) - len(late)}
    return render(request, "collect/who.html", context)


@require_GET
def poster(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The code on a sheet of paper, for the wall."""
    actor = asked(request, "collect.collection.view")
    row = find_own(pk, actor, "collect.collection.view")
    if row.state == State.DRAFT:
        raise Missing(_("发出后才有链接。"))
    link = link_of(request, row)
    context = {"row": row, "code": qr_svg(link), "link": link, "back": reverse("collect:results", args=[pk])}
    return render(request, "collect/poster.html", context)


@require_GET
def export(request: HttpRequest, pk: UUID, what: str) -> HttpResponse:
    """Answers as a workbook, or the files as an archive."""
    actor = asked(request, "collect.collection.view")
    row = find_own(pk, actor, "collect.answer.export")
    if (
        not row.is_named
        and row.audience != Collection.Audience.OPEN
        and Answer.objects.filter(collection=row).count() < FEW
    ):
        raise Invalid(_("匿名答卷满 %(n)d 份才能看和导出。") % {"n": FEW})
    name = f"{row.title} {timezone.localdate()}"
    if what == "answers":
        file = io.BytesIO()
        count = exports.sheet(file, row)
        actions.note_export([row], actor=actor, what=what, rows=count)
        return attachment(file.getvalue(), f"{name}.xlsx")
    if what == "files":
        bundle = tempfile.TemporaryFile()  # noqa: SIM115 -- the response reads and closes it
        count = exports.archive(bundle, row)
        bundle.seek(0)
        actions.note_export([row], actor=actor, what=what, rows=count)
        return FileResponse(bundle, as_attachment=True, filename=f"{name}.zip", content_type="application/zip")
    raise Missing()


VERBS = {
    "close": (actions.close, "collect.collection.close"),
    "reopen": (actions.reopen, "collect.collection.close"),
    "remind": (actions.remind, "collect.collection.remind"),
    "relink": (actions.relink, "collect.collection.save"),
    "delete": (actions.delete, "collect.collection.save"),
}


@require_POST
def act(request: HttpRequest, pk: UUID, verb: str) -> HttpResponse:
    """One verb on one collection."""
    if verb not in VERBS:
        raise Missing()
    actor = asked(request, "collect.collection.view")
    do, permission = VERBS[verb]
    row = find_own(pk, actor, permission)
    said = {
        "close": _("已结束，不再收"), "reopen": _("已重开"), "remind": _("催填通知正在发出"), "relink": _("已换新链接，旧的作废"),
        "delete": _("草稿已删除"),
    }  # fmt: skip
    more = {"closes_at": _moment(request.POST.get("closes_at", ""))} if verb == "reopen" else {}
    try:
        do([row], actor=actor, key=request.POST.get("key", ""), **more)
    except Invalid as fault:
        messages.error(request, fault.message)
    else:
        messages.success(request, said[verb])
    return redirect("collect:index") if verb == "delete" else redirect("collect:results", pk=pk)


def _moment(text: str) -> Any:
    """The closing time that was asked for; six in the evening in three days without one."""
    try:
        return timezone.make_aware(datetime.strptime(text, AT))
    except ValueError:
        return actions.evening(3)


def _head(request: HttpRequest, row: Collection, active: str, late: int | None = None) -> dict[str, Any]:
    actor = actor_of(request)
    may = {verb: actor.may(permission, row.path) for verb, (_do, permission) in VERBS.items()}
    return {
        "row": row,
        "crumbs": crumbs(
            row, *([Crumb({"answers": _("答卷"), "who": _("谁没填")}[active])] if active != "results" else [])
        ),
        "tabs": tabs(row, active, waiting=late),
        "may": {
            **may,
            "export": actor.may("collect.answer.export", row.path),
            "open": actor.may("collect.collection.open"),
        },
        "key": new_key(),
        "soon": timezone.localtime(actions.evening(3)).strftime(AT),
    }
