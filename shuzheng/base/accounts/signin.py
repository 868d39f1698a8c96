"""What happens around a sign-in: the trail, what the session remembers of the rules, one-time codes, one's own password.

Sign-ins, failures and one-time codes happen before there is an actor: they run as the system scope ``accounts.signin``.
The session keeps, under ``SESSION_KEY``, what the rules of today make of it, so that a request needs no further query:
``until`` (when the password has to be new; ISO, empty for never), ``idle`` (seconds), ``seen`` (Unix time),
``factor`` (``nobody``, ``officers``, ``all``) and ``has`` (whether a second factor is set up).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from allauth.account.signals import password_changed
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added, authenticator_removed
from allauth.usersessions.models import UserSession
from axes import signals as _axes_first  # noqa: F401 -- its receivers run before ours: a lock is known by then
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.core.exceptions import ValidationError
from django.db import models
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from shuzheng.base.accounts.hashing import code_digest, new_code
from shuzheng.base.accounts.lockout import account_name, client_address
from shuzheng.base.accounts.models import Account, Invitation, PasswordPast, Person, new_stamp
from shuzheng.base.accounts.passwords import must_renew, policy
from shuzheng.base.core import ports
from shuzheng.base.core.action import AuditLine, Write, action
from shuzheng.base.core.actor import Actor, system_actor
from shuzheng.kernel.errors import FieldFault, Invalid

SESSION_KEY = "sz"
CODE_TRIES = 10
"""Wrong tries with an account's name after which its open codes are void."""


# The session


def facts_of(account: Account, previous: dict[str, Any] | None = None) -> dict[str, Any]:
    """What a session of ``account`` remembers of the rules of today."""
    rules = policy()
    until = ""
    if must_renew(account, rules):
        until = timezone.now().isoformat()
    elif rules.max_age_days and account.password_changed_at:
        until = (account.password_changed_at + timedelta(days=rules.max_age_days)).isoformat()
    return {
        **(previous or {}),
        "until": until,
        "idle": rules.idle_minutes * 60,
        "seen": int(time.time()),
        "factor": rules.second_factor,
        "has": has_factor(account),
    }


def has_factor(account: Account) -> bool:
    return Authenticator.objects.filter(
        user=account, type__in=[Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]
    ).exists()


@receiver(user_logged_in, dispatch_uid="accounts.signed_in")
def _signed_in(sender: Any, request: HttpRequest, user: Account, **kwargs: Any) -> None:
    request.session[SESSION_KEY] = facts_of(user)
    _trail("accounts.account.signin", user, request)


@receiver(user_logged_out, dispatch_uid="accounts.signed_out")
def _signed_out(sender: Any, request: HttpRequest, user: Account | None, **kwargs: Any) -> None:
    if user is not None:
        _trail("accounts.account.signout_own", user, request)


@receiver(user_login_failed, dispatch_uid="accounts.failed")
def _failed(sender: Any, credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any) -> None:
    if request is None:
        return
    if getattr(request, "sz_refused", False):
        return  # by a lock that stood already: the trail has it, and is not to be flooded
    account = _account(account_name(request, credentials))
    _trail("accounts.account.failed", account, request)
    if getattr(request, "axes_locked_out", False):
        _trail("accounts.account.locked", account, request)


def _account(username: str) -> Account | None:
    return Account.objects.filter(username=username).first()


@receiver([authenticator_added, authenticator_removed], dispatch_uid="accounts.factor")
def _factor_changed(sender: Any, request: HttpRequest, user: Account, signal: Any, **kwargs: Any) -> None:
    if SESSION_KEY in request.session:
        request.session[SESSION_KEY] = {**request.session[SESSION_KEY], "has": has_factor(user)}
    added = signal is authenticator_added
    _trail("accounts.factor.added" if added else "accounts.factor.removed", user, request)


def _trail(name: str, account: Account | None, request: HttpRequest) -> None:
    """An entry about a sign-in. What was typed for an unknown account is left out: it may be a password."""
    actor = system_actor("accounts.signin")
    with actor.scope.activate():
        person = account.person if account is not None else None
        origin = {"ip": client_address(request), "agent": request.META.get("HTTP_USER_AGENT", "")[:120]}
        ports.write_audit(
            [
                AuditLine(
                    action=name,
                    actor=_named(actor, person, origin),
                    model="accounts.account",
                    object_id=str(account.pk) if account is not None else "",
                    label=account.username if account is not None else _("未知账号"),
                    path=person.path if person is not None else "",
                    before={},
                    after={},
                )
            ]
        )


def _named(actor: Actor, person: Person | None, origin: dict[str, str]) -> Actor:
    if person is None:
        return replace(actor, origin={**actor.origin, **origin})
    return replace(actor, person_id=person.pk, name=person.name, origin={**actor.origin, **origin})


# Sessions of an account


def end_sessions(account: Account, *, keep: str = "") -> int:
    """End the sessions of ``account`` but the one whose key is ``keep``; returns how many were listed."""
    ended = 0
    for session in UserSession.objects.filter(user=account).exclude(session_key=keep):
        session.end()
        ended += 1
    return ended


# One-time codes


def invite(w: Write, account: Account, *, needs_second: bool = False) -> str:
    """A fresh one-time code for ``account``; earlier ones are void. Said once, stored hashed."""
    now = timezone.now()
    Invitation.objects.filter(account=account, used_at=None, expires_at__gt=now).update(expires_at=now)
    code = new_code()
    w.create(
        Invitation(
            account=account,
            digest=code_digest(code),
            expires_at=now + timedelta(hours=policy().invitation_hours),
            made_by=w.actor.id if w.actor.id.int else None,
            needs_second=needs_second,
        )
    )
    return code


@action("accounts.invitation.accept", system_only=True)
def _accept(w: Write, accounts: Sequence[Account], *, password: str, invitation: Invitation) -> Sequence[Account]:
    for account in accounts:
        _set_password(w, account, password)
        w.change(account, must_change_password=False, stamp=new_stamp())
        w.change(invitation, used_at=timezone.now())
    return accounts


def accept_invitation(username: str, code: str, password: str) -> Account:
    """Set the password of the account that a one-time code was given for; all its sessions end.

    Raises:
        Invalid: account and code don't belong together, or the code was used or is too old (one answer for all), or
            the password is too weak.
    """
    name = username.strip().lower()
    found = (
        Invitation.objects.select_for_update()
        .filter(digest=code_digest(code), account__username=name, used_at=None, expires_at__gt=timezone.now())
        .filter(models.Q(needs_second=False) | models.Q(confirmed_by__isnull=False))
        .filter(tries__lt=CODE_TRIES, account__is_active=True)
    )
    actor = system_actor("accounts.signin")
    with actor.scope.activate():
        invitation = found.select_related("account").first()
        if invitation is not None:
            account = invitation.account
            check_new_password(account, password)
            _accept([account], actor=actor, password=password, invitation=invitation)
            end_sessions(account)
            return account
    # Counted outside the transaction that is given up below, so that tries add up.
    Invitation.objects.filter(account__username=name, used_at=None).update(tries=models.F("tries") + 1)
    raise Invalid.one("code", _("账号与一次性码不符，或者码已用过、已过期。向系统管理员要一个新的。"))


# Passwords


def check_new_password(account: Account, password: str) -> None:
    """Raise ``Invalid`` with a fault for each rule that ``password`` misses."""
    try:
        validate_password(password, account)
    except ValidationError as error:
        raise Invalid("", [FieldFault("password", m) for m in error.messages]) from None


def _set_password(w: Write, account: Account, password: str) -> None:
    hashed = make_password(password)
    w.change(account, password=hashed, password_changed_at=timezone.now())
    w.create(PasswordPast(account=account, password=hashed))


@action("accounts.password.change", system_only=True)
def _change(w: Write, accounts: Sequence[Account], *, password: str) -> Sequence[Account]:
    for account in accounts:
        _set_password(w, account, password)
        w.change(account, must_change_password=False)
    return accounts


def change_own_password(account: Account, password: str) -> None:
    """The holder's change, the rules checked by the form; other sessions end since their check includes the password."""
    actor = system_actor("accounts.signin")
    with actor.scope.activate():
        # The account of a request is a lazy object: the action wants the row itself.
        row = Account.objects.select_related("person").get(pk=account.pk)
        _change([row], actor=_named(actor, row.person, {}), password=password)
    account.password, account.must_change_password = row.password, False
    account.password_changed_at = row.password_changed_at


@receiver(password_changed, dispatch_uid="accounts.password_changed")
def refresh_session(request: HttpRequest, **kwargs: Any) -> None:
    """After a change of password: this session goes on, under the rules as they are now."""
    request.session[SESSION_KEY] = facts_of(request.user, request.session.get(SESSION_KEY))


__all__ = [
    "SESSION_KEY",
    "accept_invitation",
    "change_own_password",
    "check_new_password",
    "end_sessions",
    "facts_of",
    "has_factor",
    "invite",
    "refresh_session",
]
