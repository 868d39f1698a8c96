"""The life of a submission: a small state machine of its own (domain §8.1; the states are ours).

``todo → draft → submitted → approved``, with ``returned`` on the way back. While it is ``submitted``, ``waiting_tier`` goes
up from the institution's own tier to the tier that issued the round; each tier approves or returns.
"""

from __future__ import annotations

from shuzheng.base.forms.models import NOT_APPROVED, Submission
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

WORDS = {"fill": "填报", "submit": "提交", "return": "退回", "approve": "审核", "remind": "催报"}


def require(move: str, submission: Submission) -> None:
    """Refuse a move that the state does not allow.

    Raises:
        Invalid: says the state it is in and the move that is not possible.
    """
    if submission.state not in MOVES[move]:
        state = State(submission.state).label
        raise Invalid(f"{submission.node.name}的填报{state}，不能{WORDS[move]}。", code=f"forms.state.{move}")


def require_turn(submission: Submission, tier: int) -> None:
    """Refuse an approval out of turn: tiers approve from the institution's own tier upwards.

    Raises:
        Invalid: it waits for another tier.
    """
    if submission.waiting_tier != tier:
        raise Invalid(f"{submission.node.name}的填报不在本级待审。", code="forms.state.turn")


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
