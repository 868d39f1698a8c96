"""How grants, requests and sharings follow a change of the tree."""

from __future__ import annotations

from django.db.models import Q

from shuzheng.base.access.models import RoleChange, Sharing
from shuzheng.base.org.handlers import Handler, register

register("access.grant", Handler(follows={"at": "at_path"}, ends="valid"))
register(
    "access.rolechange",
    Handler(
        follows={"at": ""},
        open=Q(state=RoleChange.State.ASKED),
        sealed=~Q(state=RoleChange.State.ASKED),
    ),
)
register(
    "access.sharing",
    Handler(
        follows={"to": ""},
        paths=("shared_path",),
        open=Q(state=Sharing.State.ASKED),
        sealed=Q(state__in=[Sharing.State.REFUSED, Sharing.State.ENDED]),
        ends="valid",
    ),
)
