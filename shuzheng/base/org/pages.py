"""Pages of the tree: as it was on a day, one node, differences between two days, reorganisation, institutions in and out."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from shuzheng.base.core.action import new_key
from shuzheng.base.core.actor import Actor, actor_of
from shuzheng.base.core.registry import LINES
from shuzheng.base.org import actions
from shuzheng.base.org.competence import set_competence
from shuzheng.base.org.files import import_institutions, spooled_export, spooled_template
from shuzheng.base.org.forms import FORMS, ChangeForm, CompetenceForm, FileForm, label_of
from shuzheng.base.org.history import ancestors_on, children_on, diff, node_on, path_of, search_on
from shuzheng.base.org.institutions import PERMISSION, read_institutions
from shuzheng.base.org.models import Competence, Node, NodeKind, NodeVersion, OrganProfile, Reorganisation
from shuzheng.base.org.preview import preview
from shuzheng.base.portal.faults import put_faults
from shuzheng.kernel.errors import Invalid, Missing

BRANCH = 200
"""Children shown at once; a county has thousands of institutions."""
PAGE = 50

VERBS = dict(Reorganisation.Verb.choices)


def _day(request: HttpRequest, name: str = "on") -> date:
    try:
        return parse_date(request.GET.get(name, "")) or timezone.localdate()
    except ValueError:
        return timezone.localdate()


def _looker(request: HttpRequest) -> Actor:
    actor = actor_of(request)
    actor.require("org.node.view")
    return actor


def _shared(on: date) -> dict[str, Any]:
    today = timezone.localdate()
    return {"on": on, "today": today, "past": on != today}


@require_safe
def tree(request: HttpRequest) -> HttpResponse:
    """The tree on a day: the nation opened, all below it fetched branch by branch. With ``q`` what was found instead."""
    actor = _looker(request)
    on, text = _day(request), request.GET.get("q", "").strip()
    context = {**_shared(on), "q": text}
    if text:
        found = search_on(text, on, limit=50)
        above = ancestors_on([n.id for n in found], on)
        context["found"] = [(node, above.get(node.id, [])) for node in found]
        part = "org/found.html" if request.headers.get("HX-Request") else "org/tree.html"
        return render(request, part, context)
    roots = children_on(None, on)
    context["may_import"] = actor.may(PERMISSION)
    context |= {"roots": roots, "nodes": children_on(roots[0].id, on, limit=BRANCH) if roots else []}
    return render(request, "org/tree.html", context)


@require_safe
def children(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A branch of the tree, ``BRANCH`` nodes at a time."""
    _looker(request)
    on = _day(request)
    start = int(request.GET["start"]) if request.GET.get("start", "").isdigit() else 0
    nodes = children_on(pk, on, limit=BRANCH + 1, offset=start)
    more = start + BRANCH if len(nodes) > BRANCH else 0
    context = {**_shared(on), "nodes": nodes[:BRANCH], "more": more, "parent_id": pk}
    return render(request, "org/branch.html", context)


@require_safe
def suggest(request: HttpRequest) -> HttpResponse:
    """What a field for a node may be filled with: options for its list."""
    _looker(request)
    on = timezone.localdate()
    text = next((v for k, v in request.GET.items() if k in ("q", "to", "into")), "")
    found = search_on(text.split(" · ")[0], on, limit=12)
    paths = dict(Node.objects.filter(pk__in=[n.id for n in found]).values_list("pk", "path"))
    return render(request, "org/options.html", {"options": [label_of(n.name, paths[n.id]) for n in found]})


@require_safe
def node(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One node on a day: what it was, where it stood, what it was called, who is competent, what may be done with it."""
    actor = _looker(request)
    on = _day(request)
    row = get_object_or_404(Node, pk=pk)
    then = node_on(pk, on)
    above = ancestors_on([pk], on).get(pk, [])
    history = NodeVersion.objects.filter(node=pk).select_related("parent", "successor").order_by("-valid")
    spans = Competence.objects.filter(division=pk).select_related("organ").order_by("line", "-valid")
    profile = OrganProfile.objects.filter(node=pk).first() if actor.may("org.profile.view", row.path) else None
    context = {
        **_shared(on), "node": row, "then": then, "above": above, "history": history,
        "path_then": path_of([*above, then]) if then else "",
        "children": children_on(pk, on, limit=BRANCH),
        "competence": [(_(LINES[c.line].label), c, on in c.valid) for c in spans if c.line in LINES],
        "may_name": not row.valid_to and row.kind == NodeKind.DIVISION and actor.may("org.competence.change", row.path),
        "profile": profile,
        "planned": Reorganisation.objects.filter(node=pk, state=Reorganisation.State.PLANNED).order_by("on"),
        "verbs": [] if row.valid_to else verbs_for(actor, row),
    }  # fmt: skip
    return render(request, "org/node.html", context)


def verbs_for(actor: Actor, row: Node) -> list[tuple[str, str]]:
    """The verbs that the actor may use on a node: the right must hold above it (of a creation: at it)."""
    above = row.parent.path if row.parent else row.path
    found = []
    for verb, label in VERBS.items():
        place = row.path if verb == Reorganisation.Verb.CREATE else above
        if verb != Reorganisation.Verb.CREATE and row.parent is None:
            continue
        if actor.may(f"org.node.{verb}", place):
            found.append((verb, label))
    return found


@require_safe
def differences(request: HttpRequest) -> HttpResponse:
    """What changed in the tree between two days."""
    _looker(request)
    second = _day(request, "to")
    first = _day(request, "from")
    if first >= second:
        first = second - timedelta(days=365)
    found = diff(first, second)
    successors = Node.objects.in_bulk({d.successor_id for d in found if d.successor_id})
    page = Paginator([(d, successors.get(d.successor_id)) for d in found], PAGE).get_page(request.GET.get("page"))
    context = {**_shared(second), "first": first, "second": second, "page": page, "total": len(found)}
    return render(request, "org/differences.html", context)


# Reorganisation


@require_safe
def reorganisations(request: HttpRequest) -> HttpResponse:
    """Changes that are planned, were applied, or were cancelled, where the actor may see them."""
    actor = actor_of(request)
    actor.require("org.reorganisation.view")
    state = request.GET.get("view", Reorganisation.State.PLANNED)
    if state not in Reorganisation.State.values:
        raise Missing
    order = ("on", "id") if state == Reorganisation.State.PLANNED else ("-on", "-id")
    rows = Reorganisation.objects.filter(state=state).select_related("node").order_by(*order)
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    tabs = [(value, label, value == state) for value, label in Reorganisation.State.choices]
    may = {verb: actor.may(f"org.reorganisation.{verb}") for verb in ("apply", "cancel")}
    context = {"page": page, "tabs": tabs, "view": state, "may": may, "today": timezone.localdate()}
    return render(request, "org/reorganisations.html", context)


@require_http_methods(["POST"])
def decide(request: HttpRequest, pk: UUID, verb: str) -> HttpResponse:
    """Carry out a planned change whose day has come, or take it back."""
    actor = actor_of(request)
    row = get_object_or_404(Reorganisation.objects.select_related("node"), pk=pk)
    seen = {row.pk: int(request.POST["version"])} if request.POST.get("version", "").isdigit() else None
    run = actions.apply_reorganisations if verb == "apply" else actions.cancel_reorganisations
    run([row], actor=actor, seen=seen)
    messages.success(request, _("已生效。") if verb == "apply" else _("已取消。"))
    return redirect("org:reorganisations")


@require_http_methods(["GET", "POST"])
def reorganise(request: HttpRequest, pk: UUID, verb: str) -> HttpResponse:
    """One change of one node: fields, then what it touches, then apply or plan."""
    actor = actor_of(request)
    row = get_object_or_404(Node.objects.select_related("parent"), pk=pk)
    if verb not in FORMS or verb not in dict(verbs_for(actor, row)):
        above = row.parent.path if row.parent and verb != Reorganisation.Verb.CREATE else row.path
        actor.require(f"org.node.{verb}", above)
        raise Missing
    form = FORMS[verb](row, request.POST or None)
    seen = None
    if form.is_bound and form.is_valid():
        try:
            seen = preview(verb, [row], on=form.cleaned_data["on"], actor=actor, values=form.values())
            if seen.faults:
                put_faults(form, Invalid(faults=seen.faults))
            if request.POST.get("step") == "do" and not seen.faults:
                _carry_out(verb, row, form, actor, request.POST.get("key", ""))
                planned = _("已列入计划，到期自动生效。")
                messages.success(request, planned if seen.planned else _("已生效。"))
                done = Node.objects.filter(pk=row.pk, valid_to=None).exists()
                return redirect("org:node", row.pk) if done else redirect("org:tree")
        except Invalid as fault:
            put_faults(form, fault)
    context = {
        **_shared(timezone.localdate()), "node": row, "verb": verb, "label": VERBS[verb], "form": form,
        "seen": seen if seen and not seen.faults and not form.errors else None, "key": new_key(),
    }  # fmt: skip
    return render(request, "org/reorganise.html", context, status=422 if form.is_bound and form.errors else 200)


def _carry_out(verb: str, row: Node, form: ChangeForm, actor: Actor, key: str) -> None:
    given = {"actor": actor, "key": key, "on": form.cleaned_data["on"], "basis": form.cleaned_data["basis"]}
    facts = form.facts()
    match verb:
        case "create":
            actions.create_nodes([form.draft()], **given)
        case "rename":
            actions.rename_nodes([row], **given, **facts)
        case "move":
            actions.move_nodes([row], **given, to=facts["to"], codes={row.pk: facts["code"]})
        case "merge":
            actions.merge_nodes([row], **given, **facts)
        case "split":
            actions.split_nodes([row], **given, **facts)
        case "abolish":
            actions.abolish_nodes([row], **given, **facts)


# Institutions in and out


@require_http_methods(["GET", "POST"])
def import_page(request: HttpRequest) -> HttpResponse:
    """Institutions from a sheet: check first, then import. The answer to htmx is the result alone, so the file stays chosen."""
    actor = actor_of(request)
    actor.require(PERMISSION)
    form = FileForm(request.POST or None, request.FILES or None)
    context: dict[str, Any] = {"form": form}
    status = 200
    if form.is_bound and form.is_valid():
        try:
            file = form.cleaned_data["file"]
            plan = read_institutions(file.read(), file.name, actor=actor)
            context["plan"] = plan
            status = 422 if plan.faults else 200
            if request.POST.get("step") == "do":
                partly = form.cleaned_data["partly"]
                done = import_institutions(plan, actor=actor, on=form.cleaned_data["on"], partly=partly)
                context["done"], status = len(done), 200
        except Invalid as fault:
            context["fault"], status = fault, 422
    elif form.is_bound:
        status = 422
    part = "org/imported.html" if request.headers.get("HX-Request") else "org/import.html"
    return render(request, part, context, status=status)


@require_safe
def template(request: HttpRequest) -> FileResponse:
    """An empty sheet to fill in."""
    actor_of(request).require(PERMISSION)
    return FileResponse(spooled_template(), as_attachment=True, filename=_("机构导入模板.xlsx"))


@require_safe
def export(request: HttpRequest, kind: str) -> FileResponse:
    """The institutions at and below a node (the actor's division unless ``node`` names another)."""
    actor = _looker(request)
    given = request.GET.get("node", "")
    try:
        within = get_object_or_404(Node, pk=UUID(given)).path if given else actor.division
    except ValueError as fault:
        raise Missing from fault
    return FileResponse(spooled_export(kind, within), as_attachment=True, filename=_("机构.%(kind)s") % {"kind": kind})


@require_http_methods(["GET", "HEAD", "POST"])
def competence(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Name the competent authority of a business line in a division, from a day."""
    actor = _looker(request)
    row = get_object_or_404(Node, pk=pk, kind=NodeKind.DIVISION)
    actor.require("org.competence.change", row.path)
    form = CompetenceForm(request.POST or None, initial={"on": timezone.localdate(), "line": request.GET.get("line")})
    if request.method == "POST" and form.is_valid():
        try:
            set_competence([row], actor=actor, **form.cleaned_data)
        except Invalid as fault:
            put_faults(form, fault)
        else:
            messages.success(request, _("主管部门已设置"))
            return redirect("org:node", pk)
    return render(request, "org/competence.html", {"node": row, "form": form}, status=422 if form.errors else 200)


urlpatterns = [
    path("tree/", tree, name="tree"),
    path("tree/<uuid:pk>/children/", children, name="children"),
    path("nodes/suggest/", suggest, name="suggest"),
    path("nodes/<uuid:pk>/", node, name="node"),
    path("nodes/<uuid:pk>/competence/", competence, name="competence"),
    *[path(f"nodes/<uuid:pk>/{verb}/", reorganise, {"verb": verb}, name=verb) for verb in VERBS],
    path("differences/", differences, name="differences"),
    path("changes/", reorganisations, name="reorganisations"),
    *[
        path(f"changes/<uuid:pk>/{verb}/", decide, {"verb": verb}, name=f"change_{verb}")
        for verb in ("apply", "cancel")
    ],
    path("import/", import_page, name="import"),
    path("import/template/", template, name="template"),
    path("export.xlsx", export, {"kind": "xlsx"}, name="export"),
    path("export.csv", export, {"kind": "csv"}, name="export_csv"),
]
