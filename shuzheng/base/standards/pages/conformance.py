"""Checking a sheet against the standard, and taking the standard away as a file."""

from __future__ import annotations

import io
import json
import time
from collections import Counter
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from shuzheng.base.core.actor import Actor
from shuzheng.base.files.kinds import XLSX
from shuzheng.base.standards import exports, resolve
from shuzheng.base.standards.conform import KINDS, Checker
from shuzheng.base.standards.conform_file import MOST, Checked, check_sheet, write_report
from shuzheng.base.standards.models import DataElement
from shuzheng.base.standards.pages.common import crumbs
from shuzheng.base.standards.selection import Selection
from shuzheng.kernel.errors import Invalid

SHOWN = 200
"""Departures that the page lists; the workbook has them all."""


class CheckForm(forms.Form):
    """What is checked, and against what."""

    against = forms.ChoiceField(label=gettext_lazy("对照"), required=False)
    on = forms.DateField(
        label=gettext_lazy("按哪一天的标准"), required=False, widget=forms.DateInput(attrs={"type": "date"}),
        help_text=gettext_lazy("不填为今天。"),
    )  # fmt: skip
    file = forms.FileField(
        label=gettext_lazy("文件"),
        help_text=gettext_lazy("xlsx、xls、ods 或 csv，检查第一张工作表；表头用数据项名称、标识符或英文名称。"),
    )

    def __init__(self, *args: Any, places: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["against"].choices = _against(places)


def _against(at: str) -> list[Any]:
    """All, the groups, and below each its data sets."""
    today = timezone.localdate()
    found = resolve.current().code_set("element_dataset", today, at)
    by_group: dict[str, list[tuple[str, str]]] = {}
    for item in found.on(today) if found else ():
        group = item.attributes.get("group", item.code.split(".", 1)[0])
        by_group.setdefault(group, []).append((f"dataset:{item.code}", item.label))
    choices: list[Any] = [("", _("全部数据元"))]
    for value, label in DataElement.Group.choices:
        whole = _("%s（整类）") % label
        choices.append((str(label), [(f"group:{value}", whole), *by_group.get(value, ())]))
    return choices


@require_http_methods(["GET", "POST"])
def check(request: HttpRequest) -> HttpResponse:
    """Upload a sheet, see every departure; ``report=1`` answers with the workbook instead of the page."""
    actor: Actor = request.actor
    actor.require("standards.element.view")
    form = CheckForm(
        request.POST or None, request.FILES or None, places=actor.organ_path, initial={"against": _asked(request)}
    )
    context: dict[str, Any] = {"form": form, "crumbs": crumbs(_("检查数据"))}
    status = 200
    if request.method == "POST":
        if form.is_valid():
            try:
                begun = time.monotonic()
                selection, checked = _check(actor, form.cleaned_data)
                if request.POST.get("report"):
                    return _download(checked)
                context |= _found(selection, checked) | {"seconds": time.monotonic() - begun}
            except Invalid as fault:
                form.add_error("file", fault.message or "；".join(f.message for f in fault.faults))
                status = 422
        else:
            status = 422
    part = request.htmx and not request.htmx.boosted
    return render(request, "standards/checked.html" if part else "standards/check.html", context, status=status)


def _asked(request: HttpRequest) -> str:
    for word in ("dataset", "group"):
        if value := request.GET.get(word, ""):
            return f"{word}:{value}"
    return ""


def _check(actor: Actor, values: dict[str, Any]) -> tuple[Selection, Checked]:
    word, _sign, name = values["against"].partition(":")
    selection = Selection.of(actor.organ_path, **({word: name} if word else {}), on=values["on"])
    checker = Checker(selection.elements, on=selection.on, path=selection.path, book=selection.book)
    return selection, check_sheet(checker, values["file"].read(), values["file"].name, most=MOST)


def _found(selection: Selection, checked: Checked) -> dict[str, Any]:
    names = {e.identifier: e.name for e in selection.elements}
    kinds: Counter[str] = Counter()
    for (_identifier, kind), n in checked.report.counts.items():
        kinds[kind] += n
    return {
        "report": checked.report, "checked": checked, "selection": selection,
        "departures": [(d, KINDS[d.kind]) for d in checked.report.departures[:SHOWN]],
        "more": max(0, checked.report.total - SHOWN),
        "kinds": [(KINDS[kind], n) for kind, n in kinds.most_common()],
        "counts": [
            (identifier, names.get(identifier, ""), KINDS[kind], n)
            for (identifier, kind), n in checked.report.counts.most_common(50)
        ],
    }  # fmt: skip


def _download(checked: Checked) -> HttpResponse:
    out = io.BytesIO()
    write_report(out, checked)
    return _file(out.getvalue(), XLSX, _("不符合项.xlsx"))


def _file(content: bytes, kind: str, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type=kind)
    response["Content-Disposition"] = content_disposition_header(True, name) or ""
    return response


@require_GET
def workbook(request: HttpRequest) -> HttpResponse:
    """The elements of a group, a data set or all, in the layout of GB/T 43243."""
    selection = _selected(request)
    out = io.BytesIO()
    exports.write_elements(out, selection.elements, selection.book, selection.on, selection.path)
    return _file(out.getvalue(), XLSX, f"{selection.name}.xlsx")


@require_GET
def schema(request: HttpRequest) -> HttpResponse:
    """The same as JSON Schema."""
    selection = _selected(request)
    text = json.dumps(selection.schema(), ensure_ascii=False, indent=1)
    return _file(text.encode(), "application/schema+json", f"{selection.name}.schema.json")


def _selected(request: HttpRequest) -> Selection:
    actor: Actor = request.actor
    actor.require("standards.element.view")
    return Selection.of(actor.organ_path, group=request.GET.get("group", ""), dataset=request.GET.get("dataset", ""))


urlpatterns = [
    path("check/", check, name="check"),
    path("workbook/", workbook, name="workbook"),
    path("schema/", schema, name="schema"),
]
