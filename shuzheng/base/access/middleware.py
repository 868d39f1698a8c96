"""The scope of a request: one transaction around view and template, with the actor's ranges set."""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from shuzheng.base.access.actors import Identity, identify
from shuzheng.base.access.tokens import identify_token
from shuzheng.base.core.actor import actor_of
from shuzheng.kernel.errors import Fault
from shuzheng.kernel.ids import uuid7

API = "/api/"


class ScopeMiddleware:
    """Sets ``request.actor`` and ``request.posts`` and runs the rest inside the actor's scope.

    Innermost of all middleware: with ``ATOMIC_REQUESTS`` a template would render after the transaction and see nothing.
    A streamed response runs later still; it opens a scope of its own.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.actor, request.posts, request.refusal = None, (), None
        try:
            identity = identify_request(request)
        except Fault as fault:  # a token used from a foreign address: the API says it
            identity, request.refusal = None, fault
        if identity is None:
            return self._answer(request, self.get_response(request))
        request.actor, request.posts = identity.actor, identity.posts
        with identity.actor.scope.activate(held=True):
            response = self.get_response(request)
            if response.status_code >= 500 or hasattr(response, "fault"):
                transaction.set_rollback(True)
        if not hasattr(response, "fault"):
            return response
        with identity.actor.scope.activate(held=True):
            return self._answer(request, response)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """A fault said to the user. Nothing was written; the page is drawn once the transaction has been rolled back."""
        if not isinstance(exception, Fault):
            return None
        response = HttpResponse(status=exception.http)
        response.fault = exception
        return response

    def _answer(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        return fault_response(request, response.fault) if hasattr(response, "fault") else response


def identify_request(request: HttpRequest) -> Identity | None:
    """Who acts: on pages the account of the session, in the API the token. A cookie opens nothing in the API.

    Raises:
        Denied: the token may not be used from this address.
    """
    ip = request.META.get("REMOTE_ADDR", "")
    origin = {
        "ip": ip,
        "request": request.headers.get("X-Request-ID", "")[:64] or uuid7().hex,
        "agent": request.headers.get("User-Agent", "")[:120],
    }
    if request.path.startswith(API):
        scheme, _, raw = request.headers.get("Authorization", "").partition(" ")
        return identify_token(raw.strip(), ip, origin) if scheme.lower() == "bearer" else None
    if not request.user.is_authenticated:
        return None
    return identify(request.user.pk, request.user.acting_post, origin)


def fault_response(request: HttpRequest, fault: Fault) -> HttpResponse:
    """The page (or fragment, for HTMX) that says a fault."""
    context = {"fault": fault, "faults": getattr(fault, "faults", ())}
    return render(request, ["portal/fault.html"], context, status=fault.http)


__all__ = ["ScopeMiddleware", "actor_of", "fault_response", "identify_request"]
