"""Events: each subscriber gets each once in effect, in the order of commits; nothing is passed over or silently lost."""

from __future__ import annotations

import argparse
import threading

import pytest
from django.db import connection, transaction
from django.utils import timezone

from shuzheng.base.core.scope import system_scope
from shuzheng.base.events import deliver, dispatch, replay
from shuzheng.base.events.actions import retry_deliveries
from shuzheng.base.events.models import Delivery, Event
from shuzheng.base.events.outbox import publish
from shuzheng.base.events.subscribers import SUBSCRIBERS, subscribe
from shuzheng.base.org.actions import change_profiles
from shuzheng.base.org.models import OrganProfile
from shuzheng.kernel.errors import Denied
from tests.factories import small_nation

pytestmark = [pytest.mark.django_db(transaction=True, databases=["default", "owner"]), pytest.mark.slow]

EVENT = "org.profile.changed"


@pytest.fixture
def nation(db):
    return small_nation()


@pytest.fixture
def taker():
    """A subscriber that writes down what it was given in a row of its own, and fails when told to."""
    before = dict(SUBSCRIBERS)
    SUBSCRIBERS.clear()
    taken, failing = [], []

    def take(event, actor):
        OrganProfile.objects.update(address=event.payload.get("n", ""))
        taken.append(event.payload.get("n"))
        if failing:
            raise RuntimeError(failing[0])

    subscribe(EVENT, scope="tests", name="tests.take")(take)
    yield taken, failing
    SUBSCRIBERS.clear()
    SUBSCRIBERS.update(before)


@pytest.fixture
def profile(nation):
    with system_scope("tests").activate():
        row = OrganProfile()
        row.own(nation.organ("33/11/23/0/u1/"))
        row.save(force_insert=True)
    return row


def put(n, actor, name=EVENT):
    return publish(name, [], {"n": n}, actor)


def address(profile):
    with system_scope("tests").activate():
        return OrganProfile.objects.get(pk=profile.pk).address


def overdue():
    """Let the waits pass."""
    Delivery.objects.filter(state="waiting").update(due=timezone.now())


def test_action_reaches_its_subscriber_once(nation, profile, taker):
    taken, _ = taker
    clerk = nation.actor("33/11/23/0/u1/", "clerk")
    change_profiles([profile], actor=clerk, contact="李四")
    assert dispatch.dispatch() == 1
    assert dispatch.dispatch() == 0
    assert dispatch.due() == ["tests.take"]
    assert deliver.deliver("tests.take") == 1
    assert deliver.deliver("tests.take") == 0
    assert len(taken) == 1
    event = Event.objects.get()
    assert (event.name, event.schema, event.ids, event.seq) == (EVENT, 1, [str(profile.pk)], 1)


def test_event_of_a_rolled_back_transaction_never_happened(nation, taker):
    clerk = nation.actor("33/11/23/0/u1/", "clerk")
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        put("1", clerk)
        raise ZeroDivisionError
    assert dispatch.dispatch() == 0


def test_late_commit_is_delivered_and_not_passed_over(nation, profile, taker):
    taken, _ = taker
    clerk = nation.actor("33/11/23/0/u1/", "clerk")
    started, go = threading.Event(), threading.Event()

    def slow():
        with transaction.atomic():
            put("late", clerk)
            started.set()
            go.wait(20)
        connection.close()

    thread = threading.Thread(target=slow)
    thread.start()
    assert started.wait(20)
    put("a", clerk)
    dispatch.dispatch()
    put("b", clerk)
    dispatch.dispatch()
    go.set()
    thread.join()
    dispatch.dispatch()
    assert deliver.deliver("tests.take") == 3
    assert taken == ["a", "b", "late"]


def test_failure_leaves_no_effect_and_holds_up_what_comes_after(nation, profile, taker):
    taken, failing = taker
    clerk = nation.actor("33/11/23/0/u1/", "clerk")
    put("1", clerk)
    put("2", clerk)
    dispatch.dispatch()
    failing.append("站外系统未应答")
    with pytest.raises(RuntimeError):
        deliver.deliver("tests.take")
    assert address(profile) == ""
    first = Delivery.objects.get(seq=1)
    assert (first.state, first.attempts, first.error) == ("waiting", 1, "RuntimeError: 站外系统未应答")
    assert first.due > timezone.now()
    failing.clear()
    assert deliver.deliver("tests.take") == 0  # the second waits for the first, and the first for its time
    overdue()
    assert deliver.deliver("tests.take") == 2
    assert taken == ["1", "1", "2"]
    assert address(profile) == "2"


def test_what_fails_to_the_end_is_dead_and_can_be_tried_again(nation, profile, taker):
    taken, failing = taker
    clerk = nation.actor("33/11/23/0/u1/", "clerk")
    put("1", clerk)
    put("2", clerk)
    dispatch.dispatch()
    failing.append("坏了")
    for _ in range(len(deliver.WAITS) + 1):
        with pytest.raises(RuntimeError):
            deliver.deliver("tests.take")
        overdue()
    dead = Delivery.objects.get(seq=1)
    assert dead.state == "dead"
    failing.clear()
    assert deliver.deliver("tests.take") == 1  # the next one goes on
    with pytest.raises(Denied):
        retry_deliveries([], actor=clerk, ids=[dead.pk])
    officer = nation.actor("0/ngoa/", "system_officer")
    retry_deliveries([], actor=officer, ids=[dead.pk])
    assert deliver.deliver("tests.take") == 1
    assert taken[-2:] == ["2", "1"]


def test_two_workers_at_once_deliver_each_event_once(nation, profile, taker):
    taken, _ = taker
    clerk = nation.actor("33/11/23/0/u1/", "clerk")
    for n in range(30):
        put(str(n), clerk)

    def run():
        dispatch.dispatch()
        deliver.deliver("tests.take")
        connection.close()

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    dispatch.dispatch()
    deliver.deliver("tests.take")
    assert sorted(taken, key=int) == [str(n) for n in range(30)]
    assert Delivery.objects.filter(state="done").count() == 30


def test_replay_gives_a_new_subscriber_the_past_and_an_old_one_again(nation, profile, taker):
    taken, _ = taker
    clerk = nation.actor("33/11/23/0/u1/", "clerk")
    put("1", clerk)
    dispatch.dispatch()
    deliver.deliver("tests.take")

    late = []
    subscribe(EVENT, scope="tests", name="tests.late")(lambda event, actor: late.append(event.payload["n"]))
    assert deliver.deliver("tests.late") == 0
    assert deliver.replay("tests.late") == 1
    assert deliver.replay("tests.take") == 1
    deliver.deliver("tests.late")
    deliver.deliver("tests.take")
    assert (late, taken) == (["1"], ["1", "1"])
    assert deliver.replay("tests.take", dead_only=True) == 0
    with pytest.raises(LookupError):
        deliver.replay("tests.nobody")


def test_unknown_event_or_scope_is_a_crash_at_import():
    with pytest.raises(LookupError):
        subscribe("org.profile.chnaged", scope="tests")
    with pytest.raises(LookupError):
        subscribe(EVENT, scope="tetsts")


def test_replay_command_says_what_it_does(nation, profile, taker, capsys):
    put("1", nation.actor("33/11/23/0/u1/", "clerk"))
    dispatch.dispatch()
    deliver.deliver("tests.take")
    ask = argparse.Namespace(subscriber="tests.take", since="2020-01-01", dead=False)
    assert replay.command(ask) == 0
    assert "1 个事件" in capsys.readouterr().out
    assert replay.command(argparse.Namespace(subscriber="nobody", since="", dead=False)) == 1
    assert "tests.take" in capsys.readouterr().err
    assert replay.command(argparse.Namespace(subscriber="tests.take", since="gestern", dead=False)) == 1
