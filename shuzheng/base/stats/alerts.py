"""Alerts: rules over the lake, computed in the scope of the post that made them, after each export.

A condition is written in the expression language over ``value``, ``previous`` (the period before), ``last_year`` (the same
period a year before), ``change`` (against the year before, in percent) and ``target``. The other two ways look at the
history of the same place: how many standard deviations from its mean (z), and whether it lies outside its least and most.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shuzheng.base.access.actors import identify_post
from shuzheng.base.core.action import Write, action
from shuzheng.base.core.actor import Actor
from shuzheng.base.core.scope import Scope
from shuzheng.base.portal import formats
from shuzheng.base.stats import own
from shuzheng.base.stats.asking import ask
from shuzheng.base.stats.conditions import worded
from shuzheng.base.stats.declare import Indicator
from shuzheng.base.stats.labels import period_word
from shuzheng.base.stats.models_pages import Alert, AlertRule
from shuzheng.base.stats.question import Question
from shuzheng.kernel import expr
from shuzheng.kernel.errors import FieldFault, Invalid, Missing
from shuzheng.kernel.periods import Period

NAMES = dict.fromkeys(("value", "previous", "last_year", "change", "target"), expr.NUMBER)
HISTORY = 4
"""Earlier periods that a place must have before its history says anything."""
MOST = 500
"""Alerts of one rule in one period: a rule that fires for more is no alert."""

REASONS = {
    "condition": gettext_lazy("{value} {unit}，{condition}{facts}"),
    "deviation": gettext_lazy("{value} {unit}，偏离以往 {n} 期均值 {mean} 达 {z} 倍标准差"),
    "above": gettext_lazy("{value} {unit}，高于以往 {n} 期最大值 {most}"),
    "below": gettext_lazy("{value} {unit}，低于以往 {n} 期最小值 {least}"),
}


@dataclass(frozen=True)
class Finding:
    """What a rule says of one place."""

    key: str
    label: str
    value: Decimal
    reason: str
    values: dict[str, str]


@dataclass(frozen=True)
class Shown:
    """An alert as a page shows it."""

    row: Alert
    name: str
    period: str
    reason: str


def shown(row: Alert) -> Shown:
    """In the reader's words."""
    return Shown(row, row.rule.name, period_word(row.period), reason(row.reason, row.values))


def reason(code: str, values: Mapping[str, str]) -> str:
    """Why an alert was given, in the reader's language."""
    if "condition" in values:
        values = {**values, "condition": worded(values["condition"], values["unit"])}
    return str(REASONS[code]).format_map(values)


def check_rule(rule: AlertRule) -> None:
    """Whether a rule can be computed.

    Raises:
        Invalid: no such indicator, a condition that does not parse or is no yes-or-no, a dimension it can't be told by.
    """
    faults = []
    try:
        item = own.find(rule.indicator)
        if rule.by and rule.by not in item.dimensions:
            faults.append(FieldFault("by", _("“%(name)s”不能按这一层看。") % {"name": item.title}))
    except Missing as fault:
        faults.append(FieldFault("indicator", fault.message))
    if rule.kind == AlertRule.Way.CONDITION:
        try:
            expr.compile(rule.condition, NAMES, expr.BOOLEAN)
        except expr.ExprError as fault:
            faults.append(FieldFault("condition", fault.message))
    elif rule.factor <= 0:
        faults.append(FieldFault("factor", _("倍数须大于 0。")))
    if faults:
        raise Invalid(_("预警还不能用。"), faults)


def find(rule: AlertRule, scope: Scope) -> tuple[str, list[Finding], int]:
    """The newest period, what the rule finds in it, and how many places it looked at. Raises as ``ask``."""
    item = own.find(rule.indicator)
    by = (rule.by,) if rule.by else ()
    where = {name: tuple(values) for name, values in rule.where.items()}
    answer = ask(Question((rule.indicator,), (*by, "period"), ("", ""), where), scope=scope)
    places: dict[str, dict[Period, Decimal]] = {}
    labels: dict[str, str] = {}
    for row in answer.rows:
        key = row.keys[0] if by else ""
        labels[key] = row.labels[0] if by else _("合计")
        if row.values[0] is not None:
            places.setdefault(key, {})[Period.parse(row.keys[-1])] = row.values[0]
    if not places:
        return "", [], 0
    newest = max(period for values in places.values() for period in values)
    look = _condition(rule, item) if rule.kind == AlertRule.Way.CONDITION else _history(rule, item)
    found = []
    for key, values in sorted(places.items()):
        if newest in values and (said := look(values, newest)):
            found.append(Finding(key, labels[key], values[newest], said[0], said[1]))
    return str(newest), found, len(places)


Look = Callable[[Mapping[Period, Decimal], Period], "tuple[str, dict[str, str]] | None"]


def _condition(rule: AlertRule, item: Indicator) -> Look:
    program = expr.compile(rule.condition, NAMES, expr.BOOLEAN)

    def look(values: Mapping[Period, Decimal], newest: Period) -> tuple[str, dict[str, str]] | None:
        value = values[newest]
        before = values.get(newest.last_year) if newest.last_year else None
        previous = values.get(newest.previous) if newest.previous else None
        change = (value - before) * 100 / abs(before) if before else None
        target = next((t.value for t in item.targets if t.year >= newest.year), None)
        env = {"value": value, "previous": previous, "last_year": before, "change": change, "target": target}
        if program(env) is not True:
            return None
        facts = f"（{formats.change(change)}%）" if change is not None and "change" in program.references else ""
        return "condition", {**_said(item, value), "condition": rule.condition, "facts": facts}

    return look


def _history(rule: AlertRule, item: Indicator) -> Look:
    def look(values: Mapping[Period, Decimal], newest: Period) -> tuple[str, dict[str, str]] | None:
        value = values[newest]
        past = [v for p, v in values.items() if p < newest]
        if len(past) < HISTORY:
            return None
        said = {**_said(item, value), "n": str(len(past))}
        if rule.kind == AlertRule.Way.RANGE:
            least, most = min(past), max(past)
            if least <= value <= most:
                return None
            said |= {"least": formats.number(least, item.places), "most": formats.number(most, item.places)}
            return ("above" if value > most else "below"), said
        mean = sum(past, Decimal(0)) / len(past)
        spread = (sum(((v - mean) ** 2 for v in past), Decimal(0)) / (len(past) - 1)).sqrt()
        if not spread or abs(value - mean) <= rule.factor * spread:
            return None
        z = formats.number((value - mean) / spread, 1)
        return "deviation", {**said, "mean": formats.number(mean, item.places), "z": z}

    return look


def _said(item: Indicator, value: Decimal) -> dict[str, str]:
    return {"value": formats.number(value, item.places), "unit": item.unit}


@action("stats.alert.set")
def set_rules(w: Write, rules: Sequence[AlertRule], **values: Any) -> Sequence[AlertRule]:
    """Make rules, or change them (``values``).

    Raises:
        Invalid: as ``check_rule``.
    """
    for rule in rules:
        if rule._state.adding:
            check_rule(rule)
            w.create(rule)
        else:
            w.change(rule, **values)
            check_rule(rule)
    return rules


@action("stats.alert.remove", permission="stats.alert.set")
def remove_rules(w: Write, rules: Sequence[AlertRule]) -> Sequence[AlertRule]:
    """Rules are taken off with what they found; the trail keeps both."""
    for rule in rules:
        w.delete(*Alert.objects.filter(rule=rule))
        w.flush()
        w.delete(rule)
    return rules


@action("stats.alert.acknowledge", event="stats.alert.acknowledged")
def acknowledge(w: Write, alerts: Sequence[Alert], *, note: str) -> Sequence[Alert]:
    """Note what was done about alerts.

    Raises:
        Invalid: without a word of what was done; or it was dealt with before.
    """
    if not note.strip():
        raise Invalid.one("note", _("写一句怎么处置的。"))
    for row in alerts:
        if row.state != Alert.State.OPEN:
            raise Invalid(_("这条预警已处置过，或数已恢复。"))
        w.change(
            row, state=Alert.State.SEEN, seen_by=w.actor.name, seen_at=timezone.now(), seen_note=note.strip()[:300]
        )
    return alerts


@action("stats.alert.fire", system_only=True, event="stats.alert.fired")
def fire(
    w: Write, rules: Sequence[AlertRule], *, period: str, found: Sequence[Finding], checked: int
) -> Sequence[Alert]:
    """Bring a rule's alerts in line with what it finds now: new ones are made, those back in order are over.

    Computed again they stay as they are, so nobody hears of the same alert twice. Returns the new ones.
    """
    [rule] = rules
    held = {a.key: a for a in Alert.objects.filter(rule=rule, period=period)} if period else {}
    new = []
    for item in found[:MOST]:
        row = held.pop(item.key, None)
        if row is None:
            row = Alert(
                rule=rule, period=period, key=item.key, label=item.label[:160], value=item.value, reason=item.reason,
                values=item.values, level=rule.level,
            )  # fmt: skip
            row.node_id, row.path = rule.node_id, rule.path
            w.create(row)
            new.append(row)
        else:
            state = Alert.State.OPEN if row.state == Alert.State.OVER else row.state
            w.change(row, value=item.value, values=item.values, reason=item.reason, state=state)
    for row in held.values():
        w.change(row, state=Alert.State.OVER)
    # a rule is not another one for having been looked at: no entry in the trail, no version
    AlertRule.objects.filter(pk=rule.pk).update(checked_at=timezone.now(), checked=checked)
    return new


def run(actor: Actor) -> int:
    """Look at every rule in the scope of the post that made it; returns how many alerts are new.

    A rule whose maker holds the post no longer, or may not see statistics, is passed over: nobody's scope covers it.
    """
    with actor.scope.activate():
        rules = list(AlertRule.objects.filter(is_active=True).order_by("pk"))
    count = 0
    for rule in rules:
        with actor.scope.activate():
            identity = identify_post(rule.made_by)
        if identity is None or not identity.actor.may("stats.indicator.view"):
            continue
        scope = identity.actor.scope
        try:
            with scope.activate():
                period, found, checked = find(rule, scope)
        except (Missing, Invalid):  # its indicator was retired since: the page of the rule says so
            continue
        count += len(fire([rule], actor=actor, period=period, found=found, checked=checked))
    return count
