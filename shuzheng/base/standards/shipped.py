"""What ships with the platform: the files in ``data/`` (with marks and citations) and the kernel's units, as unsaved rows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
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
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
UNITS_FROM = date(1994, 7, 1)
"""GB 3100—93 came into force."""


def _read(name: str) -> Any:
    return _load(DATA / f"{name}.yaml")


@cache
def _load(file: Path) -> Any:
    return yaml.load(file.read_text(encoding="utf-8"), Loader=_LOADER)  # noqa: S506 -- the safe loader, in C where there is one


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
    """All shipped code sets, editions of one set from old to new. An item of an older edition knows what follows it."""
    entries = [entry for file in sorted((DATA / "code_sets").glob("*.yaml")) for entry in _load(file)]
    sets = [
        (CodeSet(code=entry["code"], **_standard(entry, {})), list(_code_items(entry["items"]))) for entry in entries
    ]
    sets.append(_datasets())
    before: dict[str, list[CodeItem]] = {}
    for code_set, items in sets:
        known = {item.code: item for item in before.get(code_set.code, ())}
        for item in items:
            for old in item.attributes.get("replaces", ()):
                known[old].successors = [*known[old].successors, item.code]
        before[code_set.code] = items
    return sets


def _code_items(items: list[Any]) -> Iterator[CodeItem]:
    for order, item in enumerate(items, 1):
        given = item if isinstance(item, dict) else dict(zip(("code", "name", "en"), item, strict=True))
        attributes = dict(given.get("attributes", {}))
        if "replaces" in given:
            attributes["replaces"] = given["replaces"]
        yield CodeItem(
            code=given["code"],
            parent_code=given.get("parent", ""),
            name=given["name"],
            name_en=given["en"],
            std_code=given.get("std_code", ""),
            attributes=attributes,
            order=order,
        )


def _datasets() -> tuple[CodeSet, list[CodeItem]]:
    """The tables that the elements belong to, as a code set: below each group its data sets."""
    items = []
    for file in _element_files():
        for dataset in file["datasets"]:
            items.append(
                CodeItem(
                    code=dataset["dataset"],
                    name=dataset["name"],
                    name_en=dataset["en"],
                    attributes={"group": file["group"]},
                    order=len(items) + 1,
                )
            )
    code_set = CodeSet(
        code="element_dataset",
        name="数据集",
        name_en="Data sets",
        effective_from=date(2008, 6, 1),
        source="GB/T 43243—2023（类别）",
        confidence=Confidence.LIKELY,
        note="代码为平台自编",
    )
    return code_set, items


def _element_files() -> list[dict[str, Any]]:
    files = {file.stem: _load(file) for file in (DATA / "elements").glob("*.yaml")}
    return [files[group] for group in DataElement.Group.values if group in files]


def elements() -> list[DataElement]:
    """The elements of all groups. A file says a type in one word: ``text c..40``, ``number n..14,2 ㎡``, ``date``, ``code <set>``.

    Numbers are at least 0 unless the file says otherwise; a code's format follows from the codes of its set.
    """
    widths = _code_formats()
    found = []
    for file in _element_files():
        for dataset in file["datasets"]:
            above = {**file, **dataset}
            for suffix, name, en, shape, *rest in dataset["elements"]:
                more = rest[0] if rest else {}
                found.append(
                    DataElement(
                        identifier=f"{dataset.get('prefix', dataset['dataset'])}.{suffix}",
                        group=file["group"],
                        dataset=dataset["dataset"],
                        authority=more.get("authority", above.get("authority", "")),
                        required=more.get("required", False),
                        **_typed(shape, more, widths),
                        **_standard({**more, "name": name, "en": en}, {k: v for k, v in above.items() if k != "name"}),
                    )
                )
    return found


def _typed(shape: str, more: dict[str, Any], widths: dict[str, str]) -> dict[str, str]:
    """Type, format, value domain, code set and unit of an element, from the word that its file has for them."""
    kind, _, rest = shape.partition(" ")
    said = {"data_type": kind, "data_format": rest, "value_domain": more.get("domain", ""), "code_set": "", "unit": ""}
    if kind == "number":
        said["data_format"], _, said["unit"] = rest.partition(" ")
        said["value_domain"] = more.get("domain", "≥0")
    elif kind in ("code", "yes_no"):
        code_set = rest or kind
        said |= {"data_type": "code", "data_format": widths[code_set], "code_set": code_set}
    elif kind == "date":
        said["data_format"] = rest or "YYYYMMDD"
    elif kind == "datetime":
        said["data_format"] = rest or "YYYYMMDDhhmmss"
    return said


def _code_formats() -> dict[str, str]:
    """By code set the format that all its codes have."""
    codes: dict[str, list[str]] = {}
    for code_set, items in code_sets():
        codes.setdefault(code_set.code, []).extend(item.code for item in items)
    return {name: _shared_format(texts) for name, texts in codes.items()}


def _shared_format(codes: list[str]) -> str:
    text = "".join(codes)
    chars = "n" if text.isdecimal() else "a" if text.isalpha() else "an" if text.isalnum() else "c"
    lengths = {len(code) for code in codes}
    return f"{chars}{lengths.pop()}" if len(lengths) == 1 else f"{chars}..{max(lengths)}"


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
