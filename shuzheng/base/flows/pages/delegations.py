"""Standing delegations of the actor's post."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from shuzheng.base.core.action import new_key
from shuzheng.base.core.actor import actor_of
from shuzheng.base.flows import actions
from shuzheng.base.flows.models import Delegation
from shuzheng.base.flows.reaching import startable
from shuzheng.base.portal.faults import put_faults
from shuzheng.kernel.errors import Invalid, Missing


class DelegationForm(forms.Form):
    """From when to when, and for which processes; to whom is chosen beside it."""

    first = forms.DateField(label=gettext_lazy("开始日期"), widget=forms.DateInput(attrs={"type": "date"}))
    last = forms.DateField(label=gettext_lazy("结束日期"), widget=forms.DateInput(attrs={"type": "date"}))
    codes = forms.MultipleChoiceField(
        label=gettext_lazy("只委托这些流程（不选为全部）"), required=False, widget=forms.CheckboxSelectMultiple
    )
    reason = forms.CharField(label=gettext_lazy("事由"), max_length=200, required=False)


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """Those there are, and a new one."""
    actor = actor_of(request)
    actor.require("flows.delegation.save")
    form = DelegationForm(request.POST or None)
    form.fields["codes"].choices = [(d.code, d.label) for d in startable(actor)]  # type: ignore[attr-defined]
    if request.method == "POST" and form.is_valid():
        row = Delegation()
        row.node_id, row.path = actor.organ_id, actor.organ_path
        try:
            to = UUID(request.POST.get("to", ""))
            actions.save_delegations(
                [row], actor=actor, key=request.POST.get("key", "")[:60] or new_key(), to=to, **form.cleaned_data
            )
            messages.success(request, _("委托已设好"))
            return redirect("flows:delegations")
        except ValueError:
            form.add_error(None, _("选一个在岗的人，不能是自己。"))
        except Invalid as fault:
            put_faults(form, fault)
    rows = list(Delegation.objects.filter(post_id=actor.id).order_by("-first")[:100])
    return render(
        request, "flows/delegations.html", {"form": form, "rows": rows, "key": new_key()},
        status=422 if request.method == "POST" else 200,
    )  # fmt: skip


@require_POST
def end(request: HttpRequest, pk: UUID) -> HttpResponse:
    """End one today."""
    row = Delegation.objects.filter(pk=pk).first()
    if row is None:
        raise Missing()
    actions.end_delegations([row], actor=actor_of(request))
    return redirect("flows:delegations")
