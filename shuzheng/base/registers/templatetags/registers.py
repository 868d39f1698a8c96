"""Small helpers of the kit's templates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template

register = template.Library()


@register.filter
def at(values: Mapping[str, Any], name: str) -> Any:
    """The value under a name, an empty text for none."""
    return values.get(name, "")
