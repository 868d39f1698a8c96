"""Reasons of proposals as sentences (``planning`` gives codes and values only)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from shuzheng.apps.vehicles.planning.problem import DAY, Reason

Names = Callable[[str, str], str]
"""The name of a ``ride``, ``car`` or ``driver`` by its id."""


def clock(minute: int) -> str:
    """``08:05``; the day after is said so."""
    hours, minutes = divmod(minute % DAY, 60)
    return (
        f"{hours:02}:{minutes:02}" if 0 <= minute < DAY else _("次日 %(time)s") % {"time": f"{hours:02}:{minutes:02}"}
    )


def sentence(reason: Reason, name: Names) -> str:
    """What a reason says. An unknown code is an error of ours: it raises ``KeyError``."""
    return _SAID[reason.code](reason.args, name)


def _rides(args: Mapping[str, Any], name: Names) -> str:
    return _("、").join(name("ride", ride) for ride in args["rides"])


def _span(args: Mapping[str, Any]) -> dict[str, Any]:
    return {**args, "span": f"{clock(args['from'])}—{clock(args['to'])}"}


_SAID: dict[str, Callable[[Mapping[str, Any], Names], str]] = {
    "emergency": lambda a, n: _("紧急用车，先派"),
    "kept": lambda a, n: _("保持原来的派车"),
    "changed": lambda a, n: (
        _("改派：原为 %(car)s、%(driver)s") % {"car": n("car", a["car"]), "driver": n("driver", a["driver"])}
    ),
    "pooled": lambda a, n: _("合乘 %(rides)s，少跑 %(km)s km") % {"rides": _rides(a, n), "km": a["saved"]},
    "alone": lambda a, n: _("不与他人合乘"),
    "follows": lambda a, n: _("接 %(rides)s，空驶 %(km)s km") % {"rides": _rides(a, n), "km": a["km"]},
    "from_lot": lambda a, n: _("停放处离出发地 %(km)s km") % a,
    "fits": lambda a, n: _("%(people)d 人，%(seats)d 座") % a,
    "electric": lambda a, n: _("纯电动，行驶 %(km)s km，续航 %(range)d km") % a,
    "later": lambda a, n: _("晚 %(minutes)d 分钟出发") % a,
    "rested": lambda a, n: _("驾驶员近期任务较少"),
    "no_seats": lambda a, n: _("没有 %(people)d 座的车，最多 %(most)d 座") % a,
    "no_kind": lambda a, n: _("没有此事由、车型可用的车"),
    "no_car_then": lambda a, n: _("%(span)s 没有 %(people)d 座的空车，合适的 %(cars)d 辆都不在") % _span(a),
    "no_driver_then": lambda a, n: _("%(span)s 没有在岗且准驾相符的驾驶员，车有 %(cars)d 辆") % _span(a),
    "too_far": lambda a, n: _("%(span)s 往返 %(km)s km，超过续航或驾驶时间") % _span(a),
    "all_busy": lambda a, n: _("%(span)s 合适的 %(cars)d 辆车都有任务") % _span(a),
    "spare": lambda a, n: _("所在单位此类车只需 %(need)d 辆") % a,
    "lacking": lambda a, n: _("%(site)s缺此类车") % {"site": n("site", a["site"])},
    "needed": lambda a, n: _("所在单位此类车需 %(need)d 辆") % a,
    "old": lambda a, n: _("车龄 %(age)s 年，过 %(years)d 年") % a,
    "dear": lambda a, n: _("每公里 %(cost)s 元，同类中位数 %(usual)s 元") % a,
    "used": lambda a, n: _("一年出车 %(days)d 天，%(km)d km") % a,
    "within_range": lambda a, n: _("行程在纯电动续航和充电能力之内"),
}
