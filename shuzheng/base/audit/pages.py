"""The auditor's pages: who did what, filtered; one entry with before and after; the list as a workbook."""

from __future__ import annotations

import json
from datetime import datetime, time, timedelta
from tempfile import SpooledTemporaryFile
from typing import Any
from uuid import UUID

import xlsxwriter
from django import forms
from django.apps import apps
from django.db.models import Q, QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from shuzheng.base.access.middleware import actor_of
from shuzheng.base.audit.actions import note_export
from shuzheng.base.audit.labels import action_label, actor_label, labels
from shuzheng.base.audit.models import Entry, Link
from shuzheng.base.core.actor import Actor
from shuzheng.base.core.registry import PERMISSIONS
from shuzheng.base.core.scope import Range, merge
from shuzheng.base.org.models import Node
from shuzheng.kernel.errors import Invalid

PAGE = 50
EXPORTED = 20_000
"""Entries of one workbook; more are asked for in narrower spans of time."""


class Filters(forms.Form):
    """What the list is narrowed by."""

    person = forms.CharField(label=gettext_lazy("人员"), required=False, max_length=80)
    action = forms.CharField(label=gettext_lazy("事项"), required=False, max_length=80)
    object = forms.CharField(label=gettext_lazy("对象名称或编号"), required=False, max_length=200)
    model = forms.CharField(label=gettext_lazy("对象类别"), required=False, max_length=80)
    organ = forms.CharField(label=gettext_lazy("单位"), required=False, max_length=120)
    since = forms.DateField(label=gettext_lazy("自"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label=gettext_lazy("至"), required=False, widget=forms.DateInput(attrs={"type": "date"}))


def entries_of(actor: Actor, permission: str = "audit.entry.view") -> QuerySet[Entry]:
    """The entries that an auditor may look at: where their office holds.

    Raises:
        Denied: the actor is no auditor.
    """
    actor.require(permission)
    inside = Q(pk__in=[])
    for item in merge(actor.grants.get(permission, ())):
        inside |= Q(path__gte=item.lo, path__lt=item.hi)
    return Entry.objects.filter(inside)


def narrow(rows: QuerySet[Entry], asked: dict[str, Any]) -> QuerySet[Entry]:
    """``rows`` that fit the filters."""
    if asked.get("person"):
        rows = rows.filter(actor_name__startswith=asked["person"])
    if asked.get("action"):
        rows = rows.filter(action=asked["action"])
    if asked.get("model"):
        rows = rows.filter(model=asked["model"])
    if asked.get("object"):
        rows = rows.filter(Q(object_id=asked["object"]) | Q(label__contains=asked["object"]))
    if asked.get("organ"):
        found = Q(actor_organ=asked["organ"])
        for place in Node.objects.filter(name=asked["organ"]).values_list("path", flat=True)[:20]:
            span = Range.subtree(place)
            found |= Q(path__gte=span.lo, path__lt=span.hi)
        rows = rows.filter(found)
    if asked.get("since"):
        rows = rows.filter(at__gte=_midnight(asked["since"]))
    if asked.get("until"):
        rows = rows.filter(at__lt=_midnight(asked["until"] + timedelta(days=1)))
    return rows


def _midnight(day: Any) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


@require_safe
def entries(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    rows = entries_of(actor)
    form = Filters(request.GET)
    rows = narrow(rows, form.cleaned_data) if form.is_valid() else rows.none()
    rows = _before(rows, request.GET.get("before", ""))
    found = list(rows.order_by("-at", "-id")[: PAGE + 1])
    query = request.GET.copy()
    older = ""
    if len(found) > PAGE:
        last = found[PAGE - 1]
        query["before"] = f"{last.at.isoformat()}_{last.pk}"
        older = f"?{query.urlencode()}"
    context = {
        "rows": [(row, action_label(row.action), actor_label(row.actor_name)) for row in found[:PAGE]],
        "form": form,
        "older": older,
        "newest": bool(request.GET.get("before")),
        "may_export": actor.may("audit.entry.export"),
        "filtered": any(form.cleaned_data.values()) if form.is_valid() else True,
        "actions": sorted((name, action_label(name)) for name in {*PERMISSIONS, *labels()}),
        "models": sorted({(m._meta.label_lower, str(m._meta.verbose_name)) for m in apps.get_models()}),
        "crumbs": [{"label": _("审计记录"), "url": ""}],
    }
    return render(request, "audit/entries.html", context)


def _before(rows: QuerySet[Entry], mark: str) -> QuerySet[Entry]:
    """Rows older than the last one of the page before; a mark that makes no sense is none."""
    moment, _under, pk = mark.partition("_")
    try:
        at, last = datetime.fromisoformat(moment), UUID(pk)
    except ValueError:
        return rows
    return rows.filter(Q(at__lt=at) | Q(at=at, id__lt=last))


@require_safe
def entry(request: HttpRequest, pk: UUID) -> HttpResponse:
    row = entries_of(actor_of(request)).filter(pk=pk).first()
    if row is None:
        raise Http404
    model = next((m for m in apps.get_models() if m._meta.label_lower == row.model), None)
    names = {f.attname: str(f.verbose_name) for f in model._meta.concrete_fields} if model else {}
    changes = [
        {"label": names.get(key, key), "before": shown(row.before.get(key)), "after": shown(row.after.get(key))}
        for key in dict.fromkeys([*row.before, *row.after])
    ]
    context = {
        "row": row,
        "action": action_label(row.action),
        "who": actor_label(row.actor_name),
        "kind": str(model._meta.verbose_name) if model else row.model,
        "changes": changes,
        "link": Link.objects.filter(entry_id=row.pk).first(),
        "origin": sorted(row.origin.items()),
        "crumbs": [{"label": _("审计记录"), "url": reverse("audit:entries")}, {"label": row.label, "url": ""}],
    }
    return render(request, "audit/entry.html", context)


def shown(value: Any) -> str:
    """A stored value as text."""
    if value is None or value == "":
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


@require_POST
def export(request: HttpRequest) -> HttpResponse:
    """The filtered list as a workbook; that it was taken is an entry itself."""
    actor = actor_of(request)
    form = Filters(request.POST)
    if not form.is_valid():
        raise Invalid(_("筛选条件有误。"))
    found = list(
        narrow(entries_of(actor, "audit.entry.export"), form.cleaned_data).order_by("-at", "-id")[: EXPORTED + 1]
    )
    if len(found) > EXPORTED:
        raise Invalid(_("超过 {n} 条，请缩小时间范围分次导出。").format(n=EXPORTED))
    asked = {k: str(v) for k, v in form.cleaned_data.items() if v}
    note_export([], actor=actor, count=len(found), filters=asked)
    name = f"{_('审计记录')}-{timezone.localtime():%Y%m%d-%H%M}.xlsx"
    return FileResponse(workbook(found), as_attachment=True, filename=name)


def workbook(rows: list[Entry]) -> Any:
    """The entries as an xlsx file, open at its beginning."""
    out = SpooledTemporaryFile(max_size=4 << 20)  # noqa: SIM115 - the response reads and closes it
    book = xlsxwriter.Workbook(
        out, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "remove_timezone": True}
    )
    sheet, head = book.add_worksheet(_("审计记录")), book.add_format({"bold": True})
    moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
    titles = [
        _("时间"), _("事项"), _("姓名"), _("单位"), _("对象类别"), _("对象名称"), _("编号"), _("之前"), _("之后"), _("代管"),
        _("理由"), _("来源地址"),
    ]  # fmt: skip
    sheet.write_row(0, 0, titles, head)
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, 0, 19)
    sheet.set_column(1, 11, 16)
    for number, row in enumerate(rows, 1):
        sheet.write_datetime(number, 0, timezone.localtime(row.at), moment)
        texts = [
            action_label(row.action), row.actor_name, row.actor_organ, row.model, row.label, row.object_id,
            shown(row.before), shown(row.after), _("是") if row.handed_over else "", row.reason, row.origin.get("ip", ""),
        ]  # fmt: skip
        for column, text in enumerate(texts, 1):
            sheet.write_string(number, column, text[:32_000])
    book.close()
    out.seek(0)
    return out


urlpatterns = [
    path("", entries, name="entries"),
    path("export", export, name="export"),
    path("<uuid:pk>/", entry, name="entry"),
]
