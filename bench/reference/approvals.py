"""The same approval with no roll-up: right, lock, state, trail and event as ever, and nothing added to any total."""

from __future__ import annotations

from contextvars import ContextVar

from shuzheng.base.core.action import new_key
from shuzheng.base.core.actor import Actor
from shuzheng.base.forms import actions, rollup
from shuzheng.base.forms.models import Submission

_left_out: ContextVar[bool] = ContextVar("left_out", default=False)
_add = rollup.add


def _add_unless_left_out(*args: object, **more: object) -> None:
    if not _left_out.get():
        _add(*args, **more)  # type: ignore[arg-type]


def approve(row: Submission, actor: Actor) -> None:
    """Approve one submission; its numbers are added to nothing."""
    token = _left_out.set(True)
    rollup.add = _add_unless_left_out  # for this thread alone: others go on adding
    try:
        actions.approve([row], actor=actor, key=new_key())
    finally:
        _left_out.reset(token)
