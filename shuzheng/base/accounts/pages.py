"""One's own pages (profile, sessions, tokens, switches), the page for a one-time code, the rules of sign-in, import of people."""

from __future__ import annotations

from uuid import UUID

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils import timezone, translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from shuzheng.base.accounts import account_actions, actions, imports
from shuzheng.base.accounts.forms import (
    ContactForm,
    InvitationForm,
    PeopleImportForm,
    PolicyForm,
    TokenForm,
    UnmaskForm,
)
from shuzheng.base.accounts.models import Account, ApiToken, PasswordPolicy, Person, PersonContact, Post
from shuzheng.base.accounts.passwords import policy as rules_of_today
from shuzheng.base.accounts.signin import accept_invitation, has_factor
from shuzheng.base.core.actor import actor_of
from shuzheng.base.org.models import Node
from shuzheng.base.portal.faults import put_faults
from shuzheng.kernel.errors import Invalid, Missing

DENSITIES = ("compact", "standard", "relaxed")


def back(request: HttpRequest, default: str = "/") -> HttpResponse:
    """Back to the page that asked (``next``), if it is one of ours."""
    target = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return redirect(target if safe else default)


def _account(request: HttpRequest) -> Account:
    """The row behind the lazy user of the request, with its person."""
    return Account.objects.select_related("person").get(pk=request.user.pk)


# Switches


@require_POST
def act_in(request: HttpRequest, post: UUID | None = None) -> HttpResponse:
    """Act in another of one's posts from the next request on (``post`` in the address or in the form)."""
    try:
        asked = post or UUID(request.POST.get("post", ""))
    except ValueError:
        raise Missing from None
    if asked not in {held.id for held in request.posts}:
        raise Missing(_("您现在没有这个岗位。"))
    actions.change_profile([_account(request)], actor=actor_of(request), acting_post=asked)
    return back(request)


@login_not_required
@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Switch the language: kept with the account when signed in, in a cookie in any case."""
    code = request.POST.get("language", "")
    if code not in dict(settings.LANGUAGES):
        raise Missing(_("没有这种语言。"))
    if request.actor is not None:
        actions.change_profile([_account(request)], actor=request.actor, language=code)
    translation.activate(code)
    response = back(request)
    response.set_cookie(settings.LANGUAGE_COOKIE_NAME, code, max_age=365 * 86400, httponly=True, samesite="Lax")
    return response


@require_POST
def density(request: HttpRequest) -> HttpResponse:
    """Switch the height of rows."""
    value = request.POST.get("density", "")
    if value not in DENSITIES:
        raise Missing(_("没有这种疏密。"))
    actions.change_profile([_account(request)], actor=actor_of(request), density=value)
    return HttpResponse(status=204) if request.htmx or not request.POST.get("next") else back(request)


# One's own


def _own_contact(person: Person) -> PersonContact:
    found = PersonContact.objects.filter(person=person).first()
    if found is None:
        found = PersonContact(person=person)
        found.node_id, found.path = person.node_id, person.path
    return found


@require_http_methods(["GET", "POST"])
def me(request: HttpRequest) -> HttpResponse:
    """My profile: posts, language, contact data, and the ways to the pages on security."""
    actor = actor_of(request)
    account = _account(request)
    contact = _own_contact(account.person)
    writable = actor.may("accounts.contact.change", contact.path)
    form = ContactForm(request.POST or None, initial={"email": contact.email})
    if request.method == "POST":
        if not writable:
            actor.require("accounts.contact.change", contact.path)
        if form.is_valid():
            given = {name: form.cleaned_data[name] for name in form.changed_data}
            try:
                actions.change_contacts([contact], actor=actor, **given)
            except Invalid as fault:
                put_faults(form, fault)
            else:
                messages.success(request, _("联系方式已保存。"))
                return redirect("accounts:me")
    posts = Post.objects.filter(person=account.person).select_related("node__organ").order_by("-is_main", "valid")
    context = {
        "account": account,
        "posts": posts,
        "today": timezone.localdate(),
        "held": {held.id for held in request.posts},
        "contact": actions.masked(contact),
        "writable": writable,
        "form": form,
        "factor": has_factor(account),
        "languages": settings.LANGUAGES,
        "sessions": UserSession.objects.filter(user=account).count(),
    }
    return render(request, "accounts/me.html", context, status=422 if form.is_bound and form.errors else 200)


@require_http_methods(["GET", "POST"])
def sessions(request: HttpRequest) -> HttpResponse:
    """Where I am signed in; ``id`` ends one of them, ``others`` all but this one."""
    mine = UserSession.objects.purge_and_list(request.user)
    if request.method == "POST":
        wanted = [
            s
            for s in mine
            if not s.is_current() and (request.POST.get("others") or str(s.pk) == request.POST.get("id"))
        ]
        if not wanted:
            raise Missing(_("没有可以退出的登录。"))
        for session in wanted:
            session.end()
        messages.success(request, _("已退出 %d 处登录。") % len(wanted))
        return redirect("accounts:sessions")
    rows = sorted(mine, key=lambda s: (s.is_current(), s.last_seen_at), reverse=True)
    return render(request, "accounts/sessions.html", {"rows": rows})


@require_http_methods(["GET", "POST"])
@never_cache
def tokens(request: HttpRequest) -> HttpResponse:
    """My API tokens: issue one for the post I act in, revoke mine."""
    actor = actor_of(request)
    raw = ""
    form = TokenForm(request.POST or None, actor=actor) if "name" in request.POST else TokenForm(actor=actor)
    if request.method == "POST" and request.POST.get("revoke"):
        token = get_object_or_404(ApiToken, pk=request.POST["revoke"], post=actor.id)
        account_actions.revoke_tokens([token], actor=actor)
        messages.success(request, _("令牌已吊销。"))
        return redirect("accounts:tokens")
    if form.is_bound and form.is_valid():
        post = Post.objects.get(pk=actor.id)
        try:
            [made] = account_actions.issue_own([post], actor=actor, account=_account(request), **form.values())
            raw = made.raw
            form = TokenForm(actor=actor)
        except Invalid as fault:
            put_faults(form, fault)
    rows = ApiToken.objects.filter(post=actor.id, kind=ApiToken.Type.PERSONAL).order_by("-created_at")
    context = {"rows": rows, "form": form, "raw": raw, "now": timezone.now()}
    return render(request, "accounts/tokens.html", context, status=422 if form.is_bound and form.errors else 200)


# One-time codes


@login_not_required
@never_cache
@sensitive_post_parameters("code", "password", "again")
@require_http_methods(["GET", "POST"])
def invitation(request: HttpRequest) -> HttpResponse:
    """Set the password with a one-time code, then sign in with it."""
    form = InvitationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            accept_invitation(data["username"], data["code"], data["password"])
        except Invalid as fault:
            put_faults(form, fault)
        else:
            messages.success(request, _("密码已设好，用它登录。"))
            return redirect("account_login")
    return render(request, "accounts/invitation.html", {"form": form}, status=422 if form.is_bound else 200)


# Contact data of others


@require_POST
@never_cache
def unmask(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Contact data of a person in clear, for a reason that the trail keeps."""
    contact = get_object_or_404(PersonContact.objects.select_related("person"), person=pk)
    form = UnmaskForm(request.POST)
    shown: dict[str, str] = {}
    if form.is_valid():
        shown = actions.unmask(contact, actor=actor_of(request), reason=form.cleaned_data["reason"])
    else:
        actor_of(request).require("accounts.contact.unmask", contact.path)
    context = {"person": contact.person, "shown": shown, "form": form}
    return render(request, "accounts/unmasked.html", context, status=200 if shown else 422)


# Rules of sign-in


@require_http_methods(["GET", "POST"])
def policy(request: HttpRequest) -> HttpResponse:
    """The rules of sign-in: as they are, as they will be, and as they were."""
    actor = actor_of(request)
    actor.require("accounts.policy.view")
    writable = actor.may("accounts.policy.change", "")
    today = rules_of_today()
    form = PolicyForm(request.POST or None, instance=PasswordPolicy(), initial=_as_initial(today)) if writable else None
    if request.method == "POST":
        if form is None:
            actor.require("accounts.policy.change", "")
            raise PermissionDenied
        if form.is_valid():
            try:
                account_actions.change_policy([Node.objects.get(path="")], actor=actor, **form.cleaned_data)
            except Invalid as fault:
                put_faults(form, fault)
            else:
                messages.success(request, _("登录规则自 %s 起启用。") % form.cleaned_data["valid_from"])
                return redirect("accounts:policy")
    context = {
        "today": today,
        "shown": [
            (f.verbose_name, _said(today, f.name)) for f in today._meta.fields if f.name in PolicyForm.Meta.fields
        ],
        "others": PasswordPolicy.objects.exclude(pk=today.pk).order_by("-valid_from"),
        "form": form,
    }
    faulty = form is not None and form.is_bound and form.errors
    return render(request, "accounts/policy.html", context, status=422 if faulty else 200)


def _as_initial(rules: PasswordPolicy) -> dict[str, object]:
    values = {name: getattr(rules, name) for name in PolicyForm.Meta.fields}
    return {**values, "valid_from": timezone.localdate()}


def _said(rules: PasswordPolicy, name: str) -> object:
    return rules.get_second_factor_display() if name == "second_factor" else getattr(rules, name)


# Import


@require_http_methods(["GET", "POST"])
def import_people(request: HttpRequest) -> HttpResponse:
    """People with posts from a sheet. First a dry run with all faults; nothing is written unless all rows are right."""
    actor = actor_of(request)
    actor.require(imports.PERMISSION)
    form = PeopleImportForm(request.POST or None, request.FILES or None)
    plan = None
    if request.method == "POST" and form.is_valid():
        upload = form.cleaned_data["file"]
        try:
            plan = imports.read_people(upload.read(), upload.name, actor=actor)
            done = imports.import_people(
                plan, actor=actor, key=request.POST.get("key", ""), partly=form.cleaned_data["partly"]
            )
        except Invalid as fault:
            if plan is None or not plan.faults:
                put_faults(form, fault)
        else:
            messages.success(request, _("已导入 %d 人。") % len(done))
            return redirect(reverse("accounts:import"))
    context = {"form": form, "plan": plan, "faults": plan.faults[:500] if plan else []}
    return render(request, "accounts/import.html", context, status=422 if form.is_bound else 200)


urlpatterns = [
    path("me/", me, name="me"),
    path("me/sessions/", sessions, name="sessions"),
    path("me/tokens/", tokens, name="tokens"),
    path("act-in/", act_in, name="act_in"),
    path("act-in/<uuid:post>/", act_in, name="act_in_post"),
    path("language/", language, name="language"),
    path("density/", density, name="density"),
    path("code/", invitation, name="invitation"),
    path("people/<uuid:pk>/unmask/", unmask, name="unmask"),
    path("people/import/", import_people, name="import"),
    path("policy/", policy, name="policy"),
]
