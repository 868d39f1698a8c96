"""Commands to terminals: asked for on a page, sent while the terminal is connected, answered, refused, or given up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from shuzheng.apps.vehicles.actions.commands import (
    inspect_terminals,
    locate_terminals,
    query_terminals,
    say_to_terminals,
    set_terminals,
)
from shuzheng.apps.vehicles.commanding import answered, said
from shuzheng.apps.vehicles.gateway import commands
from shuzheng.apps.vehicles.gateway.journal import Journal
from shuzheng.apps.vehicles.gateway.server import Server
from shuzheng.apps.vehicles.gateway.terminals import Directory, digest
from shuzheng.apps.vehicles.models import Command, Terminal
from shuzheng.base.audit.models import Entry
from shuzheng.base.core.scope import system_scope
from shuzheng.kernel.errors import Conflict, Denied, Invalid, Missing
from shuzheng.protocols.jt808 import Location
from shuzheng.protocols.jt808 import messages as m
from shuzheng.protocols.jt808.simulator import Terminal as Simulated
from shuzheng.protocols.jt808.simulator import drive
from tests.apps.vehicles.tracked import add_terminal, add_vehicle, location
from tests.forms.conftest import standards  # noqa: F401 -- a fixture

pytestmark = pytest.mark.django_db
HERE, BESIDE = "33/11/23/0/u1/", "33/11/23/0/u2/"
NUMBER = "13900000001"


def terminal(nation, number: str = NUMBER, path: str = HERE) -> Terminal:
    """A terminal that has registered with the code ``code``."""
    return add_terminal(
        add_vehicle(nation.organ(path), int(number[-3:])),
        number,
        code_hash=digest("code"),
        registered_at=timezone.now(),
    )


def fresh(row: Command) -> Command:
    with system_scope("tests").activate():
        return Command.objects.select_related("terminal").get(pk=row.pk)


def test_who_may_tell_a_terminal_what(standards) -> None:  # noqa: F811
    here, beside = terminal(standards), terminal(standards, "13900000002", BESIDE)
    clerk, admin, staff = (standards.actor(HERE, role) for role in ("clerk", "business_admin", "staff"))
    [text] = say_to_terminals([here], actor=clerk, text="请减速 ", why="超速提醒")
    assert (text.state, text.by, said(text), answered(text)) == ("waiting", clerk.name, "请减速", "")
    assert timedelta(hours=23) < text.until - timezone.now() <= timedelta(hours=24)  # VEH-COMMAND-HOURS
    [limit] = set_terminals([here], actor=admin, interval=10, speed=100, why="统一设置")
    assert limit.content == {"parameters": {"interval": 10, "speed": 100}}
    with pytest.raises(Denied):
        say_to_terminals([here], actor=staff, text="好", why="试试")
    with pytest.raises(Denied):
        set_terminals([here], actor=clerk, speed=80, why="试试")
    with pytest.raises(Missing):
        locate_terminals([beside], actor=admin, why="试试")
    for wrong in ({}, {"speed": 300}, {"heartbeat": 5}):
        with pytest.raises(Invalid):
            set_terminals([here], actor=admin, why="设置", **wrong)
    with pytest.raises(Conflict):
        unknown = add_terminal(add_vehicle(standards.organ(HERE), 9), "13900000009")
        locate_terminals([unknown], actor=clerk, why="没有注册")
    with system_scope("tests").activate():
        assert Command.objects.count() == 2
        entry = Entry.objects.get(action="vehicles.terminal.say")
        assert entry.actor_name == clerk.name and entry.after["content"]["text"] == "请减速"


def test_the_page_of_a_terminal_sends_and_shows_what_became_of_it(standards, client) -> None:  # noqa: F811
    here = terminal(standards)
    client.force_login(standards.account(HERE, "business_admin"))
    page = client.get(f"/r/terminals/{here.pk}/").content.decode()
    for verb in ("发文本", "查询位置", "读取参数", "设置参数", "读取属性"):
        assert verb in page
    sent = client.post(f"/r/terminals/{here.pk}/act/set/", {"speed": "90", "why": "节假日限速"})
    assert sent.status_code in (200, 302)
    assert _only().content == {"parameters": {"speed": 90}}
    card = client.get(f"/vehicles/terminals/{here.pk}/commands").content.decode()
    assert "最高速度 90 km/h" in card and "等待终端上线" in card and 'hx-trigger="every 3s"' in card
    listed = client.get("/r/commands/").content.decode()
    assert "节假日限速" in listed and NUMBER in listed
    client.force_login(standards.account(BESIDE, "business_admin"))
    assert client.get(f"/vehicles/terminals/{here.pk}/commands").status_code == 404


def _only() -> Command:
    with system_scope("tests").activate():
        return Command.objects.get()


def test_what_nobody_answers_goes_out_again_and_is_given_up_at_last(standards) -> None:  # noqa: F811
    here = terminal(standards)
    clerk = standards.actor(HERE, "clerk")
    old, now = timezone.now() - timedelta(days=1), timezone.now() - timedelta(minutes=2)
    [row] = say_to_terminals([here], actor=clerk, text="请回单位", why="有任务")
    assert (
        commands.step({here.pk}, set(), timezone.now(), {}) == []
    )  # an older one is looked for when the terminal comes
    assert commands.step(set(), set(), now, {}) == []  # and nobody else is sent it
    for tries in range(1, commands.TRIES + 1):
        [due] = commands.step({here.pk}, {here.pk}, old, {})
        assert due.message == m.Text("请回单位") and (fresh(row).state, fresh(row).tries) == ("sent", tries)
        assert commands.step({here.pk}, {here.pk}, old, {}) == []  # it is on its way
        _age(row, sent_at=timezone.now() - timedelta(seconds=commands.REPLY + 1))
    assert commands.step({here.pk}, set(), now, {}) == []
    assert (fresh(row).state, answered(fresh(row))) == ("expired", "下发 3 次，终端没有应答")
    commands.step({here.pk}, set(), now, {row.pk: (Command.State.DONE, {})})
    assert fresh(row).state == "expired"  # an answer that late changes nothing

    [never] = locate_terminals([here], actor=clerk, why="找车")
    assert commands.expire() == 0
    _age(never, until=timezone.now())
    assert commands.step({here.pk}, {here.pk}, old, {}) == [] and commands.expire() == 1
    assert fresh(never).state == "expired" and answered(fresh(never)) == ""


def _age(row: Command, **values: Any) -> None:
    with system_scope("tests").activate():
        Command.objects.filter(pk=row.pk).update(**values)


async def _standing(over: asyncio.Event) -> AsyncIterator[Location]:
    yield location(0, 500, 36)
    await over.wait()


def talked(tmp_path: Path, simulated: Simulated, talk: Callable[[], Awaitable[None]]) -> None:
    """A gateway with its own socket, a terminal that is connected to it, and meanwhile ``talk``."""

    async def run() -> None:
        server = Server(Directory(), Journal(tmp_path), asked=connections.close_all, commands=commands.Outbox())
        port: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        running = asyncio.create_task(server.run("127.0.0.1", 0, ready=port.set_result))
        over = asyncio.Event()
        driving = asyncio.create_task(drive(simulated, "127.0.0.1", await port, _standing(over)))
        try:
            await asyncio.wait_for(talk(), 30)
        finally:
            over.set()
            running.cancel()
            driving.cancel()
            await asyncio.gather(running, driving, return_exceptions=True)

    asyncio.run(run())


@pytest.mark.django_db(transaction=True)
def test_a_connected_terminal_does_as_it_is_told(standards, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    monkeypatch.setattr(commands, "EVERY", 0.05)
    here, away = terminal(standards), terminal(standards, "13900000002")
    clerk, admin = standards.actor(HERE, "clerk"), standards.actor(HERE, "business_admin")
    simulated = Simulated(NUMBER, code="code", parameters={0x0029: bytes((0, 0, 0, 30)), 0x0013: b"gw.example"})
    rows = [
        *say_to_terminals([here], actor=clerk, text="请减速", why="提醒"), *locate_terminals([here], actor=clerk, why="找车"),
        *set_terminals([here], actor=admin, speed=90, asleep=300, why="限速"), *query_terminals([here], actor=clerk, why="核对"),
        *inspect_terminals([here], actor=clerk, why="核对版本"),
    ]  # fmt: skip
    [waits] = say_to_terminals([away], actor=clerk, text="请减速", why="提醒")

    async def talk() -> None:
        while any(row.state in Command.OPEN for row in [await asyncio.to_thread(_seen, r) for r in rows]):
            await asyncio.sleep(0.1)

    talked(tmp_path, simulated, talk)
    connections.close_all()
    assert simulated.texts == ["请减速"]
    done = [fresh(row) for row in rows]
    assert [(row.state, row.tries) for row in done] == [("done", 1)] * 5
    assert answered(done[1]) == "位置已回报，见实时位置"
    assert answered(done[3]) == "行驶时上报间隔 30 秒；休眠时上报间隔 300 秒；最高速度 90 km/h；另有 1 项"
    assert "SZ-808" in answered(done[4]) and "iccid" not in done[4].answer["properties"]
    assert fresh(waits).state == "waiting"


@pytest.mark.django_db(transaction=True)
def test_a_terminal_may_refuse(standards, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    monkeypatch.setattr(commands, "EVERY", 0.05)
    here = terminal(standards)
    [row] = inspect_terminals([here], actor=standards.actor(HERE, "clerk"), why="核对版本")

    async def talk() -> None:
        while (await asyncio.to_thread(_seen, row)).state in Command.OPEN:
            await asyncio.sleep(0.1)

    talked(tmp_path, Simulated(NUMBER, code="code", edition=m.Edition.Y2011), talk)
    connections.close_all()
    assert (fresh(row).state, answered(fresh(row))) == ("refused", "终端不支持")


def _seen(row: Command) -> Command:
    try:
        return fresh(row)
    finally:
        connections.close_all()
