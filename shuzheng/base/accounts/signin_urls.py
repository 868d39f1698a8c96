"""The addresses of sign-in: of allauth only what is offered here. Nobody signs up, and no password is reset by mail.

The names are allauth's, without a namespace, as its own pages refer to each other by them.
"""

from __future__ import annotations

from allauth.account import views as account
from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("sign-in/", account.login, name="account_login"),
    path("sign-out/", account.logout, name="account_logout"),
    path("sign-in/inactive/", account.account_inactive, name="account_inactive"),
    path("sign-in/again/", account.reauthenticate, name="account_reauthenticate"),
    path("sign-in/password/", account.password_change, name="account_change_password"),
    path("sign-in/factors/", include("allauth.mfa.urls")),
]
if settings.SZ_OIDC_CLIENT:
    urlpatterns += [
        path("sign-in/outside/", include("allauth.socialaccount.urls")),
        path("sign-in/", include("allauth.socialaccount.providers.openid_connect.urls")),
    ]
if settings.SZ_OIDC_PROVIDER:
    urlpatterns += [path("", include("allauth.idp.urls"))]
