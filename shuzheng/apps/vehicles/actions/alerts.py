"""Warnings on their way to a decision: raised, explained by the unit, decided by the authority, appealed, final. Domain §3.5."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from shuzheng.apps.vehicles.models.alerts import Alert, Colour, Mark, Tip, Violation, Warned
from shuzheng.apps.vehicles.models.fleet import Marking, Vehicle
from shuzheng.apps.vehicles.supervision.found import Found, Limits
from shuzheng.base.core.action import Write, action
from shuzheng.base.core.actor import Actor
from shuzheng.base.core.locks import hold
from shuzheng.base.standards import working_days
from shuzheng.kernel.errors import Conflict, Denied, Invalid

State, Outcome = Alert.State, Alert.Outcome
STANDING = (Warned.EXPIRY, Warned.OVER, Warned.TITLE)
"""Warnings about how things stand: they lapse once nothing is found any more."""
CHUNK = 1000


@action("vehicles.alert.raise", system_only=True, event="vehicles.alert.raised")
def raise_alerts(w: Write, owners: Sequence[Any], *, found: Sequence[Found]) -> Sequence[Alert]:
    """Make warnings of what was found: the same thing twice is one. A score that has grown is brought up to date while
    nobody has said anything to it.

    Returns:
        the new ones.
    """
    hold("vehicles:alerts")
    today = timezone.localdate()
    limits = Limits(today)
    known = _known(found)
    fresh: dict[tuple[Any, str], Alert] = {}
    earlier = _earlier(found, limits)
    for one in found:
        held = known.get((one.node_id, one.key))
        if held is not None:
            if one.score and held.state == State.OPEN and one.score > (held.score or 0):
                w.change(held, score=one.score, evidence=_evidence(one, [])[0], colour=one.colour or held.colour)
            continue
        if (one.node_id, one.key) in fresh:
            continue
        evidence, colour = _evidence(one, _colour(one, limits, earlier))
        row = Alert(
            code=one.code, key=one.key, colour=colour, vehicle_id=one.vehicle_id, run_id=one.run_id, trip_id=one.trip_id,
            begins=one.begins, ends=one.ends, score=one.score, evidence=evidence,
        )  # fmt: skip
        row.node_id, row.path = one.node_id, one.path
        if colour == Colour.GREEN:
            row.state = State.NOTED
        else:
            row.explain_due = working_days.due("VEH-EXPLAIN-DAYS", today, one.path).day
        fresh[one.node_id, one.key] = row
    w.create(*fresh.values())
    return list(fresh.values())


def _known(found: Sequence[Found]) -> dict[tuple[Any, str], Alert]:
    keys = sorted({one.key for one in found})
    known: dict[tuple[Any, str], Alert] = {}
    for at in range(0, len(keys), CHUNK):
        known |= {(a.node_id, a.key): a for a in Alert.objects.filter(key__in=keys[at : at + CHUNK])}
    return known


def _earlier(found: Sequence[Found], limits: Limits) -> Counter[tuple[Any, str]]:
    """How many warnings of each kind a vehicle had over the rule's days, those decided to be nothing left out."""
    vehicles = {one.vehicle_id for one in found if one.vehicle_id}
    since = timezone.now() - timedelta(days=int(limits("VEH-REPEAT-DAYS").value))
    rows = Alert.objects.filter(vehicle__in=vehicles, begins__gte=since).exclude(
        outcome__in=(Outcome.NONE, Outcome.LAPSED)
    )
    return Counter(rows.values_list("vehicle_id", "code"))


def _colour(one: Found, limits: Limits, earlier: Counter[tuple[Any, str]]) -> list[dict[str, str]]:
    """Why a warning has its colour: the rule of its kind (or what was found itself), and one more for repetition."""
    rule = limits("VEH-COLOUR", one.path, one.code)
    colour = int(one.colour or rule.value)
    said = [{"why": "found" if one.colour else "rule", "colour": str(colour), "rule": str(rule.id)}]
    often = limits("VEH-REPEAT-COUNT", one.path)
    if one.vehicle_id and colour == int(Colour.AMBER) and one.code not in STANDING:
        n = earlier[one.vehicle_id, one.code] + 1
        earlier[one.vehicle_id, one.code] = n
        if n >= often.value:
            said.append({"why": "repeated", "colour": Colour.RED.value, "rule": str(often.id), "n": str(n)})
    return said


def _evidence(one: Found, colours: list[dict[str, str]]) -> tuple[dict[str, Any], str]:
    evidence = one.evidence() | {"colour": colours}
    return evidence, colours[-1]["colour"] if colours else ""


@action("vehicles.alert.explain", event="vehicles.alert.explained")
def explain_alerts(w: Write, alerts: Sequence[Alert], *, text: str) -> Sequence[Alert]:
    """The unit says what it was. It may say more until the authority has decided.

    Raises:
        Conflict: it is decided already.
        Invalid: nothing is said.
        Denied: another organ's vehicle.
    """
    if len(text.strip()) < 4:
        raise Invalid.one("text", _("请写明情况，不少于 4 个字。"))
    for row in alerts:
        if row.state not in (State.OPEN, State.EXPLAINED):
            raise Conflict(_("已经认定，不能再说明。不服认定的可以申诉。"))
        if not row.path.startswith(w.actor.organ_path):
            raise Denied(_("由用车单位说明。"))
        w.change(
            row, state=State.EXPLAINED, explanation=text.strip(), explained_by=w.actor.name, explained_at=timezone.now()
        )
    return alerts


def _judge(actor: Actor, row: Alert) -> None:
    """That nobody decides about their own organ, where there is somebody above.

    Raises:
        Denied: the warning is about the actor's own organ.
    """
    if row.path.startswith(actor.organ_path) and actor.division:
        raise Denied(_("本单位的预警由上级主管部门认定。"))


def _verdict(violation: str) -> None:
    if violation and violation not in Violation.values:
        raise Invalid.one("violation", _("没有这种违规情形。"))


def may_decide(row: Alert) -> bool:
    """Whether it is for the authority: explained, or not explained in time."""
    late = row.explain_due is not None and row.explain_due < timezone.localdate()
    return row.state == State.EXPLAINED or (row.state == State.OPEN and late)


@action("vehicles.alert.decide", handover=True, event="vehicles.alert.decided")
def decide_alerts(w: Write, alerts: Sequence[Alert], *, text: str, violation: str = "") -> Sequence[Alert]:
    """The authority decides: no violation (``violation`` empty, and that is final), or one of the nine kinds.

    Raises:
        Conflict: the unit's time to explain is not over, or it is decided.
        Denied: one's own organ.
        Invalid: no grounds, or no such kind.
    """
    _verdict(violation)
    if not text.strip():
        raise Invalid.one("text", _("请写明认定理由。"))
    now, today = timezone.now(), timezone.localdate()
    for row in alerts:
        _judge(w.actor, row)
        if not may_decide(row):
            raise Conflict(_("单位还在说明时限内，或已经认定。"))
        values = {
            "decision": text.strip(),
            "decided_by": w.actor.name,
            "decided_at": now,
            "decider": w.actor.person_id,
        }
        if violation:
            due = working_days.due("VEH-APPEAL-DAYS", today, row.path).day
            w.change(row, state=State.DECIDED, outcome=Outcome.VIOLATION, violation=violation, appeal_due=due, **values)
        else:
            w.change(row, state=State.FINAL, outcome=Outcome.NONE, closed_at=now, **values)
    return alerts


@action("vehicles.alert.appeal", event="vehicles.alert.appealed")
def appeal_alerts(w: Write, alerts: Sequence[Alert], *, text: str) -> Sequence[Alert]:
    """The unit does not accept the decision.

    Raises:
        Conflict: nothing is decided, or the time for it is over.
        Invalid: no grounds are given.
        Denied: another organ's vehicle.
    """
    if len(text.strip()) < 4:
        raise Invalid.one("text", _("请写明情况，不少于 4 个字。"))
    for row in alerts:
        if not row.path.startswith(w.actor.organ_path):
            raise Denied(_("由用车单位申诉。"))
        if row.state != State.DECIDED or row.appeal_due is None:
            raise Conflict(_("现在不能申诉。"))
        if row.appeal_due < timezone.localdate():
            raise Conflict(_("申诉时限 %(day)s 已过。") % {"day": row.appeal_due})
        w.change(row, state=State.APPEALED, appeal=text.strip(), appealed_by=w.actor.name, appealed_at=timezone.now())
    return alerts


@action("vehicles.alert.review", permission="vehicles.alert.decide", handover=True, event="vehicles.alert.closed")
def review_appeals(w: Write, alerts: Sequence[Alert], *, text: str, violation: str = "") -> Sequence[Alert]:
    """The authority hears an appeal, by somebody other than who decided; what comes of it is final.

    Raises:
        Conflict: there is no appeal.
        Denied: one's own organ, or one's own decision.
        Invalid: no grounds, or no such kind.
    """
    _verdict(violation)
    if not text.strip():
        raise Invalid.one("text", _("请写明认定理由。"))
    for row in alerts:
        _judge(w.actor, row)
        if row.state != State.APPEALED:
            raise Conflict(_("没有待复核的申诉。"))
        if row.decider == w.actor.person_id:
            raise Denied(_("申诉由认定人以外的人复核。"))
        outcome = Outcome.VIOLATION if violation else Outcome.NONE
        w.change(row, state=State.FINAL, outcome=outcome, violation=violation, ruling=text.strip(), ruled_by=w.actor.name,
                 closed_at=timezone.now())  # fmt: skip
    return alerts


@action("vehicles.alert.close", system_only=True, event="vehicles.alert.closed")
def close_alerts(w: Write, alerts: Sequence[Alert]) -> Sequence[Alert]:
    """The time to appeal is over, or nothing is found any more of how things stood."""
    now = timezone.now()
    for row in alerts:
        values = {} if row.outcome else {"outcome": Outcome.LAPSED}
        w.change(row, state=State.FINAL, closed_at=now, **values)
    return alerts


@action("vehicles.mark.issue", handover=True, event="vehicles.mark.issued")
def issue_marks(w: Write, vehicles: Sequence[Vehicle]) -> Sequence[Vehicle]:
    """Give vehicles a mark to be scanned; one that has a mark gets a new one, and the old is void.

    Raises:
        Conflict: one bears no marks (涉密、侦查办案车), or is disposed of.
    """
    held = {m.vehicle_id: m for m in Mark.objects.filter(vehicle__in=vehicles)}
    for row in vehicles:
        if row.marking == Marking.EXEMPT or not row.is_held:
            raise Conflict(_("%(plate)s 免标识或已处置，不核发。") % {"plate": row.plate})
        token = secrets.token_urlsafe(12)
        if mark := held.get(row.pk):
            w.change(mark, token=token)
        else:
            mark = Mark(vehicle=row, token=token)
            mark.node_id, mark.path = row.node_id, row.path
            w.create(mark)
    return vehicles


@action("vehicles.tip.send", system_only=True, event="vehicles.tip.sent")
def send_tips(w: Write, tips: Sequence[Tip]) -> Sequence[Tip]:
    """Keep what the public reports, with the authority that handles it."""
    w.create(*tips)
    return tips


def _handle(w: Write, tips: Sequence[Tip], state: str, note: str) -> Sequence[Tip]:
    if not note.strip():
        raise Invalid.one("note", _("请写明处理意见。"))
    for row in tips:
        if row.state != Tip.State.NEW:
            raise Conflict(_("已经处理过。"))
        w.change(row, state=state, note=note.strip(), handled_by=w.actor.name, handled_at=timezone.now())
    return tips


@action("vehicles.tip.take", permission="vehicles.tip.handle", event="vehicles.tip.handled")
def take_tips(w: Write, tips: Sequence[Tip], *, note: str) -> Sequence[Tip]:
    """The authority takes reports up: each becomes a warning that the unit has to explain.

    Raises:
        Conflict: it is handled already.
        Invalid: nothing is noted.
    """
    return _handle(w, tips, Tip.State.TAKEN, note)


@action("vehicles.tip.dismiss", permission="vehicles.tip.handle", event="vehicles.tip.handled")
def dismiss_tips(w: Write, tips: Sequence[Tip], *, note: str) -> Sequence[Tip]:
    """The authority lays reports aside, with its reason. Raises as ``take_tips``."""
    return _handle(w, tips, Tip.State.DISMISSED, note)
