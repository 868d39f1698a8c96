"""Locks against guessing: after five wrong tries from one address, and, slower, after twenty for an account in all.

The first stops a guesser without locking the holder out at their own desk; the second stops a guesser with many
addresses, at the price that somebody can keep an account locked on purpose: hence the higher number, and a lock that
ends by itself. Unknown names lock just the same, so a lock tells nothing.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from axes.attempts import get_cool_off_threshold
from axes.handlers.database import AxesDatabaseHandler
from axes.models import AccessAttempt
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from shuzheng.base.accounts.models import PasswordPolicy
from shuzheng.base.accounts.passwords import policy
from shuzheng.kernel.errors import TooMany


def _rules(request: HttpRequest | None) -> PasswordPolicy:
    """The rules of today, asked for once a request: a sign-in wants them five times."""
    if request is None:
        return policy()
    if not hasattr(request, "sz_rules"):
        request.sz_rules = policy()
    return request.sz_rules


def failure_limit(request: HttpRequest, credentials: Any) -> int:
    """Wrong tries from one address for one account before a lock."""
    return _rules(request).tries


def cool_off(request: HttpRequest | None = None) -> timedelta:
    """How long a lock lasts, from the last try that counted."""
    return timedelta(minutes=_rules(request).lock_minutes)


def account_name(request: HttpRequest, credentials: dict[str, Any] | None) -> str:
    """The account that was tried, in the form it is stored in; cut, as anything may be typed there."""
    name = (credentials or {}).get("username") or request.POST.get("login") or ""
    return str(name).strip().lower().replace("\0", "")[:150]


def client_address(request: HttpRequest) -> str:
    """The address of the other end. Behind a proxy, granian and the proxy's guide set it (docs/operators.md)."""
    return request.META.get("REMOTE_ADDR", "")


class LockoutHandler(AxesDatabaseHandler):
    """Adds the account's own, slower lock to that by account and address."""

    def user_login_failed(
        self, sender: Any, credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any
    ) -> None:
        if request is not None:
            request.sz_refused = bool(getattr(request, "axes_locked_out", False))
        super().user_login_failed(sender, credentials, request, **kwargs)

    def get_failures(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> int:
        near = super().get_failures(request, credentials)
        rules = _rules(request)
        anywhere = AccessAttempt.objects.filter(
            username=account_name(request, credentials), attempt_time__gte=get_cool_off_threshold(request)
        ).aggregate(n=Sum("failures_since_start"))["n"]
        return max(near, rules.tries if (anywhere or 0) >= rules.account_tries else 0)


def locked_response(request: HttpRequest, response: Any = None, credentials: Any = None) -> HttpResponse:
    """429 in words, with the time to wait; the same for a name that does not exist."""
    minutes = _rules(request).lock_minutes
    fault = TooMany(
        _("连续输错密码，已暂停登录。%(n)d 分钟后再试；忘记密码时联系本单位系统管理员重置。") % {"n": minutes},
        retry_after=minutes * 60,
    )
    answer = render(request, "accounts/locked.html", {"fault": fault, "minutes": minutes}, status=fault.http)
    answer["Retry-After"] = str(fault.retry_after)
    answer["Cache-Control"] = "no-store"
    return answer
