"""Verbs of accounts, the rules of sign-in and API tokens: what the system officer and the security officer do.

Resetting the password of an account is in ``base.access``: for an officer's account it takes a second officer.
"""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from shuzheng.base.accounts.hashing import token_digest
from shuzheng.base.accounts.models import Account, ApiToken, PasswordPolicy, Person, Post, new_stamp
from shuzheng.base.accounts.signin import end_sessions, invite
from shuzheng.base.core.action import Write, action
from shuzheng.base.core.registry import PERMISSIONS
from shuzheng.base.org.models import Node
from shuzheng.kernel.errors import Denied, FieldFault, Invalid
from shuzheng.kernel.text import fold

# Accounts


@action("accounts.account.create", event="accounts.account.changed")
def create_accounts(w: Write, people: Sequence[Person], *, usernames: Sequence[str] = ()) -> Sequence[Account]:
    """Open an account for each of ``people``: named by ``usernames``, or by the number of the person.

    Each returned account carries its one-time code as ``code``: to be handed over once, it can't be read again.

    Raises:
        Invalid: a name is taken, or somebody has an account already.
    """
    names = [fold(n).lower() for n in usernames] or [p.number.lower() for p in people]
    taken = set(Account.objects.filter(username__in=names).values_list("username", flat=True))
    holders = set(Account.objects.filter(person__in=people).values_list("person_id", flat=True))
    faults, accounts = [], []
    for place, (person, name) in enumerate(zip(people, names, strict=True)):
        if person.pk in holders:
            faults.append(FieldFault("person", _("%s 已有账号。") % person, row=place))
        elif not name or name in taken:
            faults.append(FieldFault("username", _("账号 %s 已有人使用。") % name, row=place, value=name))
        taken.add(name)
        account = Account(username=name, person=person, must_change_password=False)
        account.set_unusable_password()
        accounts.append(account)
    if faults:
        raise Invalid("", faults)
    w.create(*accounts)
    w.flush()
    for account in accounts:
        account.code = invite(w, account)
    return accounts


@action("accounts.account.change", event="accounts.account.changed")
def set_active(w: Write, accounts: Sequence[Account], *, active: bool) -> Sequence[Account]:
    """Disable accounts, or enable them again. A disabled one is signed out at its next request.

    Raises:
        Invalid: one's own account: somebody else does that.
    """
    for account in accounts:
        if account.person_id == w.actor.person_id:
            raise Invalid(_("不能停用自己的账号，由另一位系统管理员办理。"))
        w.change(account, is_active=active)
        if not active:
            w.change(account, stamp=new_stamp())
            end_sessions(account)
    return accounts


@action("accounts.account.signout", event="accounts.account.changed")
def sign_out(w: Write, accounts: Sequence[Account]) -> Sequence[Account]:
    """End all sessions of accounts, at their next request. Tokens stay; they are revoked for themselves."""
    for account in accounts:
        w.change(account, stamp=new_stamp())
        end_sessions(account)
    return accounts


# The rules of sign-in


@action("accounts.policy.change", event="accounts.policy.changed")
def change_policy(w: Write, roots: Sequence[Node], *, valid_from: date, **rules: Any) -> Sequence[PasswordPolicy]:
    """Set the rules of sign-in from a day on. ``roots`` is the root node: rules hold for the whole deployment.

    Raises:
        Invalid: the day is past, has rules already, or a value is out of its range.
    """
    if valid_from < timezone.localdate():
        raise Invalid.one("valid_from", _("启用日期不能早于今天。"))
    rows = []
    for _root in roots:
        row = PasswordPolicy(valid_from=valid_from, **rules)
        try:
            row.full_clean()
        except ValidationError as error:
            raise Invalid("", [FieldFault(f, m) for f, ms in error.message_dict.items() for m in ms]) from None
        w.create(row)
        rows.append(row)
    return rows


# API tokens

LONGEST = timedelta(days=366)
"""A token has to be issued anew at least once a year."""


def _issue(
    w: Write,
    post: Post,
    kind: str,
    name: str,
    permissions: Sequence[str],
    addresses: Sequence[str],
    expires_at: datetime,
) -> ApiToken:
    if "token" in w.actor.origin:
        raise Denied(_("令牌不能签发令牌。登录后在页面上办理。"))
    if not fold(name):
        raise Invalid.one("name", _("写明用途。"))
    if not timezone.now() < expires_at <= timezone.now() + LONGEST:
        raise Invalid.one("expires_at", _("有效期最长一年，且不早于现在。"))
    for item in addresses:
        try:
            ipaddress.ip_network(item, strict=False)
        except ValueError:
            raise Invalid.one("addresses", _("%s 不是地址或网段，例如 10.1.2.0/24。") % item, value=item) from None
    _check_names(permissions)
    raw = ("szp_" if kind == ApiToken.Type.PERSONAL else "szs_") + secrets.token_urlsafe(32)
    token = ApiToken(
        kind=kind, name=fold(name)[:60], post=post, prefix=raw[:8], digest=token_digest(raw),
        permissions=sorted(set(permissions)), addresses=list(addresses), expires_at=expires_at,
    )  # fmt: skip
    token.node_id, token.path = post.node_id, post.path
    token.raw = raw
    w.create(token)
    return token


def _check_names(permissions: Sequence[str]) -> None:
    for permission in permissions:
        if permission not in PERMISSIONS:
            raise Invalid.one("permissions", _("没有权限 %s。") % permission, value=permission)
    if not permissions:
        raise Invalid.one("permissions", _("至少选一项权限。"))


@action("accounts.token.own", permission="")
def issue_own(
    w: Write, posts: Sequence[Post], *, account: Account, name: str, permissions: Sequence[str],
    addresses: Sequence[str] = (), expires_at: datetime,
) -> Sequence[ApiToken]:  # fmt: skip
    """A personal token for the post one acts in, with a part of one's rights. ``raw`` on the result is said once.

    Raises:
        Denied: the post is not the one acted in, or a permission is not held.
    """
    for post in posts:
        if post.pk != w.actor.id or account.person_id != w.actor.person_id:
            raise Denied(_("只能为当前岗位签发个人令牌。"))
    _check_names(permissions)
    for permission in permissions:
        w.actor.require(permission)
    tokens = [_issue(w, p, ApiToken.Type.PERSONAL, name, permissions, addresses, expires_at) for p in posts]
    for token in tokens:
        token.account = account
    return tokens


@action("accounts.token.issue", handover=True)
def issue_service(
    w: Write,
    posts: Sequence[Post],
    *,
    name: str,
    permissions: Sequence[str],
    addresses: Sequence[str],
    expires_at: datetime,
) -> Sequence[ApiToken]:
    """A token for another system, acting in a post: it can do what is both in ``permissions`` and held by the post then.

    Raises:
        Invalid: no addresses: a key that runs unattended is bound to where it runs.
    """
    if not addresses:
        raise Invalid.one("addresses", _("服务令牌须限定地址，例如 10.1.2.0/24。"))
    return [_issue(w, p, ApiToken.Type.SERVICE, name, permissions, addresses, expires_at) for p in posts]


@action("accounts.token.revoke", permission="", handover=True)
def revoke_tokens(w: Write, tokens: Sequence[ApiToken]) -> Sequence[ApiToken]:
    """Revoke tokens: one's own, or, as the system officer, any within reach. Refused from the next request on."""
    for token in tokens:
        if token.post_id != w.actor.id or token.kind != ApiToken.Type.PERSONAL:
            w.actor.require("accounts.token.revoke", token.path)
        if token.revoked_at is None:
            w.change(token, revoked_at=timezone.now())
    return tokens


__all__ = [
    "change_policy",
    "create_accounts",
    "issue_own",
    "issue_service",
    "revoke_tokens",
    "set_active",
    "sign_out",
]
