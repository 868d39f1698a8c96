"""Verbs of the organisation tree."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shuzheng.base.core.action import Write, action
from shuzheng.base.org.models import OrganProfile


@action("org.profile.change", handover=True, event="org.profile.changed")
def change_profiles(w: Write, profiles: Sequence[OrganProfile], **values: Any) -> Sequence[OrganProfile]:
    """Change staffing, area or contact of organs; ``values`` are field names of ``OrganProfile``."""
    for profile in profiles:
        if profile._state.adding:
            for name, value in values.items():
                setattr(profile, name, value)
            w.create(profile)
        else:
            w.change(profile, **values)
    return profiles
