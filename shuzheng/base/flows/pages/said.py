"""What the pages of flows share: telling what was refused."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest

from shuzheng.kernel.errors import Fault


def refused(request: HttpRequest, fault: Fault) -> None:
    """Say on the next page what was refused, fault by fault where there are several."""
    for one in getattr(fault, "faults", ()) or [fault]:
        messages.error(request, one.message)
