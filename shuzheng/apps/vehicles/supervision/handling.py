"""Who handles warnings and reports: the authority that is competent for official vehicles, never the organ itself."""

from __future__ import annotations

from datetime import date

from shuzheng.apps.vehicles.models.fleet import LINE
from shuzheng.base.org.competence import competent_for
from shuzheng.base.org.models import Node


def authority_of(organ: Node, on: date) -> Node | None:
    """The organ that decides about another's vehicles: whoever is competent in its division, or in the next one above
    where that is the organ itself. None at the top."""
    division = organ.division
    while division is not None:
        found = competent_for(LINE, division, on)
        if found is not None and found.pk != organ.pk:
            return found
        division = division.parent
    return None
