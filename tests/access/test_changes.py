"""The state machine of a request for rights, over every state and verb."""

from __future__ import annotations

import itertools

import pytest

from shuzheng.base.access.changes import TRANSITIONS, after
from shuzheng.base.access.models import RoleChange
from shuzheng.kernel.errors import Conflict

State = RoleChange.State
VERBS = ("approve", "refuse", "withdraw")
ALLOWED = {
    ("asked", "approve"): "approved",
    ("asked", "refuse"): "refused",
    ("asked", "withdraw"): "withdrawn",
}


@pytest.mark.parametrize(("state", "verb"), list(itertools.product(State.values, VERBS)))
def test_every_state_and_verb(state, verb):
    change = RoleChange(state=state)
    if (state, verb) in ALLOWED:
        assert after(change, verb) == ALLOWED[state, verb]
    else:
        with pytest.raises(Conflict, match="不能再办理"):
            after(change, verb)


def test_table_holds_nothing_else():
    assert {(s.value, v): t.value for (s, v), t in TRANSITIONS.items()} == ALLOWED
