"""Whole addresses of pages, for what leaves the browser: codes to scan, printed sheets."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest


def whole(request: HttpRequest, path: str) -> str:
    """Where people reach ``path``: at the configured address, or else the one that was asked."""
    return f"{settings.SZ_BASE_URL}{path}" if settings.SZ_BASE_URL else request.build_absolute_uri(path)
