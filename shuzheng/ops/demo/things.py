"""What offices hold and hear of: places, suppliers and a few notices, where newcomers look."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from random import Random

from django.utils import timezone
from psycopg.types.range import DateRange

from shuzheng.base.access.actors import identify
from shuzheng.base.accounts.models import Account
from shuzheng.base.core.bulk import insert_many
from shuzheng.base.masters.models import Party, PartyCategory, Place, PlaceKind, PlaceState
from shuzheng.base.notify.actions import send
from shuzheng.base.org.models import Node
from shuzheng.ops.demo import names
from shuzheng.ops.demo.nation import Nation
from shuzheng.ops.demo.personas import COUNTY, PREFECTURE, PROVINCE

USES = ("办公室", "会议室", "档案室", "值班室", "设备间", "接待室", "资料室")
TRADES = (
    ("安宁物业服务", "property"),
    ("青禾保洁", "cleaning"),
    ("金盾保安服务", "security"),
    ("味源餐饮管理", "catering"),
    ("恒通汽车维修", "vehicles"),
    ("云峰机电维保", "maintenance"),
    ("绿能节能科技", "energy"),
    ("文轩办公用品", "goods"),
    ("双溪建筑装饰", "works"),
)

NOTICES = (
    ("gj.admin", "", "关于开展公共机构节水宣传活动的通知", True),
    ("zj.admin", PROVINCE, "三季度能源资源消费季报填报要点", False),
    ("ls.review", PREFECTURE, "四季度消防安全检查安排", False),
    ("sc.review", COUNTY, "行政中心周末停水检修", False),
)
"""Sender, division below which it goes out, title, and whether it must be read."""


def furnish(nation: Nation) -> None:
    """Places and suppliers of the offices of the prefecture and its counties. Runs under a system scope."""
    random = Random("things")
    places: list[Place] = []
    parties: list[Party] = []
    for path in sorted(p for p in nation.offices if p.startswith(PREFECTURE)):
        office = nation.offices[path]
        places += _site(office, nation.divisions[path].name, random)
        parties += _suppliers(office, nation.divisions[path].name, random, len(parties))
    insert_many(places)
    insert_many(parties)


def _site(office: Node, division: str, random: Random) -> list[Place]:
    made: list[Place] = []

    def put(kind: str, number: str, name: str, parent: Place | None, **values: object) -> Place:
        place = Place(kind=kind, number=number, name=name, parent=parent, **values)
        place.full_name = f"{parent.full_name} {name}" if parent else name
        place.own(office)
        made.append(place)
        return place

    site = put(PlaceKind.SITE, "A", "行政中心", None, address=f"{division}{random.choice(names.PLACES)}路 1 号")
    for block in (1, 2):
        building = put(
            PlaceKind.BUILDING, f"A{block}", f"{block} 号楼", site, built_on=date(1998 + 9 * block, 6, 1),
            gross_area=Decimal(random.randint(4200, 9800)),
        )  # fmt: skip
        for storey in (1, 2, 3):
            floor = put(PlaceKind.FLOOR, f"A{block}-{storey}", f"{storey} 层", building, storey=storey)
            for room in range(1, 7):
                put(
                    PlaceKind.ROOM, f"A{block}-{storey}0{room}", f"{storey}0{room} {random.choice(USES)}", floor,
                    storey=storey, net_area=Decimal(random.randint(90, 480)) / 10,
                    state=random.choices(list(PlaceState), (80, 12, 5, 3))[0],
                )  # fmt: skip
    return made


def _suppliers(office: Node, division: str, random: Random, serial: int) -> list[Party]:
    made = []
    for n, (name, category) in enumerate(TRADES):
        since = timezone.localdate() - timedelta(days=random.randint(60, 1000))
        party = Party(
            name=f"{division}{name}有限公司",
            uscc=names.credit_code("2", 20_000_000 + serial + n),
            categories=[category, *random.sample(list(PartyCategory.values), random.choice((0, 0, 1)))][:2],
            contact=names.person(random),
            telephone=f"0578-9{random.randint(100000, 999999)}",
            valid=DateRange(since, since + timedelta(days=1095)),
        )
        party.categories = list(dict.fromkeys(party.categories))
        party.own(office)
        made.append(party)
    return made


def announce() -> None:
    """Send the notices as their senders; to organs of the prefecture's tier and below only few are asked, so inline."""
    for username, division, title, must_read in NOTICES:
        account = Account.objects.get(username=username)
        identity = identify(account.pk)
        if identity is None:
            continue
        with identity.actor.scope.activate():
            targets = list(Node.objects.filter(path__in=_reach(division), kind="organ"))
            body = "请各单位结合实际抓好落实，有问题及时反馈。"
            send(targets, actor=identity.actor, title=title, body=body, must_read=must_read)


def _reach(division: str) -> list[str]:
    """The offices that the newcomer may sign in at, below a division."""
    return [f"{d}0/goa/" for d in (PROVINCE, PREFECTURE, COUNTY) if d.startswith(division) and d != division] or [
        f"{division}0/goa/"
    ]
