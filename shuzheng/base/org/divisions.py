"""The administrative divisions that ship with the platform (``data/README.md`` has the source)."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from shuzheng.base.core.action import Write, action
from shuzheng.base.core.actor import Actor, system_actor
from shuzheng.base.core.bulk import insert_many
from shuzheng.base.core.scope import system_scope
from shuzheng.base.org.models import Node, NodeKind, Tier
from shuzheng.base.org.places import child_path, nation_code, read_aloud
from shuzheng.base.org.versions import first_version

DATA = Path(__file__).parent / "data" / "divisions.csv"
SINCE = date(2000, 1, 1)
"""From when on the shipped divisions are said to exist: before every figure that the platform is likely to hold.
The source is a picture of one year and knows no earlier one."""

TIERS = {"province": Tier.PROVINCE, "prefecture": Tier.PREFECTURE, "county": Tier.COUNTY}


def load_divisions(actor: Actor | None = None, *, since: date = SINCE) -> list[Node]:
    """Store the nation (path ``''``) and its divisions; those there already stay as they are. Returns the new ones.

    ``actor`` is the system (scope ``org.import``), also when it is left out.
    """
    return _load([], actor=actor or system_actor("org.import"), since=since)


@action("org.division.load", system_only=True, event="org.node.reorganised")
def _load(w: Write, _batch: Sequence[Any], *, since: date) -> list[Node]:
    nodes = {node.path: node for node in Node.objects.filter(kind=NodeKind.DIVISION)}
    fresh: list[Node] = []

    def add(path: str, code: str, name: str, tier: int, parent: Node | None) -> None:
        if path in nodes:
            return
        node = Node(path=path, code=code, name=name, kind=NodeKind.DIVISION, tier=tier, parent=parent, valid_from=since)
        read_aloud(node)
        nodes[path] = node
        fresh.append(node)

    add("", nation_code(), "国家", Tier.NATION, None)
    for path, row in divisions():
        above = path[:-1].rpartition("/")[0]
        add(path, path[:-1].rpartition("/")[2], row["name"], TIERS[row["tier"]], nodes[f"{above}/" if above else ""])
    with system_scope("org.import").activate():
        w.create(*fresh)
        w.flush()
        insert_many([first_version(node) for node in fresh])
    return fresh


def divisions() -> list[tuple[str, dict[str, str]]]:
    """The rows of the file with their paths, parents first. A segment is what a code has beyond its parent's digits."""
    with DATA.open(encoding="utf-8", newline="") as file:
        rows = {row["code"]: row for row in csv.DictReader(file)}
    digits = {"province": 2, "prefecture": 4, "county": 6}
    paths: dict[str, str] = {"": ""}

    def path_of(code: str) -> str:
        if code not in paths:
            row = rows[code]
            parent = row["parent_code"]
            skip = digits[rows[parent]["tier"]] if parent else 0
            segment = code[skip : digits[row["tier"]]]
            paths[code] = child_path(path_of(parent), NodeKind.DIVISION, segment)
        return paths[code]

    return sorted(((path_of(code), row) for code, row in rows.items()), key=lambda item: item[0])
