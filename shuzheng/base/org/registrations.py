"""How this app's own models follow a change of the tree (``handlers.py``); imported once at start."""

from __future__ import annotations

from django.db.models import Q

from shuzheng.base.org.handlers import FIXED, Handler, register
from shuzheng.base.org.models import Reorganisation

register("org.node", FIXED)
register("org.nodeversion", Handler(owner="node", keeps=frozenset({"parent", "successor"}), stays=True))
# What was done keeps the path of its time; what is planned moves along, but never passes to a successor.
register(
    "org.reorganisation",
    Handler(sealed=~Q(state=Reorganisation.State.PLANNED), open=Q(state=Reorganisation.State.PLANNED), stays=True),
)
