"""The life of a request for a change of rights: asked, then approved, refused or withdrawn, and nothing after that."""

from __future__ import annotations

from typing import Literal

from django.utils.translation import gettext as _

from shuzheng.base.access.models import RoleChange
from shuzheng.base.core.actor import Actor
from shuzheng.kernel.errors import Conflict, Denied

State = RoleChange.State
Verb = Literal["approve", "refuse", "withdraw"]

TRANSITIONS: dict[tuple[State, Verb], State] = {
    (State.ASKED, "approve"): State.APPROVED,
    (State.ASKED, "refuse"): State.REFUSED,
    (State.ASKED, "withdraw"): State.WITHDRAWN,
}
"""From which state which verb leads where. What is not here does not happen."""

BY_ASKER: frozenset[Verb] = frozenset({"withdraw"})
"""Verbs of whoever asked; the others are the security officer's, who must be another person."""


def after(change: RoleChange, verb: Verb) -> State:
    """The state that ``verb`` leads to.

    Raises:
        Conflict: the request is closed.
    """
    try:
        return TRANSITIONS[State(change.state), verb]
    except KeyError:
        raise Conflict(_("此申请%s，不能再办理。") % change.get_state_display()) from None


def check_side(change: RoleChange, verb: Verb, actor: Actor) -> None:
    """That the verb is on the actor's side of the request.

    Raises:
        Denied: it is the other one's.
    """
    asked = change.asked_by.person_id == actor.person_id
    if (verb in BY_ASKER) != asked:
        raise Denied(_("只有申请人可以撤回。") if verb in BY_ASKER else _("不能审批自己提出的授权。"))
