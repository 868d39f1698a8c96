"""The door to the engine, with every verb that there is: the verbs make themselves known where they are defined."""

from __future__ import annotations

from shuzheng.base.flows import migrating, turning, verbs
from shuzheng.base.flows.engine import VERBS, move, moved

KNOWN = (migrating, turning, verbs)
"""Modules of verbs, named here so that whoever can move a case has all of them."""

__all__ = ["KNOWN", "VERBS", "move", "moved"]
