"""The frame of every page (``portal.shell.Shell``) for the actor of the request: no query but the count of unread notices."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from shuzheng.base.core.actor import Actor
from shuzheng.base.core.manifest import MANIFESTS, AppManifest
from shuzheng.base.desk.menus import app_menu, rail
from shuzheng.base.notify.receipts import unread
from shuzheng.base.portal.shell import Identity, MenuItem, Person, PostChoice, Shell
from shuzheng.base.registers.declare import REGISTERS

TIERS = {1: "nation", 2: "province", 3: "prefecture", 4: "county"}


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context processor. Lazy: a page without the frame (an API answer, a fragment) pays nothing."""
    return {"shell": SimpleLazyObject(lambda: build(request))}


def build(request: HttpRequest) -> Shell:
    """The frame; for a visitor who is not signed in only language and demo mark."""
    actor: Actor | None = getattr(request, "actor", None)
    language = (get_language() or "zh-hans").lower()
    common = {"demo": settings.DEMO, "language": language, "language_url": reverse("accounts:language")}
    if actor is None or not request.user.is_authenticated:  # a program with a token is nobody's browser
        return Shell(**common)
    manifest = _app_of(request)
    new = unread(actor)
    return Shell(
        **common,
        identity=Identity(actor.organ_name, actor.post_name, TIERS[actor.tier]),
        person=Person(actor.name, request.user.get_username()),
        posts=tuple(
            PostChoice(str(p.id), p.organ, p.name, TIERS[p.tier], active=p.id == actor.id) for p in request.posts
        ),
        boards=rail(actor, request.path),
        menu=app_menu(actor, manifest, request.path) if manifest else None,
        bottom=_bottom(request.path, new),
        account=_account(),
        notice_count=new,
        density=request.user.density or "standard",
        active=manifest.name if manifest else "",
        help_url=reverse("desk:help"),
        search_url=reverse("search:results"),
        suggest_url=reverse("search:suggest"),
        switch_url=reverse("accounts:act_in"),
        notices_url=reverse("notify:notices"),
        live_url=reverse("notify:live"),
        density_url=reverse("accounts:density"),
    )


def _app_of(request: HttpRequest) -> AppManifest | None:
    """The app that the page belongs to: by the url's namespace; a register's page belongs to the app that declares it."""
    match = request.resolver_match
    if match is None or not match.namespaces:
        return None
    name = match.namespaces[0]
    if name == "registers" and (register := match.kwargs.get("register")) in REGISTERS:
        name = REGISTERS[register].app
    return MANIFESTS.get(name)


def _bottom(path: str, new: int) -> tuple[MenuItem, ...]:
    """The phone's bar of five."""
    entries = (
        (_("工作台"), "/", "layout-dashboard", None),
        (_("待办"), reverse("desk:todos"), "checklist", None),
        (_("扫一扫"), reverse("desk:scan"), "scan", None),
        (_("消息"), reverse("notify:notices"), "message-2", new or None),
        (_("我的"), reverse("accounts:me"), "user", None),
    )
    return tuple(MenuItem(label, url, icon, active=path == url, count=count) for label, url, icon, count in entries)


def _account() -> tuple[MenuItem, ...]:
    return (
        MenuItem(_("我的资料"), reverse("accounts:me"), "user"),
        MenuItem(_("登录与安全"), reverse("mfa_index"), "shield-lock"),
        MenuItem(_("登录的设备"), reverse("accounts:sessions"), "devices"),
        MenuItem(_("接口令牌"), reverse("accounts:tokens"), "key"),
        MenuItem(_("退出登录"), reverse("account_logout"), "logout", post=True),
    )
