"""What all parts of the demo stand on: its places, and the rows on their way to the tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol

from shuzheng.apps.vehicles.models import (
    Driver,
    Vehicle,
)
from shuzheng.base.masters.models import Party
from shuzheng.base.org.models import Node

PROVINCE, COUNTY = "33/", "33/11/23/"
SURNAMES, GIVEN = "毛蓝雷钟邱阙翁涂应傅麻练巫赖丁洪", "建国志强伟民永根春生树林小荣金水长富立军"

SPOTS = (
    ("遂昌县行政中心", "lot", "妙高街道北街 1 号", "119.2712", "28.5925", 4),
    ("县机关事务服务中心", "office", "妙高街道北街 1 号", "119.2718", "28.5921", 0),
    ("县政务服务中心", "office", "妙高街道凯恩路", "119.2671", "28.5869", 2),
    ("遂昌汽车站", "hub", "妙高街道平昌路", "119.2604", "28.5808", 0),
    ("北界镇政府", "office", "北界镇", "119.2226", "28.7253", 1),
    ("大柘镇政府", "office", "大柘镇", "119.1496", "28.5438", 1),
    ("石练镇政府", "office", "石练镇", "119.0869", "28.4896", 0),
    ("王村口镇政府", "office", "王村口镇", "118.9702", "28.3537", 0),
    ("湖山乡政府", "site", "湖山乡", "119.0405", "28.7076", 0),
    ("松阳县行政中心", "office", "西屏街道", "119.4823", "28.4498", 2),
    ("丽水市行政中心", "office", "莲都区花园路 1 号", "119.9229", "28.4676", 6),
    ("丽水站", "hub", "莲都区", "119.9415", "28.4303", 2),
    ("衢州站", "hub", "柯城区", "118.8786", "28.9702", 2),
    ("杭州省行政中心", "office", "西湖区", "120.1528", "30.2672", 8),
)
KM = {
    "县政务服务中心": 4, "遂昌汽车站": 8, "北界镇政府": 34, "大柘镇政府": 31, "石练镇政府": 46, "王村口镇政府": 98,
    "湖山乡政府": 62, "松阳县行政中心": 64, "丽水市行政中心": 172, "丽水站": 180, "衢州站": 168, "杭州省行政中心": 560,
}  # fmt: skip
"""Kilometres there and back from the county's seat, by road."""


class Nation(Protocol):
    """What the demo has made so far."""

    divisions: Mapping[str, Node]
    offices: Mapping[str, Node]
    institutions: list[Node]


@dataclass
class Fleet:
    """An office's vehicles and drivers, and the rows that are made about them."""

    office: Node
    vehicles: list[Vehicle]
    drivers: list[Driver]
    workshop: Party | None
    odometer: dict[Any, Decimal] = field(default_factory=dict)


@dataclass
class Rows:
    """What is inserted, in the order in which rows refer to each other."""

    made: dict[type, list[Any]] = field(default_factory=dict)

    def add(self, row: Any, office: Node) -> Any:
        row.own(office)
        self.made.setdefault(type(row), []).append(row)
        return row
