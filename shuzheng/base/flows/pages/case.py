"""A case: its form, its story, its diagram, why it waits; and everything that can be done with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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
from shuzheng.base.files.actions import blocked_words, receive
from shuzheng.base.files.models import Block
from shuzheng.base.files.pages import download
from shuzheng.base.flows import actions, diagram, printing
from shuzheng.base.flows.calling import drawing_of
from shuzheng.base.flows.forms import CaseForm
from shuzheng.base.flows.models import Case, Opinion, Task
from shuzheng.base.flows.reaching import inbox, opened
from shuzheng.base.flows.showing import PHRASES, STATE_TONES, CaseView
from shuzheng.base.flows.signatures import own, phrases
from shuzheng.base.portal.parts import Crumb
from shuzheng.kernel.errors import Fault, Invalid, Missing

Sent = Mapping[str, Any]


@require_GET
def page(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The case, as whoever asks may see it."""
    actor = actor_of(request)
    with opened(actor, pk) as case:
        if case.state == Case.State.DRAFT:
            return redirect("flows:edit", pk)
        return _page(request, CaseView(case, actor))


def _page(
    request: HttpRequest, view: CaseView, form: CaseForm | None = None, fault: Fault | None = None
) -> HttpResponse:
    case, actor = view.case, view.actor
    signature = own(actor) if view.task else None
    form = form or CaseForm(view.outline, view.rights if view.task else {}, case.values, form="decide")
    following = inbox(actor).exclude(case_id=case.pk).exclude(role__in=Task.TO_READ).values_list("case_id", flat=True)
    context = {
        "view": view, "case": case, "task": view.task, "form": form, "fault": fault, "key": new_key(),
        "svg": diagram.svg(drawing_of(case.definition, case.links), case, view.move.steps, view.move.tasks),
        "phrases": [*(p.text for p in phrases(actor)), *PHRASES], "signs": signature is not None and signature.picture, "tone": STATE_TONES[case.state], "next": following.first(),
        "crumbs": [Crumb(_("流程待办"), reverse("flows:inbox")), Crumb(case.definition.label), Crumb(case.number)],
        "to_read": bool(view.task and view.task.role in Task.TO_READ),
        "may_refuse": bool(view.task and view.task.role in (Task.Role.APPROVE, Task.Role.SIGN, Task.Role.HELP)),
        "may_hand_on": bool(view.task and view.task.role not in (*Task.TO_READ, Task.Role.MEND)),
    }  # fmt: skip
    return render(request, "flows/case.html", context, status=fault.http if fault else 200)


def _ids(sent: Sent, name: str) -> list[UUID]:
    found = [v for v in sent.getlist(name) if v]  # type: ignore[attr-defined]
    try:
        return [UUID(v) for v in found]
    except ValueError as error:
        raise Invalid.one(name, _("选一个在岗的人，不能是自己。")) from error


def _one(sent: Sent) -> UUID:
    if found := _ids(sent, "to"):
        return found[0]
    raise Invalid.one("to", _("选一个在岗的人，不能是自己。"))


OWN: dict[str, Callable[[Sent], dict[str, Any]]] = {
    "back": lambda s: {"to": s.get("target", ""), "straight": "straight" in s},
    "transfer": lambda s: {"to": _one(s)},
    "delegate": lambda s: {"to": _one(s)},
    "sign": lambda s: {"to": _ids(s, "to"), "before": s.get("when") != "after"},
    "unsign": lambda s: {"other": _one(s)},
}
"""What a person does with their own task, and what else is sent for it besides a text."""
TASKS: dict[str, Callable[..., Any]] = {
    "back": actions.send_back, "transfer": actions.transfer, "delegate": actions.delegate, "sign": actions.add_signers,
    "unsign": actions.remove_signer,
}  # fmt: skip
CASES: dict[str, Callable[..., Any]] = {
    "withdraw": actions.withdraw, "revoke": actions.revoke, "terminate": actions.terminate, "urge": actions.urge,
}  # fmt: skip
SAID = {"pass", "refuse"}


@require_POST
def act(request: HttpRequest, pk: UUID, verb: str) -> HttpResponse:
    """Do something with the case, and go to the next one of the inbox if one's own task is done."""
    actor = actor_of(request)
    with opened(actor, pk) as case:
        view = CaseView(case, actor)
        form = CaseForm(view.outline, view.rights if view.task else {}, case.values, request.POST, form="decide")
        try:
            _do(request, view, form, verb)
        except Invalid as fault:
            form.blame(fault)
            return _page(request, CaseView(case, actor), form, fault)
    if verb in SAID and "stay" not in request.POST:
        return redirect("flows:inbox")
    return redirect("flows:case", pk)


def _do(request: HttpRequest, view: CaseView, form: CaseForm, verb: str) -> None:
    sent, actor, case = request.POST, view.actor, view.case
    text, key = sent.get("text", "")[:1000], sent.get("key", "")[:60] or new_key()
    if verb in CASES:
        CASES[verb]([case], actor=actor, key=key, text=text)
    elif verb == "share":
        actions.hand_round([case], actor=actor, key=key, to=_ids(sent, "to"), role=sent.get("role", "copy"), text=text)
    elif verb == "reassign":
        chosen_task = next((t for t in view.may_reassign if str(t.pk) == sent.get("task", "")), None)
        if chosen_task is None:
            raise Missing(_("这一步已经办过或已取消。"))
        actions.reassign([chosen_task], actor=actor, key=key, to=_one(sent), text=text)
    elif verb == "undo" and view.done is not None:
        actions.undo([view.done], actor=actor, key=key, text=text)
    elif view.task is None:
        raise Missing(_("这一步已经办过或已取消。"))
    elif verb in SAID:
        chosen = {e: [v] for e, _name in view.choose if (v := sent.get(f"chosen-{e}", ""))}
        actions.decide(
            [view.task], actor=actor, key=key, verdict=verb, text=text, values=form.given() if view.may_edit else {},
            chosen=chosen, sign="sign" in sent,
        )  # fmt: skip
        _attach(request, actor, view.task)
        messages.success(request, _("已办：%(title)s") % {"title": case.title})
    elif verb == "claim":
        actions.claim([view.task], actor=actor, key=key)
    elif verb in TASKS:
        TASKS[verb]([view.task], actor=actor, key=key, text=text, **OWN[verb](sent))
    else:
        raise Missing()


def _attach(request: HttpRequest, actor: Actor, task: Task) -> None:
    """Files that go with an opinion hang on it, in the speaker's own organ."""
    for upload in request.FILES.getlist("files"):
        said = Opinion.objects.filter(task_id=task.pk, person_id=actor.person_id).latest("at")
        result = receive(said, upload.name or "", upload, actor=actor)
        if isinstance(result, Block):
            messages.error(request, blocked_words(result))


@require_GET
def sheet(request: HttpRequest, pk: UUID) -> HttpResponse:
    """审批单 as PDF."""
    with opened(actor_of(request), pk) as case:
        if case.state == Case.State.DRAFT:
            raise Missing()
        response = HttpResponse(printing.sheet(CaseView(case, actor_of(request))), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{case.number}.pdf"'
    return response


@require_GET
def file(request: HttpRequest, pk: UUID, file: UUID) -> HttpResponse:
    """A file of the case or of an opinion, for those who take part."""
    with opened(actor_of(request), pk):
        return download(request, file)
