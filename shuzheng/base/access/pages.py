"""Grants and requests for them, roles, sharing, accounts, and who may do what at a node."""

from __future__ import annotations

from collections import defaultdict
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from shuzheng.base.access import sharing as shares
from shuzheng.base.access.actions import ask_grants, decide_grants, define_roles, withdraw_grants
from shuzheng.base.access.actors import EVERY_POST
from shuzheng.base.access.delegation import permissions_of
from shuzheng.base.access.forms import AccountForm, AskForm, OfferForm, ReasonForm, RoleForm, ShareForm
from shuzheng.base.access.models import Grant, Role, RoleChange, Sharing
from shuzheng.base.access.officers import confirm_codes, reset_accounts
from shuzheng.base.accounts.account_actions import create_accounts, set_active, sign_out
from shuzheng.base.accounts.models import Account, Invitation, Post
from shuzheng.base.core.actor import Actor, actor_of
from shuzheng.base.core.registry import LINES, PERMISSIONS, ROLE_PERMISSIONS
from shuzheng.base.core.scope import Range
from shuzheng.base.org.models import Node
from shuzheng.base.portal.faults import put_faults
from shuzheng.kernel.errors import Invalid, Missing

PAGE = 50


def _page(request: HttpRequest, rows: QuerySet[Any]) -> Any:
    return Paginator(rows, PAGE).get_page(request.GET.get("page"))


def within(actor: Actor, permission: str, column: str = "path") -> Q:
    """Condition: the path in ``column`` lies where the actor holds ``permission``."""
    condition = Q(pk__in=[])
    for item in actor.grants.get(PERMISSIONS[permission].name, ()):
        condition |= Q(**{f"{column}__gte": item.lo, f"{column}__lt": item.hi})
    return condition


# Requests for grants


@require_http_methods(["GET", "POST"])
def changes(request: HttpRequest) -> HttpResponse:
    """Requests for grants: those that wait for me, those I made, and all that are closed."""
    actor = actor_of(request)
    actor.require("access.grant.view")
    form = AskForm(request.POST or None) if actor.may("access.grant.ask") else None
    if request.method == "POST" and form is None:
        actor.require("access.grant.ask")
    if form is not None and form.is_bound and form.is_valid():
        data = form.cleaned_data
        try:
            ask_grants(
                [data["post"]], actor=actor, key=request.POST.get("key", ""), role=data["role"], at=data["at"],
                valid=data["valid"], reason=data["reason"], verb=data["verb"],
            )  # fmt: skip
        except Invalid as fault:
            put_faults(form, fault)
        else:
            messages.success(request, _("已提交，等安全管理员审批。"))
            return redirect("access:changes")
    view = request.GET.get("view", "open")
    rows = RoleChange.objects.filter(within(actor, "access.grant.view")).select_related(
        "post__person", "post__node", "role", "at", "asked_by__person", "decided_by__person"
    )
    waiting = Q(state=RoleChange.State.ASKED)
    rows = rows.filter(waiting if view == "open" else ~waiting).order_by("-created_at", "-id")
    context = {
        "view": view,
        "page": _page(request, rows),
        "form": form,
        "may_decide": actor.may("access.grant.decide"),
        "counts": {"open": RoleChange.objects.filter(within(actor, "access.grant.view"), waiting).count()},
    }
    faulty = form is not None and form.is_bound and form.errors
    return render(request, "access/changes.html", context, status=422 if faulty else 200)


@require_http_methods(["POST"])
def change(request: HttpRequest, pk: UUID, verb: str) -> HttpResponse:
    """Approve, refuse or withdraw one request."""
    row = get_object_or_404(
        RoleChange.objects.select_related("post__person", "post__node__organ__division", "role", "at", "asked_by"),
        pk=pk,
    )
    actor, key = actor_of(request), request.POST.get("key", "")
    seen = {row.pk: int(request.POST["version"])} if request.POST.get("version", "").isdigit() else None
    if verb == "withdraw":
        withdraw_grants([row], actor=actor, key=key, seen=seen)
    else:
        decide_grants([row], actor=actor, key=key, seen=seen, verdict=verb, opinion=request.POST.get("opinion", ""))
    messages.success(request, {"approve": _("已批准。"), "refuse": _("已驳回。"), "withdraw": _("已撤回。")}[verb])
    return redirect("access:changes")


# Roles


@require_http_methods(["GET", "POST"])
def roles(request: HttpRequest) -> HttpResponse:
    """The roles and what each lets its holder do; a security officer defines further ones."""
    actor = actor_of(request)
    actor.require("access.role.view")
    form = RoleForm(request.POST or None) if actor.may("access.role.change") else None
    if request.method == "POST" and form is None:
        actor.require("access.role.change")
    if form is not None and form.is_bound and form.is_valid():
        data = form.cleaned_data
        try:
            define_roles(
                [data["at"]], actor=actor, code=data["code"], name=data["name"], permissions=data["permissions"]
            )
        except Invalid as fault:
            put_faults(form, fault)
        else:
            messages.success(request, _("角色“%s”已保存。") % data["name"])
            return redirect("access:roles")
    found = Role.objects.select_related("node").order_by("-is_shipped", "name")
    shown = [(role, [PERMISSIONS[p] for p in sorted(permissions_of(role)) if p in PERMISSIONS]) for role in found]
    faulty = form is not None and form.is_bound and form.errors
    return render(request, "access/roles.html", {"roles": shown, "form": form}, status=422 if faulty else 200)


# Sharing


@require_http_methods(["GET", "POST"])
def sharing(request: HttpRequest) -> HttpResponse:
    """What is shared by us and with us, requests that wait, and the owners' words on how data is shared."""
    actor = actor_of(request)
    actor.require("access.sharing.view")
    verb = request.POST.get("verb", "")
    ask_form = ShareForm(request.POST if verb == "ask" else None, prefix="ask")
    offer_form = OfferForm(request.POST if verb == "offer" else None, prefix="offer")
    form = {"ask": ask_form, "offer": offer_form}.get(verb)
    if request.method == "POST" and form is None:
        raise Missing
    if form is not None and form.is_valid():
        try:
            _share(actor, verb, form.cleaned_data)
        except Invalid as fault:
            put_faults(form, fault)
        else:
            messages.success(request, _("已提交申请。") if verb == "ask" else _("已登记。"))
            return redirect("access:sharing")
    mine = Q(to=actor.organ_id) | within(actor, "access.sharing.view") | within(actor, "access.sharing.decide")
    rows = Sharing.objects.select_related("node", "to", "asked_by__person", "decided_by__person")
    catalogue = rows.filter(to=None, state=Sharing.State.ACTIVE, valid__contains=timezone.localdate())
    context = {
        "page": _page(request, rows.filter(mine, to__isnull=False).order_by("-created_at", "-id")),
        "catalogue": catalogue.order_by("path", "line")[:200],
        "lines": {line.name: _(line.label) for line in LINES.values()},
        "ask_form": ask_form if actor.may("access.sharing.ask") else None,
        "offer_form": offer_form if actor.may("access.sharing.decide") else None,
        "today": timezone.localdate(),
    }
    return render(request, "access/sharing.html", context, status=422 if form is not None and form.errors else 200)


def _share(actor: Actor, verb: str, data: dict[str, Any]) -> None:
    said = {
        "line": data["line"],
        "shared": data["shared"] or data["owner"],
        "valid": data["valid"],
        "purpose": data["purpose"],
    }
    if verb == "ask":
        shares.ask([data["owner"]], actor=actor, **said)
    else:
        shares.offer([data["owner"]], actor=actor, mode=data["mode"], to=data["to"], **said)


@require_http_methods(["POST"])
def share(request: HttpRequest, pk: UUID, verb: str) -> HttpResponse:
    """Approve, refuse or end one sharing."""
    row = get_object_or_404(Sharing.objects.select_related("node", "to", "asked_by"), pk=pk)
    actor, opinion = actor_of(request), request.POST.get("opinion", "")
    if verb == "end":
        shares.end([row], actor=actor, reason=opinion)
    else:
        shares.decide([row], actor=actor, verdict=verb, opinion=opinion)
    messages.success(request, {"approve": _("已批准。"), "refuse": _("已驳回。"), "end": _("已终止。")}[verb])
    return redirect("access:sharing")


# Accounts


@never_cache
@require_http_methods(["GET", "POST"])
def accounts(request: HttpRequest) -> HttpResponse:
    """Accounts of the people one looks after: open, disable, reset, sign out; codes of officers that wait for a second."""
    actor = actor_of(request)
    actor.require("accounts.account.view")
    form = AccountForm(request.POST or None) if actor.may("accounts.account.create") else None
    code: tuple[Account, str] | None = None
    if request.method == "POST" and form is None:
        actor.require("accounts.account.create")
    if form is not None and form.is_bound and form.is_valid():
        person, name = form.cleaned_data["number"], form.cleaned_data["username"]
        try:
            [account] = create_accounts([person], actor=actor, usernames=[name] if name else ())
            code, form = (account, account.code), AccountForm()
        except Invalid as fault:
            put_faults(form, fault)
    return _accounts(request, actor, form, code)


def _accounts(
    request: HttpRequest, actor: Actor, form: AccountForm | None, code: tuple[Account, str] | None = None
) -> HttpResponse:
    text = request.GET.get("q", "").strip()
    rows = Account.objects.filter(within(actor, "accounts.account.view", "person__path")).select_related("person__node")
    if text:
        rows = rows.filter(Q(username__startswith=text.lower()) | Q(person__name=text) | Q(person__number=text))
    now = timezone.now()
    waiting = Invitation.objects.filter(needs_second=True, confirmed_by=None, used_at=None, expires_at__gt=now)
    context = {
        "page": _page(request, rows.order_by("person__path", "person__pinyin", "id")),
        "q": text,
        "form": form,
        "code": code,
        "waiting": set(waiting.values_list("account_id", flat=True)),
        "may": {v: actor.may(f"accounts.account.{v}") for v in ("change", "reset", "signout")},
        "may_confirm": actor.may("accounts.invitation.confirm"),
    }
    return render(request, "access/accounts.html", context, status=422 if form is not None and form.errors else 200)


@never_cache
@require_http_methods(["POST"])
def account(request: HttpRequest, pk: UUID, verb: str) -> HttpResponse:
    """One account: ``disable``, ``enable``, ``reset``, ``signout``, ``confirm``."""
    actor = actor_of(request)
    actor.require("accounts.account.view")
    reach = Account.objects.filter(within(actor, "accounts.account.view", "person__path"))
    row = get_object_or_404(reach.select_related("person"), pk=pk)
    reason = ReasonForm(request.POST)
    said = reason.cleaned_data["reason"] if reason.is_valid() else ""
    if verb in ("disable", "enable"):
        set_active([row], actor=actor, reason=said, active=verb == "enable")
        messages.success(request, _("账号已启用。") if verb == "enable" else _("账号已停用，登录已全部退出。"))
    elif verb == "signout":
        sign_out([row], actor=actor, reason=said)
        messages.success(request, _("已强制下线。"))
    elif verb == "confirm":
        confirm_codes([row], actor=actor)
        messages.success(request, _("一次性码已核准，可以使用。"))
    else:
        [done] = reset_accounts([row], actor=actor, reason=said, factors=bool(request.POST.get("factors")))
        return _accounts(
            request, actor, AccountForm() if actor.may("accounts.account.create") else None, (done, done.code)
        )
    return redirect("access:accounts")


# Who may do what


@require_safe
def who(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Who may do what at a node: each post that holds a role there, from when to when, and what the role lets it do."""
    actor = actor_of(request)
    node = get_object_or_404(Node, pk=pk)
    actor.require("access.grant.view", node.path)
    today = timezone.localdate()
    asked = Range.subtree(node.path)
    grants = Grant.objects.filter(valid__contains=today, post__valid__contains=today).select_related(
        "post__person", "post__node__organ", "role", "at"
    )
    here = [grant for grant in grants.filter(_above(node.path)) if Range.subtree(grant.at_path).covers(asked)]
    permission = request.GET.get("permission", "")
    if permission and permission not in PERMISSIONS:
        raise Missing(_("没有权限 %s。") % permission)
    if permission:
        here = [grant for grant in here if permission in permissions_of(grant.role)]
    by_role: dict[Role, list[Grant]] = defaultdict(list)
    for grant in sorted(here, key=lambda g: (-g.role.is_shipped, g.role.name, g.post.person.pinyin)):
        by_role[grant.role].append(grant)
    organ = node.organ or node
    staff = Post.objects.filter(node__organ=organ, valid__contains=today).count() if node.kind != "division" else 0
    context = {
        "node": node,
        "groups": [(role, rows, sorted(permissions_of(role))) for role, rows in by_role.items()],
        "choices": sorted(PERMISSIONS.values(), key=lambda p: p.name),
        "permission": permission,
        "staff": staff,
        "staff_permissions": sorted(ROLE_PERMISSIONS.get(EVERY_POST, ())),
    }
    return render(request, "access/who.html", context)


def _above(path: str) -> Q:
    """Grants whose place is ``path`` or above it: every prefix of the path, segment by segment."""
    parts = path.strip("/").split("/") if path else []
    return Q(at_path__in=["", *("/".join(parts[: n + 1]) + "/" for n in range(len(parts)))])


urlpatterns = [
    path("changes/", changes, name="changes"),
    *[
        path(f"changes/<uuid:pk>/{v}/", change, {"verb": v}, name=f"change_{v}")
        for v in ("approve", "refuse", "withdraw")
    ],
    path("roles/", roles, name="roles"),
    path("sharing/", sharing, name="sharing"),
    *[path(f"sharing/<uuid:pk>/{v}/", share, {"verb": v}, name=f"share_{v}") for v in ("approve", "refuse", "end")],
    path("accounts/", accounts, name="accounts"),
    *[
        path(f"accounts/<uuid:pk>/{v}/", account, {"verb": v}, name=f"account_{v}")
        for v in ("disable", "enable", "reset", "signout", "confirm")
    ],
    path("who/<uuid:pk>/", who, name="who"),
]
