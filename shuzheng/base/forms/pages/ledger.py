"""The reporting ledger over any rounds, and the circulars that are made from it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from shuzheng.base.core.actor import Actor
from shuzheng.base.forms import circulars as verbs
from shuzheng.base.forms import ledger, names, printing
from shuzheng.base.forms.models import Circular, Definition, Round
from shuzheng.base.forms.pages.common import Place, asked, supervises, trail
from shuzheng.base.forms.pages.transfer import attachment
from shuzheng.base.org.models import Node, NodeKind
from shuzheng.base.portal.parts import Crumb
from shuzheng.kernel.errors import Invalid, Missing

PAGE = 100


@dataclass(frozen=True)
class Asked:
    """What the ledger is of: a place, periods between two days, one form or all, and the order."""

    place: Place
    first: date
    last: date
    form: str
    sort: str
    word: str

    @property
    def query(self) -> str:
        return urlencode(
            {"at": self.place.path, "first": self.first, "last": self.last, "form": self.form, "sort": self.sort}
            | ({"q": self.word} if self.word else {})
        )


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    actor = asked(request, "forms.submission.view")
    wanted = _asked(request, actor)
    rounds, found, total = _found(wanted)
    url = reverse("forms:ledger")
    pages = Paginator(found, PAGE).get_page(request.GET.get("page"))
    fields = ledger.heads()
    context = {
        "asked": wanted, "rounds": rounds, "place": wanted.place, "url": url,
        "lines": [(line, _cells(line, fields), _deeper(url, wanted, line)) for line in pages],
        "pages": pages, "total": _cells(total, fields), "whole": total,
        "heads": [(field, head, _sorted_url(url, wanted, field)) for field, head in fields],
        "forms": _forms(), "trail": trail(wanted.place, actor, f"{url}"),
        "crumbs": [Crumb(_("报送任务"), reverse("forms:rounds")), Crumb(_("报送台账"))],
        "may_make": actor.may("forms.circular.publish", wanted.place.path) and wanted.place.path == actor.division,
        "export_url": f"{reverse('forms:ledger_export')}?{wanted.query}",
    }  # fmt: skip
    return render(request, "forms/ledger.html", context)


@require_GET
def export(request: HttpRequest) -> HttpResponse:
    """The ledger as it is sorted and filtered, all of it."""
    actor = asked(request, "forms.round.export")
    wanted = _asked(request, actor)
    _rounds, found, total = _found(wanted)
    name = _("报送台账")
    return attachment(ledger.sheet([*found, total], name), f"{wanted.place.name} {name}.xlsx")


def _asked(request: HttpRequest, actor: Actor) -> Asked:
    today = timezone.localdate()
    first = parse_date(request.GET.get("first", "")) or date(today.year, 1, 1)
    last = parse_date(request.GET.get("last", "")) or date(today.year, 12, 31)
    path = request.GET.get("at", actor.division)
    own = path.endswith("/0/") or path == "0/"
    division = Node.objects.filter(path=path[:-2] if own else path, kind=NodeKind.DIVISION).first()
    if division is None or not supervises(actor, path):
        raise Missing(_("没有这个区划，或不归当前岗位看。"))
    actor.require("forms.submission.view", path)
    sort = request.GET.get("sort", "tree")
    return Asked(
        Place(division, own), first, last, request.GET.get("form", "")[:40], sort if sort in ledger.SORTS else "tree",
        request.GET.get("q", "").strip()[:40],
    )  # fmt: skip


def _found(wanted: Asked) -> tuple[list[Round], list[ledger.Line], ledger.Line]:
    now = timezone.now()
    rounds = ledger.rounds_between(wanted.first, wanted.last, wanted.form)
    division = wanted.place.division
    found = ledger.lines(rounds, division, now, own=wanted.place.own)
    if not wanted.place.own and [line.kind for line in found] == ["own"]:
        found = ledger.lines(rounds, division, now, own=True)  # a county: its institutions at once
    total = ledger.whole(rounds, wanted.place.path, wanted.place.name, division.tier, now)
    if wanted.word:
        found = [line for line in found if wanted.word in line.name]
    return rounds, sorted(found, key=ledger.SORTS[wanted.sort]), total


def _cells(line: ledger.Line, fields: Any) -> list[tuple[Any, str]]:
    tones = {"late": "t-late", "missing": "t-over"}
    return [(getattr(line, f), tones.get(f, "") if getattr(line, f) else "") for f, _head in fields]


def _deeper(url: str, wanted: Asked, line: ledger.Line) -> str:
    if line.kind == "unit":
        return ""
    query = urlencode({"at": line.path, "first": wanted.first, "last": wanted.last, "form": wanted.form})
    return f"{url}?{query}"


def _sorted_url(url: str, wanted: Asked, field: str) -> str:
    if field not in ledger.SORTS:
        return ""
    query = urlencode(
        {"at": wanted.place.path, "first": wanted.first, "last": wanted.last, "form": wanted.form, "sort": field}
        | ({"q": wanted.word} if wanted.word else {})
    )
    return f"{url}?{query}"


def _forms() -> list[tuple[str, str]]:
    rows = Definition.objects.exclude(state=Definition.State.DRAFT).order_by("code", "-edition")
    return list({row.code: (row.code, names.label(row)) for row in reversed(rows)}.values())


@require_http_methods(["GET", "POST"])
def circulars(request: HttpRequest) -> HttpResponse:
    """Circulars that the reader sees; POST drafts one from the ledger that one looks at."""
    if request.method == "POST":
        actor = asked(request, "forms.circular.publish")
        wanted = _made_of(request, actor)
        [row] = verbs.make_circulars([wanted.place.division], actor=actor, first=wanted.first, last=wanted.last,
                                     form=wanted.form, form_name=dict(_forms()).get(wanted.form, ""))  # fmt: skip
        messages.success(request, _("已按台账拟好草稿，改好再发布"))
        return redirect("forms:circular", pk=row.pk)
    actor = asked(request, "forms.circular.view")
    rows = Circular.objects.select_related("node").order_by("-created_at", "pk")[:PAGE]
    context = {
        "rows": rows, "crumbs": [Crumb(_("报送任务"), reverse("forms:rounds")), Crumb(_("通报"))],
        "watches": supervises(actor) and actor.may("forms.submission.view", actor.division),
    }  # fmt: skip
    return render(request, "forms/circulars.html", context)


def _made_of(request: HttpRequest, actor: Actor) -> Asked:
    given = request.GET.copy()
    given.update({k: v for k, v in request.POST.items() if k in ("first", "last", "form")})
    given["at"] = actor.division
    request.GET = given  # type: ignore[assignment]
    return _asked(request, actor)


def _circular(pk: UUID, actor: Actor) -> Circular:
    row = Circular.objects.select_related("node").filter(pk=pk).first()
    if row is None or (row.state == Circular.State.DRAFT and row.path not in actor.scope.write):
        raise Missing(_("没有这份通报，或不归当前岗位看。"))
    return row


@require_http_methods(["GET", "POST"])
def circular(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor = asked(request, "forms.circular.view")
    row = _circular(pk, actor)
    fault = None
    if request.method == "POST":
        try:
            verbs.change_circulars(
                [row], actor=actor, title=request.POST.get("title", ""), text=request.POST.get("text", "")
            )
        except Invalid as refused:
            fault = refused
        else:
            messages.success(request, _("已保存"))
            return redirect("forms:circular", pk=pk)
    fields = ledger.heads()
    own = row.path in actor.scope.write and actor.may("forms.circular.publish", row.path)
    context = {
        "row": row, "fault": fault, "may_edit": own and row.state == Circular.State.DRAFT,
        "heads": [head for _field, head in fields],
        "lines": [(line["name"], [line.get(field) for field, _head in fields]) for line in row.table],
        "crumbs": [Crumb(_("通报"), reverse("forms:circulars")), Crumb(row.title)],
    }  # fmt: skip
    return render(request, "forms/circular.html", context, status=422 if fault else 200)


@require_POST
def publish(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor = asked(request, "forms.circular.publish")
    verbs.publish_circulars([_circular(pk, actor)], actor=actor)
    messages.success(request, _("通报已发布，下级单位已收到通知"))
    return redirect("forms:circular", pk=pk)


@require_GET
def circular_print(request: HttpRequest, pk: UUID) -> HttpResponse:
    row = _circular(pk, asked(request, "forms.circular.view"))
    return pdf_file(printing.circular_pdf(row), f"{row.title}.pdf")


def pdf_file(content: bytes, name: str) -> HttpResponse:
    """A PDF that the browser shows, under a name with Chinese in it when it is kept."""
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f"inline; filename=\"form.pdf\"; filename*=UTF-8''{quote(name)}"
    return response
