"""The nation of the demo: an office of government affairs in every division, one province in depth."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from random import Random

from psycopg.types.range import DateRange

from shuzheng.base.core.bulk import insert_many
from shuzheng.base.core.registry import LINES
from shuzheng.base.org.divisions import load_divisions
from shuzheng.base.org.models import Competence, Node, NodeKind, OrganProfile, Tier
from shuzheng.base.org.places import draft_node
from shuzheng.base.org.versions import first_version
from shuzheng.ops.demo import names
from shuzheng.ops.demo.personas import PREFECTURE, PROVINCE

SINCE = date(2020, 1, 1)
ALWAYS = DateRange(SINCE, None)
OFFICE = "goa"

OFFICE_NAMES = {
    Tier.NATION: "国家机关事务管理局（演示）",
    Tier.PROVINCE: "{name}机关事务管理局",
    Tier.PREFECTURE: "{name}机关事务服务中心",
    Tier.COUNTY: "{name}机关事务服务中心",
}

Tick = Callable[[str, int, int], None]


@dataclass
class Nation:
    """What was made: divisions and offices by path, institutions in order."""

    divisions: dict[str, Node]
    offices: dict[str, Node] = field(default_factory=dict)
    institutions: list[Node] = field(default_factory=list)
    profiles: dict[object, OrganProfile] = field(default_factory=dict)


@dataclass(frozen=True)
class Scale:
    """How many institutions a division of each tier gets, and where."""

    name: str
    county: int
    prefecture: int
    province: int
    nation: int
    where: str
    deep: int = 0
    """Institutions in each county of the prefecture that newcomers are shown, if more than elsewhere."""
    with_people: bool = True

    def of(self, division: Node) -> int:
        if not division.path.startswith(self.where):
            return 0
        if self.deep and division.tier == Tier.COUNTY and division.path.startswith(PREFECTURE):
            return self.deep
        return {1: self.nation, 2: self.province, 3: self.prefecture, 4: self.county}[division.tier]


SCALES = {
    "small": Scale("small", 20, 16, 24, 0, PROVINCE, deep=38),
    "province": Scale("province", 505, 360, 600, 0, PROVINCE),
    "nation": Scale("nation", 528, 240, 80, 40, "", with_people=False),
}


def build(scale: Scale, tick: Tick) -> Nation:
    """Divisions, offices, competences, institutions with their profiles. Runs under a system scope; sets of rows only."""
    load_divisions(since=SINCE)
    nation = Nation({n.path: n for n in Node.objects.filter(kind=NodeKind.DIVISION)})
    tick("区划", len(nation.divisions), len(nation.divisions))
    _offices(nation)
    made = 0
    wanted = sum(scale.of(d) for d in nation.divisions.values())
    for chunk in _chunks(_institutions(nation, scale), 5000):
        insert_many([node for node, _ in chunk])
        insert_many([first_version(node) for node, _ in chunk])
        insert_many([profile for _, profile in chunk])
        if scale.with_people:
            nation.institutions += [node for node, _ in chunk]
            nation.profiles |= {node.pk: profile for node, profile in chunk}
        made += len(chunk)
        tick("机构", made, wanted)
    return nation


def _offices(nation: Nation) -> None:
    offices = []
    for division in nation.divisions.values():
        name = OFFICE_NAMES[Tier(division.tier)].format(name=division.name)
        office = draft_node(
            division, name, NodeKind.ORGAN, code=OFFICE, type="1", valid_from=SINCE, is_reporting=False,
            uscc=names.credit_code("1", 10_000_000 + len(offices)),
        )  # fmt: skip
        offices.append(office)
        nation.offices[division.path] = office
    insert_many(offices)
    insert_many([first_version(o) for o in offices])
    insert_many(
        [
            Competence(division=division, path=path, line=line, organ=nation.offices[path], valid=ALWAYS)
            for path, division in nation.divisions.items()
            for line in LINES
        ]
    )


def _institutions(nation: Nation, scale: Scale) -> Iterator[tuple[Node, OrganProfile]]:
    serial = 0
    for path, division in sorted(nation.divisions.items()):
        random = Random(f"org {path}")
        count = scale.of(division)
        used: dict[str, int] = {}
        for index in range(count):
            kind, tail = names.institution(index, count, random)
            used[tail] = used.get(tail, 0) + 1
            name = f"{division.name}{tail}" + (f"（{used[tail]}）" if used[tail] > 1 else "")
            serial += 1
            node = draft_node(
                division, name, NodeKind.ORGAN, code=f"j{serial:06d}", type=kind, is_reporting=True,
                uscc=names.credit_code(kind, serial), valid_from=SINCE,
            )  # fmt: skip
            staff = random.randint(12, 160) * (4 if kind == "24" else 1)
            profile = OrganProfile(
                staff_public=staff,
                staff_actual=staff - random.randint(0, 6),
                staff_contract=random.randint(0, 30),
                energy_headcount=staff + (random.randint(200, 1400) if kind == "21" else random.randint(5, 90)),
                floor_area=Decimal(staff * random.randint(24, 42)),
                address=f"{division.name}{random.choice(names.PLACES)}路 {random.randint(1, 299)} 号",
            )
            profile.own(node)
            yield node, profile


def _chunks(rows: Iterable, size: int) -> Iterator[list]:
    part: list = []
    for row in rows:
        part.append(row)
        if len(part) == size:
            yield part
            part = []
    if part:
        yield part
