"""The page behind the mark on a vehicle, for people without an account; and the label with the mark, to be printed."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from shuzheng.apps.vehicles import door
from shuzheng.apps.vehicles.models.alerts import Mark
from shuzheng.base.api import limits
from shuzheng.base.core.action import new_key
from shuzheng.base.core.actor import actor_of
from shuzheng.base.portal.faults import put_faults
from shuzheng.base.portal.links import whole
from shuzheng.base.portal.parts import Crumb
from shuzheng.base.registers.labels import qr_svg
from shuzheng.kernel.errors import Invalid, Missing

GUESSES = 30
"""Tokens that one address may try in a minute."""
A_MINUTE = 10
"""Reports that one address may send in a minute."""
TRAP = "website"
"""A field that people don't see and programs fill in."""


class TipForm(forms.Form):
    seen_at = forms.DateTimeField(
        label=gettext_lazy("看到的时间"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    place = forms.CharField(label=gettext_lazy("地点"), max_length=120)
    what = forms.CharField(
        label=gettext_lazy("看到的情况"), max_length=500, min_length=4, widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("看到了什么，例如在哪里停了多久、谁在用。"),
    )  # fmt: skip
    photo = forms.FileField(
        label=gettext_lazy("照片"), required=False, widget=forms.ClearableFileInput(attrs={"accept": "image/*"}),
        help_text=gettext_lazy("可不传，不超过 10 MB。"),
    )  # fmt: skip
    contact = forms.CharField(
        label=gettext_lazy("联系电话"), max_length=30, required=False,
        help_text=gettext_lazy("可不填；加密保存，只有处理的主管部门看得到。"),
    )  # fmt: skip


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, token: str) -> HttpResponse:
    """Whose car it is, and telling what one saw."""
    address = request.META.get("REMOTE_ADDR", "")
    try:
        shown = door.look(token)
    except Missing:
        limits.count(f"vehicles.mark:{address}", most=GUESSES)
        raise
    form = TipForm(request.POST or None, request.FILES or None, initial={"seen_at": timezone.localtime()})
    done = bool(request.GET.get("done"))
    if request.method == "POST":
        limits.count(f"vehicles.tip:{address}", most=A_MINUTE)
        if request.POST.get(TRAP):  # a program: it is thanked like everybody, and nothing is kept
            return redirect(f"{reverse('vehicles:mark', args=[token])}?done=1")
        if form.is_valid():
            try:
                _row, stopped = door.tell(
                    shown, ticket=request.POST.get("ticket", "")[:60] or new_key(), **form.cleaned_data
                )
            except Invalid as fault:
                put_faults(form, fault)
            else:
                if stopped:
                    messages.warning(request, stopped)
                return redirect(f"{reverse('vehicles:mark', args=[token])}?done=1")
    context = {
        "shown": shown, "form": form, "done": done, "hotline": settings.SZ_HOTLINE, "trap": TRAP,
        "ticket": request.POST.get("ticket") or new_key(),
    }  # fmt: skip
    return render(request, "vehicles/mark.html", context, status=422 if form.is_bound and form.errors else 200)


@require_GET
def label(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The label of a vehicle: the mark, its number and the telephone, to be printed and put on the window."""
    actor = actor_of(request)
    actor.require("vehicles.mark.issue")
    mark = Mark.objects.select_related("vehicle__node").filter(vehicle=pk).first()
    if mark is None:
        raise Missing(_("这辆车还没有监督标识码。"))
    actor.require("vehicles.mark.issue", mark.path)
    link = whole(request, reverse("vehicles:mark", args=[mark.token]))
    context = {
        "mark": mark, "code": qr_svg(link), "link": link, "hotline": settings.SZ_HOTLINE,
        "crumbs": [Crumb(_("车辆"), reverse("registers:list", args=["vehicles"])),
                   Crumb(mark.vehicle.plate, reverse("registers:detail", args=["vehicles", pk])), Crumb(_("监督标识码"))],
    }  # fmt: skip
    return render(request, "vehicles/mark_label.html", context)
