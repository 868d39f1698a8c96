"""People of the demo: who works where, in which role; and the accounts that are shown to the newcomer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from django.contrib.auth.hashers import make_password
from django.utils import timezone

from shuzheng.base.access.models import Grant, Role
from shuzheng.base.accounts.models import Account, Person, Post
from shuzheng.base.core.bulk import insert_many
from shuzheng.base.org.models import Node
from shuzheng.kernel.text import pinyin_initials, pinyin_key
from shuzheng.ops.demo import names
from shuzheng.ops.demo.nation import ALWAYS, PROVINCE, Nation, Tick

PASSWORD = "Demo-2026-zheng"  # noqa: S105 -- of the demo nation only, which is loaded into no other database
COUNTY, PREFECTURE, NEIGHBOUR = "33/11/23/", "33/11/", "33/11/26/"


@dataclass(frozen=True)
class Persona:
    """A demo account: where it works and what it may do there."""

    username: str
    division: str
    roles: tuple[str, ...]
    post: str
    what: str
    institution: int | None = None
    """The how-many-eth institution of the division; an officer of the division's office when None."""


PERSONAS = (
    Persona("sc.unit", COUNTY, ("clerk",), "统计员", "遂昌县的一家公共机构：填报、提交", institution=0),
    Persona("sc.unit2", COUNTY, ("clerk",), "统计员", "同县另一家：有被退回的填报", institution=1),
    Persona("sc.clerk", COUNTY, ("clerk",), "经办人", "县经办：盯 38 家、催报"),
    Persona("sc.review", COUNTY, ("reviewer", "leader"), "审核人", "县审核：退回、通过、签综合表"),
    Persona("qy.review", NEIGHBOUR, ("reviewer",), "审核人", "邻县审核：看不到遂昌县"),
    Persona("ls.review", PREFECTURE, ("reviewer", "leader"), "审核人", "市审核：逐县通过、签综合表"),
    Persona("zj.review", PROVINCE, ("reviewer", "leader"), "审核人", "省审核：汇总、下钻到格"),
    Persona("zj.admin", PROVINCE, ("business_admin",), "业务管理员", "省业务管理员：机构、人员、台账"),
    Persona("gj.review", "", ("reviewer", "leader"), "审核人", "国家审核：看全国数"),
    Persona("gj.admin", "", ("business_admin",), "业务管理员", "国家业务管理员：下达任务、标准"),
    Persona("zj.system", PROVINCE, ("system_officer",), "系统管理员", "省系统管理员：账号、会话"),
    Persona("zj.security", PROVINCE, ("security_officer",), "安全管理员", "省安全管理员：审批授权"),
    Persona("zj.audit", PROVINCE, ("audit_officer",), "安全审计员", "省安全审计员：看审计"),
)

STAFF = (("经办人", ("clerk",)), ("审核人", ("reviewer",)), ("负责人", ("leader",)))


@dataclass
class _Batch:
    persons: list[Person]
    posts: list[Post]
    grants: list[Grant]


def populate(nation: Nation, tick: Tick) -> None:
    """One clerk in each institution, three people in each office of the province in depth, one in every other."""
    roles = {r.code: r for r in Role.objects.filter(is_shipped=True)}
    batch = _Batch([], [], [])
    random = Random("people")
    for office, at, post, codes in _jobs(nation):
        _appoint(batch, random, office, post, codes, at, roles)
    accounts = _personas(nation, batch, random, roles)
    insert_many(batch.persons)
    insert_many(batch.posts)
    insert_many(batch.grants)
    insert_many(accounts)
    tick("人员", len(batch.persons), len(batch.persons))


def _jobs(nation: Nation) -> Iterator[tuple[Node, Node, str, tuple[str, ...]]]:
    for path, office in nation.offices.items():
        jobs = STAFF if path.startswith(PROVINCE) or not path else (("经办人", ("clerk", "reviewer")),)
        for post, codes in jobs:
            yield office, nation.divisions[path], post, codes
    for organ in nation.institutions:
        yield organ, organ, "统计员", ("clerk",)


def _appoint(
    batch: _Batch, random: Random, organ: Node, post_name: str, codes: tuple[str, ...], at: Node, roles: dict[str, Role]
) -> Person:
    number = f"D{len(batch.persons) + 1:07d}"
    name = names.person(random)
    person = Person(name=name, number=number, pinyin=pinyin_key(name), initials=pinyin_initials(name))
    person.own(organ)
    post = Post(person=person, name=post_name, valid=ALWAYS)
    post.own(organ)
    for code in codes:
        grant = Grant(post=post, role=roles[code], at=at, at_path=at.path, valid=ALWAYS)
        grant.own(organ)
        batch.grants.append(grant)
    batch.persons.append(person)
    batch.posts.append(post)
    return person


def _personas(nation: Nation, batch: _Batch, random: Random, roles: dict[str, Role]) -> list[Account]:
    accounts = []
    password, now = make_password(PASSWORD), timezone.now()
    for persona in PERSONAS:
        division = nation.divisions[persona.division]
        organ, at = nation.offices[persona.division], division
        if persona.institution is not None:
            organ = at = [n for n in nation.institutions if n.division_id == division.pk][persona.institution]
        person = _appoint(batch, random, organ, persona.post, persona.roles, at, roles)
        accounts.append(Account(username=persona.username, person=person, password=password, password_changed_at=now))
    return accounts
