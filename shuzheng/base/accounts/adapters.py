"""How allauth is bent to this house: nobody signs up, passwords change through an action, secrets are encrypted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.idp.oidc.adapter import DefaultOIDCAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.http import HttpRequest
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shuzheng.base.accounts.lockout import client_address
from shuzheng.base.accounts.models import Account, Post
from shuzheng.base.core import keys
from shuzheng.base.core.scope import system_scope
from shuzheng.kernel.errors import Denied


class AccountAdapter(DefaultAccountAdapter):
    error_messages = {
        **DefaultAccountAdapter.error_messages,
        # One sentence for a wrong password and for a name that does not exist.
        "username_password_mismatch": gettext_lazy("账号或密码不对。"),
        "too_many_login_attempts": gettext_lazy("尝试次数过多，5 分钟后再试。"),
        "incorrect_password": gettext_lazy("密码不对。"),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Tries of passwords are counted by axes, by rules that are data; allauth counts those of second factors."""

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_address(request)

    def set_password(self, user: Account, password: str) -> None:
        """The holder changes it on the page of allauth: by the action, so that it is in the trail."""
        from shuzheng.base.accounts.signin import change_own_password

        change_own_password(user, password)


class SecondFactorAdapter(DefaultMFAAdapter):
    def encrypt(self, text: str) -> str:
        return keys.encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        return keys.decrypt(encrypted_text)


class OutsideIdentityAdapter(DefaultSocialAccountAdapter):
    """An outside provider vouches for accounts that exist here; it opens none."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        if sociallogin.is_existing:
            return
        data = sociallogin.account.extra_data
        claims = {**data, **data.get("userinfo", {}), **data.get("id_token", {})}
        name = str(claims.get(settings.SZ_OIDC_CLAIM, "")).strip().lower()
        account = Account.objects.filter(username=name, is_active=True).first() if name else None
        if account is None:
            fault = Denied(_("统一身份认证通过，但这里没有对应的账号。联系本单位系统管理员开通。"))
            raise ImmediateHttpResponse(render(request, "portal/fault.html", {"fault": fault}, status=fault.http))
        sociallogin.connect(request, account)


class ProviderAdapter(DefaultOIDCAdapter):
    """What other systems are told about a person: who, in which organ, in which post. No contact data."""

    scope_display = {
        "openid": gettext_lazy("您的账号标识"),
        "profile": gettext_lazy("您的姓名"),
        "post": gettext_lazy("您当前的单位和岗位"),
    }

    def get_claims(
        self, purpose: Any, user: Account, client: Any, scopes: Iterable[str], email: str | None = None, **kwargs: Any
    ) -> dict[str, Any]:
        claims: dict[str, Any] = {"sub": self.get_user_sub(client, user)}
        with system_scope("accounts.signin").activate():
            person = user.person
            if "profile" in scopes and person is not None:
                claims |= {"name": person.name, "preferred_username": user.username}
            if "post" in scopes and person is not None:
                claims |= _post_claims(user)
        return claims


def _post_claims(user: Account) -> dict[str, str]:
    held = Post.objects.filter(person_id=user.person_id, valid__contains=timezone.localdate()).select_related(
        "node__organ"
    )
    post = held.filter(pk=user.acting_post).first() or held.order_by("-is_main", "id").first()
    if post is None:
        return {}
    organ = post.node.organ or post.node
    return {"post": post.name, "node": str(post.node_id), "organ": organ.name, "organ_code": organ.uscc or organ.code}
