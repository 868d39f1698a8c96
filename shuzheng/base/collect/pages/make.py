"""Making a collection: one page from title to sending out. What is held already is shown before it is asked again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from shuzheng.base.collect import actions, once
from shuzheng.base.collect.audience import targets
from shuzheng.base.collect.models import Collection
from shuzheng.base.collect.pages.common import asked, crumbs, find_own
from shuzheng.base.collect.questions import KINDS, PERSONAL, Question, load, paste, read
from shuzheng.base.collect.samples import SAMPLES, sample
from shuzheng.base.core.action import new_key
from shuzheng.base.core.actor import Actor
from shuzheng.base.portal.parts import Crumb
from shuzheng.kernel.errors import Invalid

Audience, Per, State = Collection.Audience, Collection.Per, Collection.State
BLANKS = 2
"""Empty questions that a new collection begins with."""
AT = "%Y-%m-%dT%H:%M"


class MakeForm(forms.Form):
    """Everything but the questions."""

    title = forms.CharField(label=gettext_lazy("标题"), max_length=120)
    intro = forms.CharField(
        label=gettext_lazy("说明"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    audience = forms.ChoiceField(label=gettext_lazy("收集对象"), choices=Audience.choices)
    names = forms.CharField(
        label=gettext_lazy("名单"), max_length=20_000, required=False, widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("一行一个：单位名称或统一社会信用代码，人员姓名或工号；可从 Excel 粘贴一列"),
    )  # fmt: skip
    per = forms.ChoiceField(label=gettext_lazy("份数"), choices=Per.choices)
    closes_at = forms.DateTimeField(
        label=gettext_lazy("截止时间"), input_formats=[AT, "%Y-%m-%d %H:%M"],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=AT),
    )  # fmt: skip
    purpose = forms.CharField(
        label=gettext_lazy("收集目的"), max_length=200, required=False,
        help_text=gettext_lazy("收电话、文件时必写，填写人看得到"),
    )  # fmt: skip
    keep_until = forms.DateField(
        label=gettext_lazy("答卷保存至"), required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=gettext_lazy("到期自动删除；不填为截止后 180 天"),
    )  # fmt: skip
    max_answers = forms.IntegerField(label=gettext_lazy("最多份数"), min_value=1, max_value=1_000_000, required=False)
    is_anonymous = forms.BooleanField(label=gettext_lazy("匿名：不记是谁填的"), required=False)
    may_edit = forms.BooleanField(label=gettext_lazy("截止前填写人可以改"), required=False)


@require_http_methods(["GET", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """A new collection, from nothing, a template (``?from=``) or an earlier one (``?copy=``)."""
    actor = asked(request, "collect.collection.save")
    row = Collection()
    row.node_id, row.path = actor.organ_id, actor.organ_path
    if request.method == "POST":
        return _store(request, actor, row)
    begun = _begun(request, actor)
    return _draw(request, actor, row, MakeForm(initial=begun[0]), begun[1])


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The same page for a draft; of one that is out only what does not touch its answers can change."""
    actor = asked(request, "collect.collection.view")
    row = find_own(pk, actor, "collect.collection.save")
    if request.method == "POST":
        return _store(request, actor, row)
    names = [n for n in MakeForm.base_fields if n != "questions"]
    initial = {name: getattr(row, name) for name in names}
    initial["closes_at"] = timezone.localtime(row.closes_at)
    return _draw(request, actor, row, MakeForm(initial=initial), list(load(row.questions)))


@require_POST
def read_lines(request: HttpRequest) -> HttpResponse:
    """Pasted lines as rows of questions, to be put below those that there are."""
    asked(request, "collect.collection.save")
    found = paste(request.POST.get("lines", "")[:20_000])
    rows = [Question("", q.kind, q.label, q.required, q.unit, q.options) for q in found]
    return render(request, "collect/parts/questions.html", {"questions": rows, "kinds": KINDS.items()})


@require_POST
def send_out(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Send a draft out as it stands."""
    actor = asked(request, "collect.collection.view")
    row = find_own(pk, actor, "collect.collection.open")
    try:
        _open(actor, row, request.POST.get("key", ""))
    except Invalid as fault:
        messages.error(request, " ".join([fault.message, *(f.message for f in fault.faults)]))
        return redirect("collect:edit", pk=pk)
    messages.success(request, _("已发出"))
    return redirect("collect:results", pk=pk)


def _begun(request: HttpRequest, actor: Actor) -> tuple[dict[str, Any], list[Question]]:
    base: dict[str, Any] = {
        "audience": Audience.OWN, "per": Per.PERSON, "may_edit": True, "closes_at": timezone.localtime(actions.evening(3)),
    }  # fmt: skip
    if found := sample(request.GET.get("from", "")):
        base |= {
            "title": found.title, "audience": found.audience, "per": found.per, "purpose": found.purpose,
            "closes_at": timezone.localtime(actions.evening(found.days)),
        }  # fmt: skip
        return base, list(found.questions)
    if copied := request.GET.get("copy"):
        try:
            row = find_own(UUID(copied), actor, "collect.collection.view")
        except ValueError:
            return base, _blank()
        names = ("title", "intro", "audience", "names", "per", "purpose", "max_answers", "is_anonymous", "may_edit")
        return base | {name: getattr(row, name) for name in names}, list(load(row.questions))
    return base, _blank()


def _blank() -> list[Question]:
    return [Question("", "text", "") for _n in range(BLANKS)]


def _typed(request: HttpRequest) -> list[dict[str, Any]]:
    columns = [request.POST.getlist(f"q_{name}") for name in ("code", "kind", "label", "more", "need", "prefill")]
    return [
        {"code": c, "kind": k, "label": x, "more": m, "required": n == "1", "prefill": p}
        for c, k, x, m, n, p in zip(*columns, strict=False)
    ]


def _store(request: HttpRequest, actor: Actor, row: Collection) -> HttpResponse:
    form, typed, is_new = MakeForm(request.POST), _typed(request), row._state.adding
    shown = [_as_typed(t) for t in typed]
    faults: list[str] = []
    found: list[Any] = []
    try:
        questions = read(typed)
    except Invalid as fault:
        questions, faults = (), [f.message for f in fault.faults]
    if form.is_valid() and questions:
        values, shown = dict(form.cleaned_data), list(questions)
        values["keep_until"] = values["keep_until"] or actions.usual_keeping(values["closes_at"])
        try:
            questions, made, found = once.settle(questions, row, request.POST)
            values |= {"questions": [q.data() for q in questions], "once": made}
            key = request.POST.get("key", "")
            seen = {row.pk: int(request.POST["seen"])} if request.POST.get("seen", "").isdigit() else None
            with transaction.atomic():  # what can't be sent out is not stored either: the page holds it
                [stored] = actions.save_collections([row], actor=actor, key=key, seen=seen, **values)
                if request.POST.get("do") == "open":
                    _open(actor, stored, f"{key}o")
            messages.success(request, _("已发出") if request.POST.get("do") == "open" else _("已存"))
            return redirect("collect:results", pk=stored.pk)
        except Invalid as fault:
            found = fault.found if isinstance(fault, once.Undecided) else found
            faults = [f.message for f in fault.faults if f.field not in form.fields] or [fault.message]
            for item in fault.faults:
                if item.field in form.fields:
                    form.add_error(item.field, item.message)
        row = _before(row, actor, is_new)
    return _draw(request, actor, row, form, shown, faults=faults, found=found, status=422)


def _before(row: Collection, actor: Actor, is_new: bool) -> Collection:
    """The collection as it is stored: what the refused change put into ``row`` is forgotten."""
    if not is_new:
        return find_own(row.pk, actor, "collect.collection.save")
    fresh = Collection()
    fresh.node_id, fresh.path = actor.organ_id, actor.organ_path
    return fresh


def _open(actor: Actor, row: Collection, key: str) -> None:
    actor.require("collect.collection.open", row.path)
    asked_ones = targets(row, actor)
    actions.open_collections(asked_ones or [row], actor=actor, key=key, collection=row)


def _as_typed(row: dict[str, Any]) -> Question:
    more = row["more"]
    return Question(
        row["code"], row["kind"] if row["kind"] in KINDS else "text", row["label"], row["required"],
        more if row["kind"] == "number" else "", tuple(more.splitlines()), row["prefill"],
    )  # fmt: skip


def _draw(
    request: HttpRequest, actor: Actor, row: Collection, form: MakeForm, questions: list[Question], *,
    faults: list[str] | None = None, found: list[Any] | None = None, status: int = 200,
) -> HttpResponse:  # fmt: skip
    is_new = row._state.adding
    context = {
        "row": row,
        "is_new": is_new,
        "is_out": row.state != State.DRAFT,
        "form": form,
        "questions": questions or _blank(),
        "blank": Question("", "text", ""),
        "kinds": KINDS.items(),
        "samples": SAMPLES,
        "faults": faults or [],
        "found": found or [],
        "personal": ",".join(sorted(PERSONAL)),
        "crumbs": crumbs(row, Crumb(_("修改"))) if not is_new else [],
        "may_open": actor.may("collect.collection.open"),
        "may_public": actor.may("collect.collection.public"),
        "soonest": timezone.localtime(timezone.now() + timedelta(minutes=5)).strftime(AT),
        "key": new_key(),
    }
    return render(request, "collect/make.html", context, status=status)
