"""What a detector says: one thing that was noticed, with the facts, the limits, and the rules that judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Protocol
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from shuzheng.base.standards import resolve
from shuzheng.base.standards.book import Book, RuleValue
from shuzheng.base.standards.numbers import tidy

WORDS: Mapping[str, Any] = {
    "odometer_gap": _("两次出车之间多出的里程"), "odometer_before": _("上次收车读数"), "odometer_after": _("这次出车读数"),
    "due_back": _("计划收车"), "back": _("实际收车"), "late_minutes": _("超时"), "night": _("夜间出车"), "holiday": _("非工作日出车"),
    "no_approval": _("没有已批准的派车单"), "state": _("车辆状态"), "odometer_km": _("里程表里程"), "track_km": _("定位里程"),
    "difference": _("相差"), "rate": _("百公里能耗"), "usual": _("通常百公里能耗"), "quantity": _("加油量"), "tank": _("油箱容积"),
    "hours_between": _("距上次加油"), "wrong_energy": _("纯电动车加油"), "no_run": _("当天及前后一天没有出车"), "document": pgettext_lazy("warning", "证件"), "until": _("有效期止"),
    "paper_due": _("补办时限"), "held": _("实有"), "quota": _("编制"), "VEH-PRICE": _("购置价格"), "VEH-DISPL": _("排气量"), "VEH-OFF-ROAD": _("越野车没有批准文号"), "holder": _("产权登记"), "owner": _("使用单位"),
    "repairs": _("同一维修厂短期维修次数"), "amount": _("金额合计"), "part": _("配件"), "price": _("单价"), "median": _("同名中位价"),
    "passenger": _("乘车人"), "share": _("占出车次数"), "runs": _("出车次数"), "borrower": _("用车单位"), "provider": _("派车单位"),
    "metres": _("距离"), "speed": _("速度"), "minutes": _("停留"), "offline": _("离线"), "place": _("地点"), "fence": _("围栏"), "what": _("反映情况"),
    "score": _("嫌疑分值"), "card_driver": _("刷卡驾驶员"), "order_driver": _("派车驾驶员"), "station": _("加油充电站"),
    "refuelled_at": _("票据时间"), "not_there": _("轨迹在票据时间前后没有到过该站"), "same_place": _("夜间或休息日停在同一处的天数"),
}  # fmt: skip
"""What the facts of an evidence pack are called. A pack holds codes and figures; words are made for whoever reads it."""


@dataclass(frozen=True)
class Item:
    """One fact: what (of ``WORDS``), its value, the limit it was held against, and the rule's edition."""

    what: str
    value: Any = ""
    unit: str = ""
    limit: Any = ""
    rule: RuleValue | None = None

    def as_json(self) -> dict[str, str]:
        told = {"what": self.what, "value": shown(self.value), "unit": self.unit, "limit": shown(self.limit)}
        if self.rule is not None:
            told |= {
                "rule": str(self.rule.id), "code": self.rule.code, "edition": str(self.rule.edition),
                "article": f"{self.rule.source}{self.rule.article}",
            }  # fmt: skip
        return told


def shown(value: Any) -> str:
    """A value as an evidence pack keeps it: times in local time, numbers without noughts at the end."""
    if isinstance(value, datetime):
        return f"{timezone.localtime(value):%Y-%m-%d %H:%M}"
    if isinstance(value, Decimal):
        return str(tidy(value))
    return f"{value:.1f}" if isinstance(value, float) else str(value)


class Owner(Protocol):
    """Whose warning it is: a record of the organ, or the organ."""

    path: str


@dataclass(frozen=True)
class Found:
    """Something noticed. ``key`` tells it within its organ: found again, it is the same.

    ``about`` names the records behind it: model, id, and what they are called.
    """

    code: str
    key: str
    node_id: UUID
    path: str
    begins: datetime
    items: tuple[Item, ...]
    ends: datetime | None = None
    vehicle_id: UUID | None = None
    run_id: UUID | None = None
    trip_id: UUID | None = None
    about: tuple[tuple[str, UUID, str], ...] = ()
    points: tuple[tuple[str, int, RuleValue], ...] = ()
    colour: str = ""
    """Where what was found says it itself; else the rule of the code does."""
    whats: frozenset[str] = field(init=False, default=frozenset())

    def __post_init__(self) -> None:
        object.__setattr__(self, "whats", frozenset(item.what for item in self.items))

    @property
    def score(self) -> int | None:
        return sum(p for _part, p, _rule in self.points) if self.points else None

    def evidence(self) -> dict[str, Any]:
        return {
            "facts": [item.as_json() for item in self.items],
            "about": [{"model": model, "pk": str(pk), "text": text} for model, pk, text in self.about],
            "points": [{"part": part, "points": n, "rule": str(rule.id)} for part, n, rule in self.points],
        }


class Limits:
    """Rules as they hold on a day: asked once a place."""

    def __init__(self, on: date, held: Book | None = None) -> None:
        self.on, self.held = on, held or resolve.current()
        self._known: dict[tuple[str, str, str], RuleValue] = {}

    def __call__(self, code: str, path: str = "", key: str = "") -> RuleValue:
        """The rule.

        Raises:
            Missing: none is in force.
        """
        known = self._known.get((code, path, key))
        if known is None:
            known = self._known[code, path, key] = resolve.rule(code, self.on, path, key=key, book=self.held)
        return known
