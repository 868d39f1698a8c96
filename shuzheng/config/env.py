"""Reading the environment: one place, with faults in words."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured


def flag(name: str, default: bool = False) -> bool:
    """Whether the variable says yes (``1 true yes on``). Unset means ``default``."""
    value = os.environ.get(name)
    return default if value is None else value.strip().lower() in {"1", "true", "yes", "on"}


def secret(name: str, path: Path) -> str:
    """A secret from the variable, or from ``path``, which is made with 0600 when it is missing."""
    if value := os.environ.get(name):
        return value
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(64))
    return path.read_text().strip()


def database(name: str) -> dict[str, Any]:
    """Django's settings of the PostgreSQL that ``postgresql://user:password@host:port/name?sslmode=…`` names.

    A socket folder is given as ``?host=/folder``. An unset variable gives settings that no server answers, so that
    commands that need no database (``--help``, ``makemigrations --check``) still run.

    Raises:
        ImproperlyConfigured: the URL is not one of PostgreSQL.
    """
    parts = urlsplit(os.environ.get(name) or "postgresql:///shuzheng")
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ImproperlyConfigured(
            f"{name} 应为 postgresql://用户:口令@主机:端口/库名，实际以 {parts.scheme}:// 开头。"
        )
    options: dict[str, Any] = dict(parse_qsl(parts.query))
    host, port = options.pop("host", parts.hostname or ""), options.pop("port", str(parts.port or ""))
    # Plans made under one scope are wrong for the next: no server-side prepare (docs/adr/0003-row-policies.md).
    options["prepare_threshold"] = None
    if size := int(os.environ.get("SZ_DB_POOL", "8")):
        options["pool"] = {"min_size": 1, "max_size": size, "timeout": 5}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": port,
        "CONN_MAX_AGE": 0,
        "OPTIONS": options,
    }
