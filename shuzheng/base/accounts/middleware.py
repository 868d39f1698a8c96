"""Deny by default: every view is for signed-in users unless it says otherwise (``@login_not_required``)."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRedirect

from shuzheng.base.accounts.signin import SESSION_KEY, facts_of

SEEN_EVERY = 60
"""Seconds between two notes of 'last seen': a write a minute and user, not one a request."""

RENEWING = {"account_change_password", "account_logout", "account_reauthenticate", "language"}
"""What a user may open whose password has to be new. With a second factor to be set up: the pages of it as well."""


class SignedInMiddleware(LoginRequiredMiddleware):
    """Sends those who aren't signed in to the sign-in page, and the others where the rules want them first.

    Leaves after idling, a password that is too old or was given by somebody else, a second factor that is required: asked
    of what the session remembers (``signin.facts_of``), without a query. The API answers for itself.
    """

    def process_request(self, request: HttpRequest) -> None:
        if request.user.is_authenticated and request.user.language:
            translation.activate(request.user.language)
            request.LANGUAGE_CODE = translation.get_language()

    def process_view(
        self, request: HttpRequest, view_func: Callable[..., Any], view_args: Any, view_kwargs: Any
    ) -> Any:
        if request.path.startswith("/api/"):
            return None
        if not request.user.is_authenticated:
            return super().process_view(request, view_func, view_args, view_kwargs)
        if not getattr(view_func, "login_required", True):
            return None
        facts = request.session.get(SESSION_KEY)
        if facts is None:
            facts = request.session[SESSION_KEY] = facts_of(request.user)
        now = int(time.time())
        if now - facts["seen"] > facts["idle"]:
            logout(request)
            messages.info(request, _("离开时间较长，已退出登录。"))
            return self.handle_no_permission(request, view_func)
        if now - facts["seen"] >= SEEN_EVERY:
            request.session[SESSION_KEY] = {**facts, "seen": now}
            UserSession.objects.filter(session_key=request.session.session_key).update(last_seen_at=timezone.now())
        return self._first(request, facts)

    def _first(self, request: HttpRequest, facts: dict[str, Any]) -> HttpResponse | None:
        """Where the user has to go before anything else, if anywhere."""
        name = request.resolver_match.url_name or ""
        if facts["until"] and facts["until"] <= timezone.now().isoformat() and name not in RENEWING:
            messages.warning(request, _("先更换密码，再继续使用。"))
            return go(request, reverse("account_change_password"))
        officer = getattr(request.actor, "officer", "")
        needed = facts["factor"] == "all" or (facts["factor"] == "officers" and officer)
        if needed and not facts["has"] and name not in RENEWING and not name.startswith("mfa_"):
            messages.warning(request, _("先设置第二因素（动态口令或通行密钥），再继续使用。"))
            return go(request, reverse("mfa_index"))
        return None

    def handle_no_permission(self, request: HttpRequest, view_func: Callable[..., Any]) -> HttpResponse:
        response = super().handle_no_permission(request, view_func)
        return go(request, response["Location"]) if request.htmx else response


def go(request: HttpRequest, url: str) -> HttpResponse:
    """A redirect of the whole page, also when only a fragment was asked for."""
    return HttpResponseClientRedirect(url) if request.htmx else redirect(url)
