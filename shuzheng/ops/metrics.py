"""Counting and logging requests. Outermost of all middleware, so that it sees every answer."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponse
from prometheus_client import Counter, Histogram

REQUESTS = Counter("shuzheng_requests_total", "Requests answered", ["method", "route", "status"])
DURATION = Histogram(
    "shuzheng_request_seconds",
    "Time from the first middleware to the response",
    ["method", "route"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
SAFE_ID = re.compile(r"[0-9A-Za-z._-]{8,64}")

log = structlog.get_logger("shuzheng.request")


class RequestMiddleware:
    """Gives a request its id (the proxy's, when it sent a sane one), counts it, and writes one log line."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        request_id = given if SAFE_ID.fullmatch(given) else uuid.uuid4().hex
        request.META["HTTP_X_REQUEST_ID"] = request_id  # what the audit trail notes is the same
        structlog.contextvars.bind_contextvars(request_id=request_id)
        begin = time.perf_counter()
        try:
            response = self.get_response(request)
            seconds = time.perf_counter() - begin
            method = request.method if request.method in METHODS else "OTHER"
            route = request.resolver_match.route if request.resolver_match else "-"
            REQUESTS.labels(method, route, response.status_code).inc()
            DURATION.labels(method, route).observe(seconds)
            line = log.warning if response.status_code >= 500 else log.info
            line("request", method=method, route=route, status=response.status_code, ms=round(seconds * 1000, 1))
        finally:
            structlog.contextvars.unbind_contextvars("request_id")
        response["X-Request-ID"] = request_id
        return response
