"""What takes two officers: a new way in for an account of an officer.

A system officer who could reset the security officer's password alone would be the security officer. So an officer's
one-time code is void until another officer, neither the one who made it nor the one it is for, has confirmed it.
"""

from __future__ import annotations

from collections.abc import Sequence

from allauth.mfa.models import Authenticator
from django.contrib.auth.hashers import make_password
from django.utils import timezone
from django.utils.translation import gettext as _

from shuzheng.base.access.delegation import is_officer
from shuzheng.base.accounts.models import Account, Invitation, Post, new_stamp
from shuzheng.base.accounts.signin import end_sessions, invite
from shuzheng.base.core.action import Write, action
from shuzheng.kernel.errors import Conflict, Denied, Invalid


@action("accounts.account.reset", event="accounts.account.changed")
def reset_accounts(w: Write, accounts: Sequence[Account], *, factors: bool = False) -> Sequence[Account]:
    """Void passwords and end sessions; each returned account carries a new one-time code as ``code``.

    With ``factors`` the second factors go too (a lost telephone). ``needs_second`` on the result says that the code waits
    for another officer.

    Raises:
        Invalid: one's own account: that is what changing the password is for.
    """
    officers = is_officer([a.person_id for a in accounts if a.person_id is not None])
    for account in accounts:
        if account.person_id == w.actor.person_id:
            raise Invalid(_("不能重置自己的账号，在“更换密码”中办理。"))
        account.needs_second = account.person_id in officers
        w.change(account, password=make_password(None), stamp=new_stamp())
        if factors:
            Authenticator.objects.filter(user=account).delete()
        end_sessions(account)
        account.code = invite(w, account, needs_second=account.needs_second)
    return accounts


@action("accounts.invitation.confirm")
def confirm_codes(w: Write, accounts: Sequence[Account]) -> Sequence[Account]:
    """Confirm the waiting one-time codes of officers' accounts.

    Raises:
        Denied: the officer made the code, or it is for themselves.
        Conflict: none waits.
    """
    for account in accounts:
        waiting = Invitation.objects.filter(
            account=account, needs_second=True, confirmed_by=None, used_at=None, expires_at__gt=timezone.now()
        )
        invitation = waiting.order_by("-at").first()
        if invitation is None:
            raise Conflict(_("没有待核准的一次性码。"))
        maker = Post.objects.filter(pk=invitation.made_by).values_list("person_id", flat=True).first()
        if w.actor.person_id in (account.person_id, maker):
            raise Denied(_("须由另一位安全管理员或安全审计员核准。"), code="accounts.invitation.confirm")
        w.change(invitation, confirmed_by=w.actor.id)
    return accounts
