"""The routes there are: every url name of the resolver, and every operation of the API."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from django.urls import URLPattern, get_resolver

from shuzheng.base.api.door import api


@cache
def pages() -> dict[str, URLPattern]:
    """Every url that is no operation of the API, by its full name.

    Raises:
        ValueError: a url without a name, or two with the same: it could not be held to an expectation.
    """
    found: dict[str, URLPattern] = {}
    for name, pattern in _walk(get_resolver().url_patterns, ()):
        if name.startswith("api:") and name not in ("api:api-1:openapi-json", "api:api-1:api-root"):
            continue
        if not pattern.name or name in found:
            raise ValueError(f"url {pattern.pattern} needs a name of its own, not {name!r}")
        found[name] = pattern
    return found


def _walk(patterns: list, spaces: tuple[str, ...]) -> Iterator[tuple[str, URLPattern]]:
    for item in patterns:
        if isinstance(item, URLPattern):
            yield ":".join([*spaces, item.name or ""]), item
        else:
            yield from _walk(item.url_patterns, (*spaces, item.namespace) if item.namespace else spaces)


@cache
def operations() -> dict[str, tuple[str, str]]:
    """Every operation of the API: method and path by operation id."""
    pages()  # the API is complete once the urls are built
    schema = api.get_openapi_schema()
    return {
        operation["operationId"]: (method.upper(), path)
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
    }
