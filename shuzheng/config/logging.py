"""Structured logs: one JSON object a line on stderr, with the request's id, and without personal data.

What keeps them clean: routes are logged as patterns (``places/<uuid:pk>/``), never as paths with ids or search words;
no query string, no body, no names; and values under the keys below never leave the process.
"""

from __future__ import annotations

import logging
import re
from collections.abc import MutableMapping
from typing import Any

import structlog

SECRET_KEYS = re.compile(
    r"password|passwd|secret|token|authorization|cookie|session|otp|code_plain|idcard|phone|mobile|email|bank", re.I
)
# A mainland identity number (18 characters) or mobile number that slipped into a text, e.g. of a driver's message.
PERSONAL = re.compile(r"(?<![0-9A-Za-z])(?:\d{17}[\dXx]|1[3-9]\d{9})(?![0-9A-Za-z])")
HIDDEN = "***"


def clean(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """structlog processor: hides secret keys, and identity or mobile numbers inside texts."""
    for key, value in event.items():
        if SECRET_KEYS.search(key):
            event[key] = HIDDEN
        elif isinstance(value, str):
            event[key] = PERSONAL.sub(HIDDEN, value)
    return event


SHARED = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=False),
    structlog.processors.StackInfoRenderer(),
    structlog.processors.format_exc_info,
    clean,
]


def logging_settings(level: str) -> dict[str, Any]:
    """Django's ``LOGGING``; ``level`` is one of Python's names. Also sets structlog up, so both write the same lines."""
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": [structlog.stdlib.ExtraAdder(allow={"status_code"}), *SHARED],
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.JSONRenderer(ensure_ascii=False),
                ],
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            # Its lines carry the path as asked, ids and all; ours carry the route.
            "django.request": {"level": "CRITICAL" if logging.getLevelName(level) > logging.DEBUG else level},
            "django.server": {"handlers": [], "propagate": False},
            "django": {"handlers": [], "level": level, "propagate": True},
            "procrastinate": {"level": "WARNING"},
            "axes": {"level": "ERROR"},  # sign-ins and locks are in the audit trail
        },
    }
