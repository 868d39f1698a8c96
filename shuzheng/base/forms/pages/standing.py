"""Reporting on behalf, nil reports, and signing with one's own account."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from shuzheng.base.core.actor import Actor, actor_of
from shuzheng.base.forms import signing, standing
from shuzheng.base.forms.amendments import open_one
from shuzheng.base.forms.models import Amendment, Round, Signature, Submission
from shuzheng.base.forms.pages.common import find_submission
from shuzheng.base.forms.queries import UNREPORTED
from shuzheng.kernel.errors import Invalid


@require_POST
def stand_in(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor = actor_of(request)
    standing.stand_in([find_submission(pk, actor)], actor=actor, why=request.POST.get("why", ""))
    messages.success(request, _("可以代报了，提交后注明由本单位代报"))
    return redirect("forms:entry", pk=pk)


@require_POST
def nil(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor = actor_of(request)
    submission = find_submission(pk, actor)
    signers = {name: request.POST.get(name, "").strip()[:40] for name in ("statistics", "head")}
    if submission.round.signing == Round.Signing.NAMED and not all(signers.values()):
        raise Invalid(_("写上统计负责人和单位负责人再零报告。"), code="forms.signature.missing")
    standing.report_nil([submission], actor=actor, signers={k: v for k, v in signers.items() if v})
    messages.success(request, _("零报告已提交"))
    return redirect("forms:entry", pk=pk)


@require_POST
def sign(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor = actor_of(request)
    signing.sign([find_submission(pk, actor)], actor=actor, role=request.POST.get("role", ""))
    messages.success(request, _("已签署"))
    return redirect("forms:entry", pk=pk)


@dataclass(frozen=True)
class Possible:
    """What else can be done with a submission, and what is under way."""

    ask: bool = False
    grant: bool = False
    stand_in: bool = False
    nil: bool = False
    roles: tuple[tuple[str, str], ...] = ()
    signed: tuple[Signature, ...] = ()
    waits_for: tuple[str, ...] = ()
    correct: bool = False
    resume: bool = False
    amendment: Amendment | None = None


def possible(actor: Actor, submission: Submission, *, editable: bool) -> Possible:
    """For the line of verbs above the form."""
    own = submission.path in actor.scope.write
    unreported, handed_in = submission.state in UNREPORTED, submission.state in ("submitted", "approved")
    decides = not own and actor.may("forms.allowance.decide", submission.path)
    by_account = submission.round.signing == Round.Signing.OWN
    held = signing.held(submission) if by_account and unreported else {}
    waits = tuple(role for role in signing.BESIDE if role not in held) if by_account and unreported else ()
    may_sign = own and actor.may("forms.submission.sign", submission.path) and submission.state != "todo"
    busy = open_one(submission) if handed_in else None
    return Possible(
        ask=own and unreported and actor.may("forms.allowance.ask", submission.path),
        grant=decides and unreported,
        stand_in=not own and not submission.behalf and unreported and actor.may("forms.submission.stand_in", submission.path),
        nil=editable and own and not submission.filled and actor.may("forms.submission.submit", submission.path),
        roles=tuple((str(r), str(r.label)) for r in waits[:1]) if may_sign else (),
        signed=tuple(signing.of_edition(submission)) if handed_in else tuple(held.values()),
        waits_for=tuple(str(r.label) for r in waits),
        correct=own and handed_in and busy is None and actor.may("forms.submission.submit", submission.path),
        resume=decides and submission.state == "exempt",
        amendment=busy,
    )  # fmt: skip
