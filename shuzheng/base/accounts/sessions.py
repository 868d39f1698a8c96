"""allauth's list of sessions, with a cheaper entry at sign-in: its own asks three questions for each session that is open."""

from __future__ import annotations

from typing import Any

from allauth.usersessions.apps import UserSessionsConfig


class SessionsConfig(UserSessionsConfig):
    name = "allauth.usersessions"
    default = False

    def ready(self) -> None:
        from allauth.account.signals import password_changed, user_logged_in
        from allauth.usersessions.signals import on_password_changed

        user_logged_in.connect(_signed_in, dispatch_uid="accounts.sessions")
        password_changed.connect(on_password_changed)


def _signed_in(sender: Any, request: Any, **kwargs: Any) -> None:
    """Note the new session, and forget those of this account that are gone or too old: one question for all."""
    from allauth.usersessions.models import UserSession
    from django.contrib.sessions.models import Session
    from django.utils import timezone

    alive = Session.objects.filter(expire_date__gt=timezone.now()).values("session_key")
    UserSession.objects.filter(user=request.user).exclude(session_key__in=alive).delete()
    UserSession.objects.create_from_request(request)
