"""A real deployment from nothing."""

from __future__ import annotations

import argparse

import pytest

from shuzheng.base.access import init
from shuzheng.base.access.actors import identify
from shuzheng.base.access.models import Role
from shuzheng.base.access.shipped import sync_roles
from shuzheng.base.accounts.models import Account
from shuzheng.base.accounts.passwords import policy
from shuzheng.base.accounts.signin import accept_invitation
from shuzheng.base.core.actor import system_actor
from shuzheng.base.core.registry import ROLE_PERMISSIONS, ROLES
from shuzheng.base.core.scope import system_scope
from shuzheng.base.flows.models import Definition
from shuzheng.base.flows.shipped import files as flow_files
from shuzheng.base.org.models import Node
from shuzheng.ops import shipped

pytestmark = pytest.mark.django_db


def run(capsys, name=None):
    code = init.command(argparse.Namespace(name=name))
    return code, capsys.readouterr()


def test_three_officers_get_codes_that_work_once(capsys):
    code, said = run(capsys)
    assert code == 0
    lines = [line.split("\t") for line in said.out.splitlines() if "\t" in line]
    assert [account for _duty, account, _code in lines] == ["system-officer", "security-officer", "audit-officer"]
    for (_duty, name, secret), officer in zip(lines, ("system", "security", "audit"), strict=True):
        account = accept_invitation(name, secret, "山高-Yue1xiao")
        assert identify(account.pk).actor.officer == officer
    with system_scope("tests").activate():
        assert list(Node.objects.order_by("path").values_list("path", flat=True)) == ["", "0/goa/"]
        assert Node.objects.get(path="").name == "全国"
    assert policy().second_factor == "officers"


def test_a_second_time_changes_nothing_and_says_so(capsys):
    run(capsys, "甲省")
    codes = list(Account.objects.values_list("password", flat=True))
    code, said = run(capsys, "甲省")
    assert code == 1
    assert "已初始化" in said.err
    assert list(Account.objects.values_list("password", flat=True)) == codes


def test_shipped_roles_are_brought_in_step(capsys):
    run(capsys)
    with system_scope("tests").activate():
        assert set(Role.objects.values_list("code", flat=True)) == set(ROLES)
        Role.objects.filter(code="clerk").update(permissions=[], name="旧名")
        Role.objects.filter(code="leader").delete()
    changed = sync_roles(system_actor("access.init"))
    assert {role.code for role in changed} == {"clerk", "leader"}
    assert sync_roles(system_actor("access.init")) == []
    with system_scope("tests").activate():
        clerk = Role.objects.get(code="clerk")
    assert (clerk.name, clerk.permissions) == ("经办人", sorted(ROLE_PERMISSIONS["clerk"]))


def test_a_real_deployment_has_what_ships(capsys):
    assert shipped.init_command(argparse.Namespace(name=None)) == 0
    assert "业务流程规范" in capsys.readouterr().out
    with system_scope("tests").activate():
        office = Node.objects.get(path="0/goa/")
        processes = Definition.objects.filter(state="published", audience="", node=office).exclude(confidence="")
        assert set(processes.values_list("code", flat=True)) == {f.stem for f in flow_files()}
    assert shipped.load() == 0  # again, as after an upgrade
