"""The scope of a request: one transaction around view and template, with the actor's ranges set."""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from shuzheng.base.access.actors import Identity, identify
from shuzheng.base.core.actor import actor_of
from shuzheng.kernel.errors import Fault
from shuzheng.kernel.ids import uuid7


class ScopeMiddleware:
    """Sets ``request.actor`` and ``request.posts`` and runs the rest inside the actor's scope.

    Innermost of all middleware: with ``ATOMIC_REQUESTS`` a template would render after the transaction and see nothing.
    A streamed response runs later still; it opens a scope of its own.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.actor, request.posts = None, ()
        if not request.user.is_authenticated:
            return self.get_response(request)
        identity = identify_request(request)
        if identity is None:
            return self.get_response(request)
        request.actor, request.posts = identity.actor, identity.posts
        with identity.actor.scope.activate():
            response = self.get_response(request)
            if response.status_code >= 500:
                transaction.set_rollback(True)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """A fault said to the user: nothing was written, the page says what and why."""
        if not isinstance(exception, Fault):
            return None
        if transaction.get_connection().in_atomic_block:
            transaction.set_rollback(True)
        return fault_response(request, exception)


def identify_request(request: HttpRequest) -> Identity | None:
    origin = {
        "ip": request.META.get("REMOTE_ADDR", ""),
        "request": request.headers.get("X-Request-ID", "")[:64] or uuid7().hex,
        "agent": request.headers.get("User-Agent", "")[:120],
    }
    return identify(request.user.pk, request.user.acting_post, origin)


def fault_response(request: HttpRequest, fault: Fault) -> HttpResponse:
    """The page (or fragment, for HTMX) that says a fault."""
    context = {"fault": fault, "faults": getattr(fault, "faults", ())}
    return render(request, ["portal/fault.html"], context, status=fault.http)


__all__ = ["ScopeMiddleware", "actor_of", "fault_response", "identify_request"]
