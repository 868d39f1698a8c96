"""What ships with the platform: the files in ``data/`` (with marks and citations) and the kernel's units, as unsaved rows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from shuzheng.base.standards.models import (
    CalendarDay,
    CalendarYear,
    CodeItem,
    CodeSet,
    Confidence,
    ConversionFactor,
    DataElement,
    Rule,
    RulePack,
    Unit,
)
from shuzheng.kernel.units import DEFAULT_UNITS

DATA = Path(__file__).with_name("data")
UNITS_FROM = date(1994, 7, 1)
"""GB 3100—93 came into force."""


def _read(name: str) -> Any:
    return yaml.safe_load((DATA / f"{name}.yaml").read_text(encoding="utf-8"))


def _standard(entry: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """The fields of ``Standard``; what an entry leaves out it takes from the group above it."""

    def given(key: str, default: Any = "") -> Any:
        return entry.get(key, above.get(key, default))

    return {
        "name": entry["name"],
        "name_en": entry["en"],
        "region": entry.get("region", ""),
        "effective_from": given("from"),
        "effective_to": given("to", None),
        "source": given("source"),
        "article": given("article"),
        "confidence": given("confidence", Confidence.UNVERIFIED),
        "note": given("note"),
    }


def units() -> list[Unit]:
    """The kernel's table, as rows that a deployment may add to."""
    return [
        Unit(
            code=row.code,
            name=row.name_zh,
            name_en=row.name_en,
            dimension=row.dimension,
            factor=row.factor,
            aliases=list(row.aliases),
            effective_from=UNITS_FROM,
            source="GB 3100—93；统计常用单位",
            confidence=Confidence.SURE,
        )
        for row in DEFAULT_UNITS
    ]


def code_sets() -> list[tuple[CodeSet, list[CodeItem]]]:
    return [
        (CodeSet(code=entry["code"], **_standard(entry, {})), list(_code_items(entry["items"])))
        for entry in _read("code_sets")
    ]


def _code_items(items: list[Any]) -> Iterator[CodeItem]:
    for order, item in enumerate(items, 1):
        given = item if isinstance(item, dict) else dict(zip(("code", "name", "en"), item, strict=True))
        yield CodeItem(
            code=given["code"],
            parent_code=given.get("parent", ""),
            name=given["name"],
            name_en=given["en"],
            std_code=given.get("std_code", ""),
            attributes=given.get("attributes", {}),
            order=order,
        )


def elements() -> list[DataElement]:
    found = []
    for group in _read("elements"):
        for identifier, name, en, kind, shape, more in group["elements"]:
            found.append(
                DataElement(
                    identifier=identifier,
                    group=group["group"],
                    data_type=kind,
                    data_format=shape,
                    value_domain=more.get("domain", ""),
                    code_set=more.get("code_set", ""),
                    unit=more.get("unit", ""),
                    authority=more.get("authority", ""),
                    **_standard({"name": name, "en": en, **more}, group),
                )
            )
    return found


def factors() -> list[ConversionFactor]:
    file = _read("factors")
    found = []
    for entry in file["factors"]:
        for above in [file["sources"][name] for name in entry.get("under", ())] or [{}]:
            found.append(
                ConversionFactor(
                    energy=entry["energy"],
                    method=entry.get("method", ""),
                    value=Decimal(str(entry["value"])),
                    from_unit=entry["unit"],
                    to_unit=entry.get("into", "kgce"),
                    low=_decimal(entry.get("low")),
                    high=_decimal(entry.get("high")),
                    **_standard(entry, above),
                )
            )
    return found


def rules() -> list[tuple[RulePack, list[Rule]]]:
    return [
        (
            RulePack(code=pack["code"], **_standard(pack, {})),
            [
                Rule(
                    code=entry["code"],
                    key=entry.get("key", ""),
                    scope_level=entry.get("tier", 0),
                    value=Decimal(str(entry["value"])),
                    unit=entry["unit"],
                    bound=entry["bound"],
                    **_standard(entry, pack),
                )
                for entry in pack["rules"]
            ],
        )
        for pack in _read("rules")
    ]


def calendar() -> list[tuple[CalendarYear, list[CalendarDay]]]:
    found = []
    for year in _read("calendar")["years"]:
        days = [
            CalendarDay(day=day, kind=CalendarDay.DayKind.HOLIDAY, name=span["name"], name_en=span["en"])
            for span in year["holidays"]
            for day in _span(span["from"], span["to"])
        ]
        days += [
            CalendarDay(day=item["day"], kind=CalendarDay.DayKind.WORKING, name=item["name"], name_en=item["en"])
            for item in year["worked"]
        ]
        for day in days:
            day.source = year["source"]
        found.append((CalendarYear(year=year["year"], source=year["source"], confidence=year["confidence"]), days))
    return found


def _span(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def _decimal(value: Any) -> Decimal | None:
    return None if value is None else Decimal(str(value))
