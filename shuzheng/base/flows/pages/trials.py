"""Test cases of a definition: how they go, what they pass, adding and changing them; past cases played by this edition."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from shuzheng.base.core.action import new_key
from shuzheng.base.core.actor import Actor, actor_of
from shuzheng.base.flows import diagram, replaying, trials
from shuzheng.base.flows.bpmn.reading import look, parse
from shuzheng.base.flows.bpmn.words import NS, Outline
from shuzheng.base.flows.calling import process_of
from shuzheng.base.flows.forms import CaseForm
from shuzheng.base.flows.models import Case, Definition
from shuzheng.base.flows.packages import decoded
from shuzheng.base.flows.pages.definitions import find
from shuzheng.base.flows.pages.said import refused
from shuzheng.base.flows.reaching import opened
from shuzheng.base.flows.rehearsal import START, VERB_WORDS, name_of
from shuzheng.base.flows.values import rights
from shuzheng.base.org.models import Tier
from shuzheng.base.portal.parts import Crumb
from shuzheng.kernel.errors import Invalid, Missing

SPARE = 4
"""Empty lines for more decisions."""
LARGEST = 1_000_000
"""Bytes of a file of test cases."""
TO_START = "@start"
COUNTED = (50, 100, 200)


class TrialForm(forms.Form):
    """The name of a test case, its starter, and what is expected."""

    name = forms.CharField(label=gettext_lazy("名称"), max_length=80)
    tier = forms.TypedChoiceField(
        label=gettext_lazy("发起单位层级"), coerce=int, choices=Tier.choices, initial=Tier.COUNTY
    )
    is_head = forms.BooleanField(label=gettext_lazy("发起人是负责人"), required=False)
    urgent = forms.BooleanField(label=gettext_lazy("加急"), required=False)
    outcome = forms.ChoiceField(
        label=gettext_lazy("结果应为"), required=False,
        choices=[("", gettext_lazy("不看")), *(c for c in Case.State.choices if c[0] != "draft")],
    )  # fmt: skip
    end = forms.ChoiceField(label=gettext_lazy("应到哪个结束"), required=False)
    path = forms.CharField(label=gettext_lazy("应依次经过（环节代码，空格分开）"), required=False, max_length=4000)

    def __init__(self, outline: Outline, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        ends = [(e, name or e) for e, (kind, name) in outline.elements.items() if kind == "endEvent"]
        self.fields["end"].choices = [("", gettext_lazy("不看")), *ends]  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Shown:
    """A test case on the list."""

    number: int
    name: str
    said: str
    path: str
    whom: list[tuple[str, str]]
    faults: list[str]


def ready(row: Definition) -> tuple[Outline, bool]:
    """What it says, and whether it can be played: a draft that is not finished cannot."""
    outline, unfinished = look(row.bpmn, row.tables)
    if unfinished or not outline.calls:
        return outline, not unfinished
    try:
        return process_of(row).outline, True
    except Invalid:  # said on the page of the definition, with what else keeps it from being published
        return outline, False


def _may_save(actor: Actor, row: Definition) -> bool:
    writes = actor.may("flows.definition.save", row.path) and row.path in actor.scope.write
    return writes and row.state != Definition.State.RETIRED


def _crumbs(row: Definition, last: str) -> list[Crumb]:
    return [
        Crumb(_("流程定义"), reverse("flows:definitions")), Crumb(row.label, reverse("flows:definition", args=[row.pk])), Crumb(last)
    ]  # fmt: skip


@require_GET
def page(request: HttpRequest, pk: UUID) -> HttpResponse:
    """All of them, run now, and what none of them passed."""
    actor = actor_of(request)
    row = find(actor, pk, "")
    outline, runs = ready(row)
    results = [trials.run(row, t) for t in row.trials] if runs else []
    rows = [
        Shown(n, r.name, "；".join(trials.told(outline, d) for d in t["do"]), " → ".join(r.path), r.whom, r.faults)
        for n, (t, r) in enumerate(zip(row.trials, results, strict=False))
    ]
    covered = trials.coverage(row, results) if results else None
    context = {
        "row": row, "rows": rows, "runs": runs, "may_save": _may_save(actor, row), "key": new_key(),
        "failed": sum(bool(r.faults) for r in rows), "covered": covered, "refuses": outline.tests == "refuse",
        "percent": round(covered.share * 100) if covered else 0,
        "svg": diagram.svg(row.bpmn, paint=_paint(outline, covered, results)) if covered else "",
        "past": _past(actor, row), "crumbs": _crumbs(row, _("测试用例")),
    }  # fmt: skip
    return render(request, "flows/trials.html", context)


def _paint(outline: Outline, covered: trials.Coverage, results: list[trials.Result]) -> diagram.Paint:
    counts = {e: sum(e in r.run.elements for r in results) for e in outline.steps}
    steps = {e: "done" if n else "skip" for e, n in counts.items()}
    words = {e: _("%(n)d 个用例") % {"n": n} if n else _("没有用例") for e, n in counts.items()}
    missed = "、".join(covered.missed_steps) or _("没有")
    about = _("流程图：用例没有经过的环节：%(names)s") % {"names": missed}
    return diagram.Paint(steps, words, dict.fromkeys(covered.passed_flows, "ok"), about)


def _past(actor: Actor, row: Definition) -> list[Case]:
    """Finished cases of this edition's process that a test case can be made of."""
    if not _may_save(actor, row):
        return []
    cases = Case.objects.filter(definition=row, state__in=Case.OVER).defer("engine").order_by("-ended_at")
    return [c for c in cases[:20] if actor.may("flows.case.view", c.path)]


def _row(request: HttpRequest, pk: UUID) -> tuple[Actor, Definition]:
    actor = actor_of(request)
    row = find(actor, pk, "flows.definition.save")
    if row.state == Definition.State.RETIRED:
        raise Missing()
    return actor, row


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, pk: UUID, number: int | None = None) -> HttpResponse:
    """One, or a new one. It can be tried before it is kept, and what came of it be taken as what is expected."""
    actor, row = _row(request, pk)
    outline, runs = ready(row)
    if not runs or (number is not None and number >= len(row.trials)):
        raise Missing()
    held = row.trials[number] if number is not None else trials.clean([{"name": "-"}])[0] | {"name": ""}
    form = TrialForm(outline, request.POST or None, initial=_initial(held))
    values = CaseForm(outline, rights(outline, None), held["values"], request.POST or None)
    faults: list[str] = []
    result = None
    if request.method == "POST" and form.is_valid():
        try:
            sent = _sent(request.POST, form.cleaned_data, values)
            [held] = trials.clean([{**sent, "answers": held["answers"]}])
            result = trials.run(row, held)
            if "take" in request.POST:
                held["expect"] = {
                    "path": result.run.path, "end": min(result.run.ends, default=""), "outcome": result.run.outcome
                }  # fmt: skip
            if "take" in request.POST or "save" in request.POST:
                rest = [held if n == number else t for n, t in enumerate(row.trials)]
                key = request.POST.get("key", "")[:60] or new_key()
                trials.save_trials([row], actor=actor, key=key, trials=[*rest, held] if number is None else rest)
                messages.success(request, _("已存测试用例“%(name)s”") % {"name": held["name"]})
                return redirect("flows:trials", pk)
        except Invalid as fault:
            faults = [f.message for f in fault.faults] or [fault.message]
    context = {
        "row": row, "number": number, "form": form, "values": values, "result": result, "key": new_key(), "faults": faults,
        "lines": _lines(outline, held["do"]), "people": [(s, held["people"].get(s.element, "")) for s in outline.steps.values()],
        "verbs": VERB_WORDS.items(), "places": _places(outline), "targets": _targets(row, outline),
        "crumbs": _crumbs(row, held["name"] or _("新测试用例")),
    }  # fmt: skip
    failed = request.method == "POST" and (faults or form.errors)
    return render(request, "flows/trial.html", context, status=422 if failed else 200)


def _initial(held: Mapping[str, Any]) -> dict[str, Any]:
    starter, expect = held["starter"], held["expect"]
    return {
        "name": held["name"], "tier": starter["tier"], "is_head": starter["is_head"], "urgent": held["urgent"],
        "outcome": expect["outcome"], "end": expect["end"], "path": " ".join(expect["path"]),
    }  # fmt: skip


def _sent(sent: QueryDict, said: Mapping[str, Any], values: CaseForm) -> dict[str, Any]:
    people = {
        k.removeprefix("people-"): int(v) for k, v in sent.items() if k.startswith("people-") and str(v).isdigit()
    }
    return {
        "name": said["name"], "starter": {"tier": said["tier"], "is_head": said["is_head"]}, "urgent": said["urgent"],
        "values": values.given(), "people": people, "do": list(_decisions(sent)),
        "expect": {"path": said["path"].split(), "end": said["end"], "outcome": said["outcome"]},
    }  # fmt: skip


def _decisions(sent: QueryDict) -> Any:
    for n in range(trials.LONGEST):
        verb = sent.get(f"verb-{n}")
        if verb is None:
            return
        if not verb:
            continue
        step, to = sent.get(f"step-{n}", ""), sent.get(f"to-{n}", "")
        count = sent.get(f"count-{n}", "")
        yield {
            "step": START if step == TO_START else step, "verb": verb, "count": int(count) if count.isdigit() else 0,
            "values": dict(_pairs(sent.get(f"values-{n}", ""))), "to": START if to == TO_START else (to or None),
            "straight": f"straight-{n}" in sent,
        }  # fmt: skip


def _pairs(text: str) -> Any:
    """What is entered with a decision, as ``code=value; code=value``."""
    for part in text.replace("；", ";").split(";"):
        code, sep, value = part.partition("=")
        if sep and code.strip():
            yield code.strip(), value.strip()


def _lines(outline: Outline, do: list[dict[str, Any]]) -> list[dict[str, Any]]:
    made = [
        {**d, "step": d["step"] or TO_START, "to": TO_START if d["to"] == START else d["to"] or "",
         "entered": "; ".join(f"{k}={v}" for k, v in d["values"].items())}
        for d in do
    ]  # fmt: skip
    return [*made, *({"verb": "", "count": 0, "step": "", "to": "", "entered": ""} for _n in range(SPARE))]


def _places(outline: Outline) -> list[tuple[str, str]]:
    """Where a decision may be taken: steps, the starter who mends, events that time runs for."""
    events = [
        (e, name or e)
        for e, (kind, name) in outline.elements.items()
        if kind in ("boundaryEvent", "intermediateCatchEvent")
    ]
    return [*((s.element, s.name) for s in outline.steps.values()), (TO_START, _("发起人补正")), *events]


def _targets(row: Definition, outline: Outline) -> list[tuple[str, str]]:
    """Where it may be sent back to, and messages that may come."""
    sent = [m.get("name") or m.get("id") for m in parse(row.bpmn).iterfind("bpmn:message", NS)]
    steps = [(s.element, s.name) for s in outline.steps.values()]
    return [
        ("", _("上一步")),
        (TO_START, name_of({}, START)),
        *steps,
        *((m, _("消息 %(name)s") % {"name": m}) for m in sent),
    ]


@require_POST
def act(request: HttpRequest, pk: UUID, verb: str) -> HttpResponse:
    """Delete one, take in a file, or make one of a past case."""
    actor, row = _row(request, pk)
    key = request.POST.get("key", "")[:60] or new_key()
    try:
        rows = _changed(request, actor, row, verb)
        trials.save_trials([row], actor=actor, key=key, trials=rows)
    except Invalid as fault:
        refused(request, fault)
    return redirect("flows:trials", pk)


def _changed(request: HttpRequest, actor: Actor, row: Definition, verb: str) -> list[dict[str, Any]]:
    if verb == "delete":
        return [t for t in row.trials if t["name"] != request.POST.get("name", "")]
    if verb == "import":
        upload = request.FILES.get("file")
        if upload is None or (upload.size or 0) > LARGEST:
            raise Invalid.one("file", _("请选择文件。"))
        found = trials.read_file(decoded(upload.read()))
        names = {t["name"] for t in found}
        return [*(t for t in row.trials if t["name"] not in names), *found]
    if verb == "past":
        return [*row.trials, made_of(actor, row, request.POST.get("case", ""), "")]
    raise Missing()


def made_of(actor: Actor, row: Definition, case_id: str, name: str) -> dict[str, Any]:
    """A test case of a past case of this process that the actor may see; named after it unless told."""
    try:
        pk = UUID(case_id)
    except ValueError as error:
        raise Missing() from error
    with opened(actor, pk) as case:
        if case.definition.code != row.code:
            raise Missing()
        return replaying.trial_of(case, name or _("按 %(number)s 重走") % {"number": case.number})


@require_GET
def download(request: HttpRequest, pk: UUID) -> HttpResponse:
    """All of them as JSON, to be kept beside the BPMN."""
    row = find(actor_of(request), pk, "")
    response = HttpResponse(trials.write_file(row.trials), content_type="application/json; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{slugify(row.code)}.tests.json"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


@require_GET
def replay(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Past cases that the actor may open, played by this edition."""
    actor = actor_of(request)
    row = find(actor, pk, "")
    actor.require("flows.case.view", actor.organ_path)
    _outline, runs = ready(row)
    asked = request.GET.get("n", "")
    most = int(asked) if asked in map(str, COUNTED) else COUNTED[0]
    found = replaying.replay(replaying.finished(actor, row, most), row) if runs else []
    context = {
        "row": row, "runs": runs, "most": most, "counted": COUNTED, "total": len(found),
        "rows": sorted((r for r in found if r.why), key=lambda r: r.is_odd),
        "other": sum(r.differs for r in found), "odd": sum(r.is_odd for r in found),
        "same": sum(not r.why for r in found), "crumbs": _crumbs(row, _("历史重放")),
    }  # fmt: skip
    return render(request, "flows/replay.html", context)
