"""Faults as ``application/problem+json`` (RFC 9457): the same sentences as on pages, with a code for programs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.defaults import page_not_found
from ninja import Schema
from ninja.errors import AuthenticationError, HttpError, ValidationError
from pydantic import Field

from shuzheng.base.access.middleware import API
from shuzheng.kernel.errors import Conflict, Fault, FieldFault

KIND = "application/problem+json"
PLACES = frozenset({"body", "query", "path", "header", "values", "asked"})
"""What a schema says of where a value was, besides its name: parts of the request, and our parameters' names."""


class FaultOut(Schema):
    """One value that can't be taken."""

    field: str
    message: str
    row: int | None = None
    column: str | None = None
    value: str | None = None


class Problem(Schema):
    """What went wrong, for people (``title``, ``detail``) and programs (``status``, ``code``)."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    code: str
    request: str = Field("", description="编号，报修时给出")
    faults: list[FaultOut] = []
    seen: dict[str, Any] | None = None
    current: dict[str, Any] | None = None


READING: dict[int, type[Problem]] = dict.fromkeys((400, 401, 403, 404, 422, 429), Problem)
"""What an operation that only reads may answer instead."""
REFUSALS = READING | {409: Problem}
"""What one that changes something may answer instead."""

TITLES = {
    400: "请求不对",
    401: "没有登录",
    403: "没有权限",
    404: "没有这条记录",
    405: "不支持的方法",
    409: "与别人的修改冲突",
    412: "版本不符",
    415: "内容类型不对",
    422: "内容有误",
    429: "请求太密",
    503: "服务忙",
}


def problem(
    request: HttpRequest,
    status: int,
    detail: str,
    *,
    code: str = "",
    faults: Sequence[FieldFault] = (),
    extra: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> HttpResponse:
    """The answer that says a problem. What the request had written is rolled back."""
    if transaction.get_connection().in_atomic_block:
        transaction.set_rollback(True)
    actor = getattr(request, "actor", None)
    body = {
        "type": "about:blank",
        "title": _(TITLES.get(status, TITLES[400])),
        "status": status,
        "detail": detail,
        "code": code or f"http-{status}",
        "request": actor.origin.get("request", "") if actor else "",
        "faults": [
            {"field": f.field, "message": f.message, "row": f.row, "column": f.column, "value": f.value} for f in faults
        ],
        **(extra or {}),
    }
    text = json.dumps(body, ensure_ascii=False, cls=DjangoJSONEncoder)
    return HttpResponse(text, status=status, content_type=KIND, headers=dict(headers or {}))


def of_fault(request: HttpRequest, fault: Fault) -> HttpResponse:
    extra: dict[str, Any] = {}
    headers = {}
    if isinstance(fault, Conflict):
        extra = {"seen": dict(fault.seen or {}), "current": dict(fault.current or {})}
    if (after := getattr(fault, "retry_after", None)) is not None:
        headers["Retry-After"] = str(int(after))
    return problem(
        request,
        fault.http,
        fault.message,
        code=fault.code,
        faults=getattr(fault, "faults", ()),
        extra=extra,
        headers=headers,
    )


def of_validation(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """Values that don't fit the schema: where they are, and why."""
    faults = []
    for item in error.errors:
        where = [str(part) for part in item["loc"] if part not in PLACES]
        faults.append(FieldFault(".".join(where) or str(item["loc"][0]), item["msg"]))
    return problem(request, 422, _("有的值不符合接口约定。"), code="schema", faults=faults)


def of_authentication(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    headers = {"WWW-Authenticate": 'Bearer realm="shuzheng"'}
    return problem(request, 401, _("没有令牌，或令牌无效。"), code="token", headers=headers)


def of_http(request: HttpRequest, error: HttpError) -> HttpResponse:
    return problem(request, error.status_code, str(error))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """``handler404``: an address that nobody has. To programs it is said as everything else is."""
    if request.path.startswith(API):
        return of_missing(request, Http404())
    return page_not_found(request, exception)


def of_missing(request: HttpRequest, error: Http404) -> HttpResponse:
    return problem(request, 404, _("没有这个地址，或没有这条记录。"), code="missing")
