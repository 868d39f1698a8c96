"""What the rules say of a vehicle, a plan, or an organ's fleet. Limits are dated rules of ``base.standards``; nothing stands here.

Each finding names the rule's edition that judged, so that a past year can be judged again by that year's rules.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal, Protocol

from django.utils.translation import gettext as _

from shuzheng.apps.vehicles.models.fleet import NEW_ENERGY, Body, Marking, Use
from shuzheng.base.standards import resolve
from shuzheng.base.standards.book import Book, RuleValue
from shuzheng.base.standards.numbers import tidy
from shuzheng.base.standards.working_days import add_months

YUAN = Decimal(10_000)
Tone = Literal["ok", "warn", "over", "late"]
_book: ContextVar[Book | None] = ContextVar("vehicles_book", default=None)


def take_book() -> None:
    """Read the book once for the list that is about to be shown; ``book()`` answers it until the next list."""
    _book.set(resolve.current())


def book() -> Book:
    return _book.get() or resolve.current()


def number(code: str, on: date, path: str = "", *, key: str = "", held: Book | None = None) -> Decimal:
    """The value of a rule on a day at a place.

    Raises:
        Missing: none was in force.
    """
    return resolve.rule(code, on, path, key=key, book=held).value


@dataclass(frozen=True)
class Finding:
    """One rule and what it says. ``article`` cites it; ``rule`` is the edition that judged, ``value`` the figure it judged."""

    code: str
    tone: Tone
    words: str
    rule: RuleValue | None = None
    value: Decimal | None = None

    @property
    def article(self) -> str:
        return f"{self.rule.source}{self.rule.article}" if self.rule is not None else ""

    @property
    def sentence(self) -> str:
        return f"{self.words}（{self.article}）" if self.article else self.words


class Specified(Protocol):
    """What price and displacement are judged by: a vehicle, or a line of a plan."""

    use: str
    body: str
    fuel: str
    price: Decimal
    displacement: Decimal | None
    is_special_case: bool
    path: str


def standard(item: Specified) -> str:
    """The key of the price and displacement limits that a vehicle falls under; empty for special technical vehicles.

    办法第九至十一条: a new energy car has a limit of its own; coaches, and small ones in a special case, have higher ones.
    """
    if item.use == Use.SPECIAL:
        return ""
    if item.fuel in NEW_ENERGY and item.body == Body.CAR:
        return "new_energy"
    if item.body == Body.LARGE:
        return "special_large"
    if item.body == Body.MEDIUM:
        return "special_small"
    if item.use == Use.COURIER:
        return "courier"
    if item.use == Use.ENFORCEMENT:
        return "enforcement_needed" if item.is_special_case else "enforcement"
    if item.is_special_case and item.body != Body.CAR:
        return "special_small"
    return "general"


def specification(item: Specified, on: date, *, held: Book | None = None) -> Iterator[Finding]:
    """Price and displacement against their limits on the day of purchase."""
    held = held or book()
    key = standard(item)
    approval = getattr(item, "approval", "")
    if not key:
        yield Finding("VEH-PRICE", "ok", _("特种专业技术用车的标准由有关部门会同财政部门确定"))
        return
    figures = (("VEH-PRICE", item.price / YUAN, _("价格")), ("VEH-DISPL", item.displacement, _("排气量")))
    for code, value, what in figures:
        limit = held.rule(code, on, item.path, key, 0)
        if limit is None or value is None:
            continue
        told = {"what": what, "value": tidy(value), "limit": tidy(limit.value), "unit": limit.unit}
        if value <= limit.value:
            yield Finding(code, "ok", _("%(what)s %(value)s %(unit)s，上限 %(limit)s %(unit)s") % told, limit)
        elif approval:
            words = _("%(what)s %(value)s %(unit)s，超过上限 %(limit)s %(unit)s，凭 %(approval)s 配备")
            yield Finding(code, "warn", words % {**told, "approval": approval}, limit)
        else:
            yield Finding(
                code, "over", _("%(what)s %(value)s %(unit)s，超过上限 %(limit)s %(unit)s") % told, limit, value
            )
    if item.body == Body.OFF_ROAD and not approval and hasattr(item, "approval"):
        yield Finding("VEH-OFF-ROAD", "over", _("越野车须经批准配备，没有批准文号"))


def renewable_from(
    registered_on: date, on: date, path: str = "", *, held: Book | None = None
) -> tuple[date, RuleValue] | None:
    """The first day on which a vehicle may be renewed, and the rule that says so: the day after its years are full
    (超过 8 年; domain §13), by the rule in force ``on`` the day that is judged. None when there was none."""
    rule = (held or book()).rule("VEH-RENEW-YEARS", on, path, "", 0)
    return None if rule is None else (add_months(registered_on, int(rule.value) * 12) + timedelta(days=1), rule)


def renewal(registered_on: date, on: date, path: str = "", *, held: Book | None = None) -> Finding:
    """Whether a vehicle may be renewed on a day (办法第二十二条)."""
    found = renewable_from(registered_on, on, path, held=held)
    if found is None:
        return Finding("VEH-RENEW-YEARS", "warn", _("没有更新年限的规则，请在标准规范里补录"))
    since, rule = found
    if on >= since:
        return Finding("VEH-RENEW-YEARS", "warn", _("已满更新年限；仍能使用的应继续使用"), rule)
    return Finding("VEH-RENEW-YEARS", "ok", _("%(day)s 起可以更新") % {"day": since}, rule)


def documents(vehicle, on: date, *, held: Book | None = None) -> Iterator[Finding]:
    """Insurance and inspection: expired, or about to."""
    held = held or book()
    ahead = held.rule("VEH-EXPIRY-DAYS", on, vehicle.path, "", 0)
    days = int(ahead.value) if ahead else 0
    known = (
        ("compulsory", vehicle.compulsory_to, _("交强险")), ("commercial", vehicle.commercial_to, _("商业险")),
        ("inspection", vehicle.inspection_to, _("年检")),
    )  # fmt: skip
    for code, until, what in known:
        if until is None:
            if code != "commercial":
                yield Finding(code, "warn", _("没有登记%(what)s有效期") % {"what": what})
        elif until < on:
            yield Finding(code, "late", _("%(what)s已于 %(day)s 到期") % {"what": what, "day": until})
        elif (until - on).days <= days:
            yield Finding(code, "warn", _("%(what)s %(day)s 到期") % {"what": what, "day": until}, ahead)


def vehicle(row, on: date, *, held: Book | None = None) -> list[Finding]:
    """All that the rules say of a vehicle on a day: specification by the rules of its purchase, the rest by today's."""
    held = held or book()
    found = list(specification(row, row.purchased_on or row.registered_on, held=held))
    owner = row.node.name
    if row.title_holder != owner:
        words = _("产权登记在“%(holder)s”，不是本单位")
        found.append(Finding("VEH-TITLE", "over", words % {"holder": row.title_holder}))
    if row.marking == Marking.DUE:
        found.append(Finding("VEH-MARKING", "warn", _("还没有喷涂统一标识")))
    found.append(renewal(row.registered_on, on, row.path, held=held))
    found += documents(row, on, held=held)
    return found


def worst(found: list[Finding]) -> Tone:
    order: list[Tone] = ["ok", "warn", "late", "over"]
    return max((f.tone for f in found), key=order.index, default="ok")
