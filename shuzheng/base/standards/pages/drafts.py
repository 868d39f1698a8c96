"""Drafting in the browser, submitting, reviewing. What is drafted from an edition begins with its content."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from shuzheng.base.core.action import new_key
from shuzheng.base.core.actor import Actor
from shuzheng.base.files.kinds import XLSX
from shuzheng.base.org.models import Node
from shuzheng.base.portal.faults import put_faults
from shuzheng.base.portal.parts import Crumb
from shuzheng.base.standards import differences, drafting, item_file
from shuzheng.base.standards.actions import owned_by
from shuzheng.base.standards.exports import write_items
from shuzheng.base.standards.models import CodeSet, Standard, State
from shuzheng.base.standards.pages.common import KINDS, address_of, crumbs, find, kind_of, labels, region_names
from shuzheng.base.standards.pages.compare import before
from shuzheng.kernel.errors import FieldFault, Invalid, Missing

SHOWN = 200
"""Drafts of one kind on the page."""
TYPED = 100
"""Codes that the page lets one type; a longer list is drafted in Excel."""
SPARE = 5
"""Empty rows below the codes that are there."""
TYPED_FIELDS = ("code", "name", "name_en", "parent_code", "std_code", "replaces", "note")

_SOURCE = ("effective_from", "effective_to", "source", "article", "confidence", "note")
FIELDS: dict[str, tuple[str, ...]] = {
    "element": (
        "identifier", "name", "name_en", "group", "dataset", "data_type", "data_format", "value_domain", "required", "unit",
        "code_set", "authority", *_SOURCE,
    ),
    "codeset": ("code", "name", "name_en", *_SOURCE),
    "factor": ("energy", "method", "name", "name_en", "value", "from_unit", "to_unit", "low", "high", *_SOURCE),
    "rule": ("pack", "code", "key", "scope_level", "name", "name_en", "value", "unit", "bound", *_SOURCE),
    "unit": ("code", "name", "name_en", "dimension", "factor", "aliases", *_SOURCE),
}  # fmt: skip
"""What a draft of each kind says, in the order of its form."""


class NoteForm(forms.Form):
    """Why something goes back, or what the reviewer adds."""

    note = forms.CharField(label=gettext_lazy("退回原因"), max_length=300, widget=forms.Textarea(attrs={"rows": 3}))


class ItemsFile(forms.Form):
    """The codes of a set as a sheet, instead of what is typed."""

    items = forms.FileField(label=gettext_lazy("用 Excel 填代码"), required=False)


def _form_of(kind: str) -> type[forms.ModelForm]:
    day = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.modelform_factory(
        KINDS[kind], fields=FIELDS[kind], widgets={"effective_from": day, "effective_to": day}
    )


@require_GET
def drafts(request: HttpRequest) -> HttpResponse:
    """What waits for review and what is being drafted, as far as the reader sees it."""
    actor: Actor = request.actor
    actor.require("standards.element.view")
    waiting: list[Any] = []
    own: list[Any] = []
    for kind, model in KINDS.items():
        if not actor.may(f"standards.{kind}.view"):
            continue
        rows = model._default_manager.filter(state__in=(State.DRAFT, State.REVIEW)).select_related("drafted_by", "node")
        for row in rows.order_by("-updated_at")[:SHOWN]:
            entry = {"row": row, "kind": kind, "label": labels()[kind], "mine": row.drafted_by_id == actor.person_id}
            (waiting if row.state == State.REVIEW else own).append(entry)
    context = {
        "waiting": waiting, "drafts": own, "regions": region_names([e["row"].region for e in (*waiting, *own)]),
        "kinds": [(k, label) for k, label in labels().items() if actor.may(f"standards.{k}.draft", actor.division)],
        "may_publish": actor.may("standards.item.publish"), "crumbs": crumbs(_("起草与审核")),
    }  # fmt: skip
    return render(request, "standards/drafts.html", context)


@require_http_methods(["GET", "POST"])
def create(request: HttpRequest, kind: str) -> HttpResponse:
    """A new draft; ``of`` names the edition that it begins with."""
    actor: Actor = request.actor
    if kind not in KINDS:
        raise Missing
    actor.require(f"standards.{kind}.draft", actor.division)
    model = find(actor, kind, _uuid(request.GET["of"])) if request.GET.get("of") else None
    row = KINDS[kind](region=actor.division)
    initial = {name: getattr(model, name) for name in FIELDS[kind]} if model else {}
    initial |= {"effective_from": timezone.localdate() + timedelta(days=1), "effective_to": None}
    form = _form_of(kind)(request.POST or None, instance=row, initial=initial)
    items = _typed_items(request) if request.method == "POST" else _stored_items(model)
    if request.method == "POST" and form.is_valid():
        made = owned_by(form.save(commit=False), Node.objects.get(pk=actor.organ_id))
        key = request.POST.get("key", "")
        try:
            if kind == "codeset":
                [made] = drafting.draft_code_sets([made], actor=actor, key=key, items=[_given_items(request)])
            else:
                [made] = drafting.DRAFTERS[KINDS[kind]]([made], actor=actor, key=key)
        except Invalid as fault:
            _say(form, fault)
        else:
            messages.success(request, _("草稿已保存"))
            return redirect("standards:draft", kind=kind, pk=made.pk)
    return _edit_page(request, kind, form, row, items, _("起草%s") % labels()[kind], model)


@require_http_methods(["GET", "POST"])
def draft(request: HttpRequest, kind: str, pk: UUID) -> HttpResponse:
    """A draft with what it would change; its author goes on writing, a reviewer decides."""
    actor: Actor = request.actor
    row = find(actor, kind, pk)
    if row.state == State.PUBLISHED:
        return redirect(address_of(row))
    editable = row.state == State.DRAFT and actor.may("standards.item.change", row.path)
    if request.method == "POST":
        actor.require("standards.item.change", row.path)
    if not editable or (request.method == "GET" and not request.GET.get("edit")):
        return _show(request, actor, kind, row, editable)
    # The form fills the row that it is given before anything is checked: it gets a copy of its own.
    form = _form_of(kind)(request.POST or None, instance=type(row)._default_manager.get(pk=pk))
    items = _typed_items(request) if request.method == "POST" else _stored_items(row)
    if request.method == "POST" and form.is_valid():
        try:
            _store(request, actor, row, form.cleaned_data)
        except Invalid as fault:
            _say(form, fault)
        else:
            messages.success(request, _("草稿已保存"))
            return redirect("standards:draft", kind=kind, pk=pk)
    return _edit_page(request, kind, form, row, items, row.name, row)


def _store(request: HttpRequest, actor: Actor, row: Any, values: dict[str, Any]) -> None:
    """Fields and codes together: a fault in either leaves both as they were."""
    key = request.POST.get("key", "")
    seen = {row.pk: int(request.POST["version"])} if request.POST.get("version", "").isdecimal() else None
    with transaction.atomic():
        drafting.change_drafts([row], actor=actor, key=key, seen=seen, values=values)
        if isinstance(row, CodeSet) and (request.FILES.get("items") or row.items.count() <= TYPED):
            drafting.change_items([row], actor=actor, key=f"{key}-items" if key else "", items=[_given_items(request)])


def _show(request: HttpRequest, actor: Actor, kind: str, row: Any, editable: bool) -> HttpResponse:
    other = before(row)
    changes = differences.fields(other, row)
    mine = row.drafted_by_id == actor.person_id
    context = {
        "row": row, "kind": kind, "kind_label": labels()[kind], "other": other, "editable": editable,
        "changed": [c for c in changes if c.differs], "same": [c for c in changes if not c.differs and c.after],
        "items": differences.items(other, row) if isinstance(row, CodeSet) else None,
        "may_submit": row.state == State.DRAFT and actor.may("standards.item.submit", row.path),
        "may_review": row.state == State.REVIEW and actor.may("standards.item.publish", row.region), "mine": mine,
        "may_discard": row.state in (State.DRAFT, State.REVIEW) and actor.may("standards.item.change", row.path),
        "note_form": NoteForm(), "key": new_key(), "regions": region_names([row.region, other.region if other else ""]),
        "crumbs": crumbs(row.label, Crumb(_("起草与审核"), reverse("standards:drafts"))),
    }  # fmt: skip
    return render(request, "standards/draft.html", context)


def _edit_page(
    request: HttpRequest,
    kind: str,
    form: forms.ModelForm,
    row: Any,
    items: Sequence[Any] | None,
    title: str,
    model: Any,
) -> HttpResponse:
    context = {
        "form": form, "row": row, "kind": kind, "title": title, "key": request.POST.get("key") or new_key(),
        "items": items, "spare": range(SPARE), "many": items is not None and len(items) > TYPED,
        "items_form": ItemsFile(), "most": TYPED, "model": model, "names": TYPED_FIELDS, "creating": row._state.adding,
        "back": reverse("standards:draft", args=[kind, row.pk]) if not row._state.adding else reverse("standards:drafts"),
        "crumbs": crumbs(title, Crumb(_("起草与审核"), reverse("standards:drafts"))),
    }  # fmt: skip
    return render(request, "standards/draft_edit.html", context, status=422 if form.errors else 200)


def _stored_items(row: Standard | None) -> list[dict[str, Any]]:
    if not isinstance(row, CodeSet):
        return []
    found = []
    for item in row.items.order_by("order", "code"):
        replaces = item.attributes.get("replaces", ()) if row.state != State.PUBLISHED else ()
        found.append({name: getattr(item, name, "") for name in TYPED_FIELDS} | {"replaces": "、".join(replaces)})
    return found


def _typed_items(request: HttpRequest) -> list[dict[str, str]]:
    """The rows of the page that hold anything."""
    columns = [request.POST.getlist(f"item-{name}") for name in TYPED_FIELDS]
    rows = [dict(zip(TYPED_FIELDS, values, strict=True)) for values in zip(*columns, strict=False)]
    return [row for row in rows if any(value.strip() for value in row.values())]


def _given_items(request: HttpRequest) -> list[dict[str, Any]]:
    """The codes that were sent: the sheet if there is one, else what was typed.

    Raises:
        Invalid: a fault a row.
    """
    if file := request.FILES.get("items"):
        return item_file.read_items(file.read(), file.name or "")
    items, faults = [], []
    for number, values in enumerate(_typed_items(request), 1):
        item, wrong = item_file.item_of(values, number)
        items.append(item)
        faults += wrong
    if faults:
        raise Invalid("", faults)
    return items


def _say(form: forms.ModelForm, fault: Invalid) -> None:
    """Faults of an action at their fields; those of a row of codes (counted from 1) with their place."""
    put_faults(form, Invalid(fault.message, [_placed(one) if one.row else one for one in fault.faults]))


def _placed(fault: FieldFault) -> FieldFault:
    place = _("第 %(row)s 行") % {"row": fault.row} + (f" {fault.column}" if fault.column else "")
    return FieldFault("", f"{place}：{fault.message}")


@require_GET
def blank_rows(request: HttpRequest) -> HttpResponse:
    """More empty rows for codes."""
    request.actor.require("standards.codeset.draft")
    return render(request, "standards/item_rows.html", {"spare": range(10), "names": TYPED_FIELDS})


@require_GET
def items_sheet(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The codes of a set as a sheet to fill in: drop-downs and notes, and what is there already."""
    row = find(request.actor, "codeset", pk)
    out = io.BytesIO()
    write_items(out, item_file.rows_of(row.items.order_by("order", "code")), row.name, template=True)
    response = HttpResponse(out.getvalue(), content_type=XLSX)
    response["Content-Disposition"] = content_disposition_header(True, f"{row.name}.xlsx") or ""
    return response


@require_POST
def decide(request: HttpRequest, kind: str, pk: UUID, verb: str) -> HttpResponse:
    """Submit, publish, return or discard."""
    actor: Actor = request.actor
    row = find(actor, kind, pk)
    key = request.POST.get("key", "")
    if verb == "submit":
        drafting.submit_drafts([row], actor=actor, key=key)
        messages.success(request, _("已送审，由另一人审核发布"))
    elif verb == "publish":
        drafting.publish_drafts([row], actor=actor, key=key)
        messages.success(request, _("已发布"))
        return redirect(address_of(row))
    elif verb == "return":
        drafting.return_drafts([row], actor=actor, key=key, note=request.POST.get("note", "")[:300])
        messages.success(request, _("已退回起草人"))
    elif verb == "discard":
        drafting.discard_drafts([row], actor=actor, key=key)
        messages.success(request, _("草稿已作废"))
        return redirect("standards:drafts")
    else:
        raise Missing
    return redirect("standards:draft", kind=kind_of(row), pk=pk)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Missing from None


urlpatterns = [
    path("drafts/", drafts, name="drafts"),
    path("drafts/rows/", blank_rows, name="draft-rows"),
    path("drafts/items/<uuid:pk>/", items_sheet, name="draft-items"),
    path("drafts/<str:kind>/new/", create, name="draft-new"),
    path("drafts/<str:kind>/<uuid:pk>/", draft, name="draft"),
    path("drafts/<str:kind>/<uuid:pk>/<str:verb>/", decide, name="draft-decide"),
]
