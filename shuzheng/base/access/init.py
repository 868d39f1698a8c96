"""``shuzheng init``: a real deployment from nothing. Root node, shipped roles, and three officers with one-time codes.

The three are accounts of duty, not of persons: who takes one over signs in with the code, and then has the people who
really hold the duties registered and appointed, each by a request that another officer decides. Nobody can do more than
that with them, as an officer's account holds nothing else.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from django.utils import timezone
from psycopg.types.range import DateRange

from shuzheng.base.access.models import Grant, Role
from shuzheng.base.access.shipped import sync_roles
from shuzheng.base.accounts.actions import name_keys
from shuzheng.base.accounts.models import Account, PasswordPolicy, Person, Post
from shuzheng.base.accounts.signin import invite
from shuzheng.base.core import locks
from shuzheng.base.core.action import Write, action
from shuzheng.base.core.actor import system_actor
from shuzheng.base.org.models import Node, NodeKind, NodeVersion, Tier
from shuzheng.kernel.text import pinyin_initials, pinyin_key

OFFICE = "goa"
"""Path segment of the first organ, the office that runs the deployment."""


@action("access.init", system_only=True)
def _set_up(w: Write, roots: Sequence[Node], *, name: str, office: str) -> Sequence[Account]:
    today = timezone.localdate()
    accounts = []
    for root in roots:
        _node(w, root, name)
        organ = Node(path=f"0/{OFFICE}/", code=OFFICE, parent=root, division=root, kind=NodeKind.ORGAN, type="1")
        _node(w, organ, office)
        w.flush()
        # Rules that an officer may loosen later, in writing: the three need a second factor from the first day.
        w.create(PasswordPolicy(valid_from=today, second_factor=PasswordPolicy.Factor.OFFICERS))
        w.flush()
        roles = {role.code: role for role in sync_roles(w.actor)}
        for code in ("system_officer", "security_officer", "audit_officer"):
            accounts.append(_officer(w, roles[code], organ, root, today))
    return accounts


def _node(w: Write, node: Node, name: str) -> None:
    today = timezone.localdate()
    node.name, node.tier, node.valid_from = name, Tier.NATION, today
    node.pinyin, node.initials = pinyin_key(name)[:400], pinyin_initials(name)[:120]
    node.organ = node if node.kind == NodeKind.ORGAN else None
    version = NodeVersion(
        node=node, parent=node.parent, path=node.path, code=node.code, name=name, kind=node.kind, type=node.type,
        valid=DateRange(today, None),
    )  # fmt: skip
    w.create(node, version)


def _officer(w: Write, role: Role, organ: Node, root: Node, today: object) -> Account:
    person = Person(name=str(role.name), number=role.code.replace("_", "-"))
    name_keys(person)
    post = Post(person=person, name=str(role.name), valid=DateRange(today, None))
    grant = Grant(post=post, role=role, at=root, at_path=root.path, valid=DateRange(today, None))
    for row in (person, post, grant):
        row.own(organ)
    account = Account(username=person.number, person=person)
    account.set_unusable_password()
    w.create(person, post, grant, account)
    w.flush()
    account.code = invite(w, account)
    return account


def set_up(name: str, office: str) -> list[tuple[str, str, str]]:
    """Set the deployment up; ``(duty, account, one-time code)`` for each of the three officers.

    Raises:
        FileExistsError: there are nodes already.
    """
    actor = system_actor("access.init")
    with actor.scope.activate():
        locks.hold("access.init")
        if Node.objects.exists():
            raise FileExistsError
        root = Node(path="", code="", kind=NodeKind.DIVISION)
        accounts = _set_up([root], actor=actor, name=name, office=office)
        return [(account.person.name, account.username, account.code) for account in accounts]


def command(args: argparse.Namespace) -> int:
    """``shuzheng init [--name NAME]``."""
    name = getattr(args, "name", None) or "全国"
    try:
        made = set_up(name, f"{name}机关事务管理局" if name != "全国" else "国家机关事务管理局")
    except FileExistsError:
        sys.stderr.write("此数据库已初始化，没有改动。重新开始请换一个空库，或先备份再清空。\n")
        return 1
    sys.stdout.write(
        f"已建立根节点“{name}”。三员各用下面的一次性码设密码（登录页“用一次性码设密码”），码只显示这一次：\n"
    )
    for duty, account, code in made:
        sys.stdout.write(f"  {duty}\t{account}\t{code}\n")
    sys.stdout.write("三个码分别交给三个人。人员登记后，把职责正式授予本人，再停用这三个账号。\n")
    return 0
