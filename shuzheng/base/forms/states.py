"""The life of a submission: a small state machine of its own (domain §8.1; the states are ours).

``todo → draft → submitted → approved``, with ``returned`` on the way back. While it is ``submitted``, ``waiting_tier`` goes
up from the institution's own tier to the tier that issued the round; each tier approves or returns.
"""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shuzheng.base.forms.models import NOT_APPROVED, Round, Submission
from shuzheng.kernel.errors import Invalid

State = Submission.State

MOVES: dict[str, frozenset[str]] = {
    "fill": frozenset({State.TODO, State.DRAFT, State.RETURNED}),
    "submit": frozenset({State.TODO, State.DRAFT, State.RETURNED}),
    "return": frozenset({State.SUBMITTED, State.APPROVED}),
    "approve": frozenset({State.SUBMITTED}),
    "remind": frozenset({State.TODO, State.DRAFT, State.RETURNED}),
}
"""From which states each move is possible."""

WORDS = {
    "fill": gettext_lazy("填报"),
    "submit": gettext_lazy("提交"),
    "return": gettext_lazy("退回"),
    "approve": gettext_lazy("审核"),
    "remind": gettext_lazy("催报"),
}


def is_locked(submission: Submission, now: datetime) -> bool:
    """Whether nothing more is filled in: the round has ended or its lock has come, and no allowance keeps it open."""
    round_ = submission.round
    over = round_.state == Round.State.CLOSED or (round_.locks_at is not None and round_.locks_at <= now)
    return over and (submission.open_until is None or submission.open_until <= now)


def require(move: str, submission: Submission) -> None:
    """Refuse a move that the state does not allow.

    Raises:
        Invalid: says the state it is in and the move that is not possible.
    """
    if submission.state not in MOVES[move]:
        state = State(submission.state).label
        raise Invalid(
            _("%(name)s的填报%(state)s，不能%(move)s。")
            % {"name": submission.node.name, "state": state, "move": WORDS[move]},
            code=f"forms.state.{move}",
        )


def after_approval(tier: int, next_tier: int | None) -> dict[str, object]:
    """The fields after ``tier`` has approved: the turn of the next tier up, or done when there is none."""
    return {
        "approved_tier": tier,
        "waiting_tier": next_tier,
        "state": State.SUBMITTED if next_tier else State.APPROVED,
    }


def after_submission(submission: Submission) -> dict[str, object]:
    return {
        "state": State.SUBMITTED,
        "waiting_tier": submission.own_tier,
        "approved_tier": NOT_APPROVED,
        "edition": submission.edition + 1,
        "returned_reason": "",
        "returned_cells": [],
    }


def after_return(reason: str, cells: list[str]) -> dict[str, object]:
    return {
        "state": State.RETURNED,
        "waiting_tier": None,
        "approved_tier": NOT_APPROVED,
        "returned_reason": reason,
        "returned_cells": cells,
    }
