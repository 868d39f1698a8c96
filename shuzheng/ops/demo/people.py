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
from shuzheng.ops.demo.nation import ALWAYS, Nation, Tick
from shuzheng.ops.demo.personas import PASSWORD, PERSONAS, PROVINCE

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
        if not set(persona.roles) <= set(roles):
            continue  # the app that brings the role is switched off
        division = nation.divisions[persona.division]
        organ, at = nation.offices[persona.division], division
        if persona.institution is not None:
            organ = at = [n for n in nation.institutions if n.division_id == division.pk][persona.institution]
        person = _appoint(batch, random, organ, persona.post, persona.roles, at, roles)
        accounts.append(Account(username=persona.username, person=person, password=password, password_changed_at=now))
    return accounts
