"""Guards that turn a forgotten scope or a missing piece into a fault instead of a silence."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.checks import Error, Tags, register

from shuzheng.base.core import ports, scope
from shuzheng.base.core.models import Scoped


class Unscoped(RuntimeError):
    """A query on a scoped table while no scope is active: it would see no row."""


@cache
def _scoped_tables() -> re.Pattern[str]:
    names = [m._meta.db_table for m in apps.get_models() if issubclass(m, Scoped) and m._meta.managed]
    return re.compile(r'(?:FROM|JOIN|INTO|UPDATE)\s+"?(' + "|".join(map(re.escape, names or ["-"])) + r')\b"?')


def watch(sender: Any, connection: Any, **kwargs: Any) -> None:
    """Raise for queries on scoped tables outside a scope (``SZ_RAISE_UNSCOPED``). The owner's connection is left alone."""
    if connection.alias == "default" and settings.SZ_RAISE_UNSCOPED and _refuse not in connection.execute_wrappers:
        connection.execute_wrappers.append(_refuse)


def _refuse(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
    if scope.current() is None and isinstance(sql, str) and (hit := _scoped_tables().search(sql)):
        raise Unscoped(f"query on {hit.group(1)} outside a scope: {sql[:200]}")
    return execute(sql, params, many, context)


@register(Tags.security, deploy=True)
def check_ports(app_configs: Any, **kwargs: Any) -> list[Error]:
    """Each port has its provider. Asked by ``shuzheng doctor`` and the tests; the base runs with any of its apps missing."""
    return [
        Error(f"port {port.name} has no provider; is its app in INSTALLED_APPS?", id="core.E001")
        for port in ports.ALL
        if not port.ready
    ]
