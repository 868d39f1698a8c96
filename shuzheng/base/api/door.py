"""The API: tokens in, faults out, and the routes of every register and app."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest
from django.utils.translation import get_language
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.openapi.schema import OpenAPISchema
from ninja.security import HttpBearer

from shuzheng.base.api import limits, problems
from shuzheng.base.api.app import MANIFEST
from shuzheng.base.api.problems import KIND
from shuzheng.base.core.actor import Actor
from shuzheng.kernel.errors import Fault


class Token(HttpBearer):
    """A personal or service token. The scope middleware has resolved it and opened its scope; cookies open nothing here."""

    def authenticate(self, request: HttpRequest, token: str) -> Actor | None:
        if request.refusal is not None:
            raise request.refusal
        actor: Actor | None = request.actor
        if actor is not None:
            limits.count(actor.origin.get("token", str(actor.id)))
        return actor


class Door(NinjaAPI):
    """``NinjaAPI`` that documents its faults as what they are, and knows where it is mounted."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._schemas: dict[tuple[str | None, int], OpenAPISchema] = {}

    def get_root_path(self, path_params: dict[str, Any]) -> str:
        return f"/{MANIFEST.url_prefix}/"

    def get_openapi_schema(self, **kwargs: Any) -> OpenAPISchema:
        """What is published. It takes seconds to make, so it is kept; routes that are added, or another language, make it anew."""
        key = (get_language(), sum(len(router.path_operations) for _prefix, router in self._routers))
        if key not in self._schemas:
            self._schemas[key] = self._documented(**kwargs)
        return self._schemas[key]

    def _documented(self, **kwargs: Any) -> OpenAPISchema:
        schema = super().get_openapi_schema(**kwargs)
        for operations in schema["paths"].values():
            for operation in operations.values():
                for status, response in operation.get("responses", {}).items():
                    content = response.get("content", {})
                    if int(status) >= 400 and "application/json" in content:
                        response["content"] = {KIND: content["application/json"]}
        return schema


api = Door(
    title="数正云 API",
    version="1",
    description="一个令牌代表一个岗位，只能看到和办理该岗位可见、可办的事。写操作带 Idempotency-Key；修改带 If-Match。",
    urls_namespace="api-1",
    auth=Token(),
    docs_url=None,
    openapi_url="/openapi.json",
)
api.add_exception_handler(Fault, problems.of_fault)
api.add_exception_handler(ValidationError, problems.of_validation)
api.add_exception_handler(AuthenticationError, problems.of_authentication)
api.add_exception_handler(HttpError, problems.of_http)
api.add_exception_handler(Http404, problems.of_missing)
