"""Template tags of official vehicles."""

from __future__ import annotations

from typing import Any

from django import template

from shuzheng.apps.vehicles.models import Trip
from shuzheng.apps.vehicles.registers.trips import STATES

register = template.Library()


@register.inclusion_tag("vehicles/parts/line.html")
def trip_line(trip: Trip) -> dict[str, Any]:
    """A trip as a row of a list: where to, when, how it stands, what to do next."""
    return {"t": trip, "tone": STATES[trip.state]}
