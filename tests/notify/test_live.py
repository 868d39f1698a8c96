"""The live stream: woken by ids, says only what its reader may see, and ends when they may no longer listen."""

from __future__ import annotations

import asyncio
import json

import pytest
from asgiref.sync import sync_to_async

from shuzheng.base.accounts.models import Account
from shuzheng.base.core.scope import system_scope
from shuzheng.base.notify import live
from shuzheng.base.notify.actions import send
from tests.factories import actor_of, small_nation

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])


@pytest.fixture
def nation(db):
    return small_nation()


def listener(account: Account) -> live.Listener:
    return live.Listener(account.pk, actor_of(account).id, "", "zh-hans")


async def said(stream, seconds: float = 10.0) -> dict:
    chunk = await asyncio.wait_for(anext(stream), seconds)
    return json.loads(chunk.decode().removeprefix("data: "))


def test_new_notice_is_said_to_its_addressee_only(nation):
    county = nation.actor("33/11/23/0/goa/", "clerk", at="33/11/23/")
    unit, other = nation.account("33/11/23/0/u1/"), nation.account("33/11/22/0/u1/")

    readers = listener(unit), listener(other)

    async def listen():
        mine, theirs = map(live.stream, readers)
        assert await said(mine) == {"kind": "count", "name": "notices", "value": 0}
        assert await said(theirs) == {"kind": "count", "name": "notices", "value": 0}
        await asyncio.wait_for(live.hub().listening.wait(), 10)
        await sync_to_async(send)([nation.organ("33/11/23/0/u1/")], actor=county, title="做好防汛")
        assert await said(mine) == {"kind": "count", "name": "notices", "value": 1}
        assert (await said(mine))["title"] == "做好防汛"
        with pytest.raises(TimeoutError):
            await said(theirs, 0.5)
        await mine.aclose()
        await theirs.aclose()

    asyncio.run(listen())


def test_stream_ends_when_the_account_is_switched_off(nation):
    county = nation.actor("33/11/23/0/goa/", "clerk", at="33/11/23/")
    account = nation.account("33/11/23/0/u1/")

    def switch_off():
        with system_scope("tests").activate():
            Account.objects.filter(pk=account.pk).update(is_active=False)
        send([nation.organ("33/11/23/0/u1/")], actor=county, title="x")

    reader = listener(account)

    async def listen():
        stream = live.stream(reader)
        await said(stream)
        await asyncio.wait_for(live.hub().listening.wait(), 10)
        await sync_to_async(switch_off)()
        with pytest.raises(StopAsyncIteration):
            await said(stream)

    asyncio.run(listen())


def test_silent_stream_says_that_it_lives(nation, monkeypatch):
    monkeypatch.setattr(live, "BEAT", 0.1)
    account = nation.account("33/11/23/0/u1/")

    reader = listener(account)

    async def listen():
        stream = live.stream(reader)
        await said(stream)
        assert (await asyncio.wait_for(anext(stream), 5)).startswith(b":")
        await stream.aclose()

    asyncio.run(listen())


def test_server_of_threads_holds_no_stream(nation, client):
    client.force_login(nation.account("33/11/23/0/u1/"))
    assert client.get("/notify/live").status_code == 204
