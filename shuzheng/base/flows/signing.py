"""What the decisions of a step add up to: 会签 (all, share, veto), 或签, 依次, 抢办, and those added before and after."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from shuzheng.base.flows.bpmn.words import StepRule
from shuzheng.base.flows.models import Task

Role, State, Verdict = Task.Role, Task.State, Task.Verdict
PASS, REFUSE = "pass", "refuse"
AGREED = (Verdict.PASS, Verdict.SKIPPED, Verdict.READ)


def group(tasks: Sequence[Task]) -> list[Task]:
    """The tasks whose verdicts the rule of the step is about, in their order."""
    found = [t for t in tasks if t.counts and t.state != State.DROPPED and t.role != Role.SIGN]
    return sorted(found, key=lambda t: (t.place, t.opened_at))


def after(tasks: Sequence[Task]) -> list[Task]:
    """Signers added after: their turn comes once the step has passed without them."""
    found = [t for t in tasks if t.role == Role.SIGN and not t.is_before and t.state != State.DROPPED and t.counts]
    return sorted(found, key=lambda t: (t.place, t.opened_at))


def agreed(tasks: Sequence[Task]) -> int:
    return sum(1 for t in tasks if t.state == State.DONE and t.verdict in AGREED)


def refused(tasks: Sequence[Task]) -> int:
    return sum(1 for t in tasks if t.state == State.DONE and t.verdict == Verdict.REFUSE)


def outcome(rule: StepRule, tasks: Sequence[Task]) -> str:
    """``pass``, ``refuse``, or empty while somebody is still waited for."""
    found = _of_group(rule, group(tasks))
    added = after(tasks)
    if found != PASS or not added:
        return found
    if refused(added):
        return REFUSE
    return PASS if all(t.state == State.DONE for t in added) else ""


def _of_group(rule: StepRule, tasks: Sequence[Task]) -> str:
    yes, no, total = agreed(tasks), refused(tasks), len(tasks)
    if not total:
        return PASS
    if rule.mode in ("single", "any", "claim"):
        return PASS if yes else REFUSE if no else ""
    if rule.mode == "share":
        needed = Decimal(rule.share) * total
        return PASS if yes >= needed else REFUSE if total - no < needed else ""
    if no and rule.mode in ("veto", "sequence"):
        return REFUSE
    if yes + no < total:
        return ""
    return REFUSE if no else PASS


def next_ones(rule: StepRule, tasks: Sequence[Task]) -> list[Task]:
    """Those whose turn it is now: the next one of a sequence, signers added after once all others are done."""
    waiting = group(tasks)
    if rule.mode == "sequence" and not any(t.state in (State.OPEN, State.PARKED) for t in waiting):
        queued = [t for t in waiting if t.state == State.QUEUED]
        if queued:
            return queued[:1]
    if _of_group(rule, waiting) == PASS:
        return [t for t in after(tasks) if t.state == State.QUEUED]
    return []
