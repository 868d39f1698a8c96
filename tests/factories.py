"""Nodes, people and actors for tests: a small nation with a neighbour at every tier, so that there is data that could leak."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from functools import cache
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.utils import timezone
from psycopg.types.range import DateRange

from shuzheng.base.access.actors import identify
from shuzheng.base.access.models import Grant, Role
from shuzheng.base.accounts.models import Account, Person, Post
from shuzheng.base.core.actor import Actor
from shuzheng.base.core.registry import LINES, ROLES
from shuzheng.base.core.scope import system_scope
from shuzheng.base.org.models import Competence, Node, NodeKind, NodeVersion

START = date(2020, 1, 1)
ALWAYS = DateRange(START, None)
PASSWORD = "测试口令-Aa1!"

DIVISIONS = {
    "": "国家",
    "33/": "甲省",
    "33/11/": "甲市",
    "33/11/23/": "甲县",
    "33/11/22/": "乙县",
    "33/10/": "乙市",
    "32/": "乙省",
}


@dataclass
class Nation:
    """Divisions and organs by path, and actors made on demand."""

    nodes: dict[str, Node] = field(default_factory=dict)

    def organ(self, path: str) -> Node:
        return self.nodes[path]

    def account(self, organ: str, *roles: str, at: str | None = None, name: str = "", number: str = "") -> Account:
        """An account whose post at ``organ`` holds ``roles`` at the node ``at`` (the organ unless given)."""
        with system_scope("tests").activate():
            node = self.nodes[organ]
            number = number or f"T{Person.objects.count():05d}"
            person = Person(name=name or f"人员{number}", number=number)
            person.own(node)
            person.save(force_insert=True)
            post = Post(person=person, name="经办人", valid=ALWAYS)
            post.own(node)
            post.save(force_insert=True)
            for code in roles:
                grant = Grant(
                    post=post, role=self.role(code), at=self.nodes[at if at is not None else organ], valid=ALWAYS
                )
                grant.own(node)
                grant.at_path = grant.at.path
                grant.save(force_insert=True)
            account = Account(
                username=number.lower(), person=person, password=_hashed(), password_changed_at=timezone.now()
            )
            account.save(force_insert=True)
        return account

    def role(self, code: str) -> Role:
        role = Role.objects.filter(code=code).first()
        if role is None:
            role = Role(code=code, name=ROLES[code].label, officer=ROLES[code].officer, is_shipped=True)
            role.own(self.nodes["0/ngoa/"])
            role.save(force_insert=True)
        return role

    def actor(self, organ: str, *roles: str, at: str | None = None) -> Actor:
        return actor_of(self.account(organ, *roles, at=at))

    def competent(self, organ: str, division: str, *lines: str) -> None:
        """Make ``organ`` the competent authority of ``lines`` (of all, unless given) in ``division``."""
        with system_scope("tests").activate():
            for line in lines or tuple(LINES):
                Competence(
                    division=self.nodes[division], path=division, line=line, organ=self.nodes[organ], valid=ALWAYS
                ).save(force_insert=True)


@cache
def _hashed() -> str:
    """The hash costs what a hash should cost: once a session is enough for accounts that all have the same password."""
    return make_password(PASSWORD)


def actor_of(account: Account, post: UUID | None = None) -> Actor:
    identity = identify(account.pk, post)
    assert identity is not None
    return identity.actor


def add_node(nation: Nation, path: str, name: str, kind: NodeKind, **values: object) -> Node:
    parent_path = _parent(path)
    parent = nation.nodes.get(parent_path) if path else None
    division = None if kind is NodeKind.DIVISION else _division(nation, path)
    tier = {0: 1, 1: 2, 2: 3}.get(
        path.split("/0/")[0].strip("/").count("/") + 1 if path and not path.startswith("0/") else 0, 4
    )
    node = Node(
        path=path, code=path.rstrip("/").rsplit("/", 1)[-1], name=name, kind=kind, parent=parent, division=division,
        tier=tier, valid_from=START, **values,
    )  # fmt: skip
    node.organ = node if kind is NodeKind.ORGAN else parent if kind is NodeKind.DEPARTMENT else None
    node.save(force_insert=True)
    NodeVersion(
        node=node, parent=parent, path=path, code=node.code, name=name, kind=kind, type=node.type, uscc=node.uscc,
        valid=ALWAYS,
    ).save(force_insert=True)  # fmt: skip
    nation.nodes[path] = node
    return node


def _parent(path: str) -> str:
    head = path.rstrip("/").rsplit("/", 1)[0] + "/" if "/" in path.rstrip("/") else ""
    return head[:-2] if head.endswith("/0/") or head == "0/" else head


def _division(nation: Nation, path: str) -> Node:
    head = f"/{path}".split("/0/", 1)[0].strip("/")
    return nation.nodes[head + "/" if head else ""]


def small_nation() -> Nation:
    """Two branches at each tier; an office of government affairs (``goa``) and two institutions in each division."""
    nation = Nation()
    with system_scope("tests").activate():
        for path, name in DIVISIONS.items():
            add_node(nation, path, name, NodeKind.DIVISION)
        add_node(nation, "0/ngoa/", "国家机关事务局", NodeKind.ORGAN, type="1")
        for path, name in DIVISIONS.items():
            if path:
                add_node(nation, f"{path}0/goa/", f"{name}机关事务中心", NodeKind.ORGAN, type="1")
                for n in (1, 2):
                    add_node(nation, f"{path}0/u{n}/", f"{name}第{n}小学", NodeKind.ORGAN, type="21", is_reporting=True)
        add_node(nation, "33/11/23/0/u1/fin/", "财务室", NodeKind.DEPARTMENT)
    for path in DIVISIONS:
        nation.competent(f"{path}0/goa/" if path else "0/ngoa/", path)
    return nation
