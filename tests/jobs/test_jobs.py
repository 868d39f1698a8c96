"""Jobs: in the queue with the commit, under the scope they name, with the rights of whoever started them."""

from __future__ import annotations

import asyncio
import io
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection, connections, transaction
from django.test import Client
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from shuzheng.base.accounts.models import Account, Post
from shuzheng.base.core import scope
from shuzheng.base.core.models import ActionKey
from shuzheng.base.core.registry import UnknownName
from shuzheng.base.core.scope import system_scope
from shuzheng.base.events.models import Delivery
from shuzheng.base.events.outbox import publish
from shuzheng.base.events.subscribers import SUBSCRIBERS, subscribe
from shuzheng.base.jobs import jobs, loops
from shuzheng.base.jobs.declare import job, job_for_actor
from shuzheng.base.jobs.models import JobRun
from shuzheng.base.org.actions import change_profiles
from shuzheng.base.org.models import OrganProfile
from shuzheng.kernel.errors import FieldFault, Invalid
from tests.factories import actor_of, small_nation

pytestmark = [pytest.mark.django_db(transaction=True, databases=["default", "owner"]), pytest.mark.slow]

seen: list = []


@job(scope="tests", tries=2)
def look(*, actor, word):
    seen.append((word, scope.require().actor, connection.in_atomic_block))
    if word == "fails":
        raise RuntimeError("no")


@job(scope="tests")
def defer_and_fail(*, actor):
    look.later(word="inner")
    raise RuntimeError("rolled back")


@job_for_actor
def rename(run, *, actor, contact):
    with actor.scope.activate():
        [profile] = OrganProfile.objects.all()
    run.advance(1, 2)
    change_profiles([profile], actor=actor, key=run.key("change"), contact=contact)
    run.keep(io.BytesIO(b"a,b"), "结果.csv")
    run.advance(2, 2)
    return "已修改 1 条"


@job_for_actor
def count(run, *, actor):
    with actor.scope.activate():
        run.advance(1, 4)
        with system_scope("tests").activate(using="owner"):
            seen.append(JobRun.objects.using("owner").values_list("done", "total").get(pk=run.id))
        run.keep(io.BytesIO(b"a"), "a.csv")
        run._said = 0
        run.advance(2, 4)  # the transaction itself holds the row now: nothing waits for it
    run.advance(4, 4)


@job_for_actor
def long(run, *, actor, contact):
    """Its starter presses “stop” while it writes."""
    with actor.scope.activate():
        [profile] = OrganProfile.objects.all()
        change_profiles([profile], actor=actor, key=run.key("change"), contact=contact)
        with ThreadPoolExecutor(1) as browser:
            seen.append(browser.submit(press_stop, actor, run.id).result())
        run.advance(3, 4)
    seen.append("went on")


def press_stop(actor, pk) -> str:
    client = Client()
    client.force_login(Account.objects.get(person_id=actor.person_id))
    try:
        return client.post(f"/jobs/{pk}/stop/", follow=True).content.decode()
    finally:
        connections.close_all()


@job_for_actor
def refuse(run, *, actor):
    raise Invalid("第 3 行有误", [FieldFault("area", "不是数字", row=3, column="面积", value="abc")])


@job_for_actor
def crash(run, *, actor):
    raise RuntimeError("bug")


@pytest.fixture
def nation(db):
    seen.clear()
    with connection.cursor() as cursor:  # not Django's tables: the flush between tests leaves them alone
        cursor.execute("DELETE FROM procrastinate_jobs")
    return small_nation()


@pytest.fixture
def clerk(nation):
    account = nation.account("33/11/23/0/u1/", "clerk")
    with system_scope("tests").activate():
        row = OrganProfile()
        row.own(nation.organ("33/11/23/0/u1/"))
        row.save(force_insert=True)
    return actor_of(account)


def work() -> None:
    """A worker of the real kind, until the queue is empty."""
    call_command("procrastinate", "worker", wait=False, listen_notify=False, concurrency=2)


def run_of(row: JobRun) -> JobRun:
    with system_scope("tests").activate():
        return JobRun.objects.get(pk=row.pk)


def test_job_runs_under_its_named_scope_in_one_transaction(nation):
    look.later(word="a")
    work()
    assert seen == [("a", "system:tests", True)]


def test_rolled_back_transaction_leaves_no_job(nation):
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        look.later(word="a")
        raise ZeroDivisionError
    assert not ProcrastinateJob.objects.exists()


def test_job_deferred_by_a_job_that_fails_is_rolled_back_with_it(nation):
    defer_and_fail.later()
    work()
    assert seen == []


def test_tries_is_how_often_it_runs_in_all(nation):
    look.later(word="fails")
    work()
    with connection.cursor() as cursor:  # let the wait pass
        cursor.execute("UPDATE procrastinate_jobs SET scheduled_at = now() WHERE status = 'todo'")
    work()
    assert len(seen) == 2
    assert ProcrastinateJob.objects.get().status == "failed"


def test_once_puts_no_second_one_in_the_queue(nation):
    with transaction.atomic():
        assert look.later(word="a", once="w") is not None
        assert look.later(word="b", once="w") is None
    work()
    assert [word for word, *_ in seen] == ["a"]


def test_unknown_scope_is_a_crash_at_import():
    with pytest.raises(UnknownName):
        job(scope="nope")


def test_job_of_a_person_runs_with_their_rights_and_is_seen_by_them(nation, clerk, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    row = rename.start(clerk, "修改联系人", contact="李四")
    assert run_of(row).state == "waiting"
    work()
    done = run_of(row)
    assert (done.state, done.done, done.total, done.message) == ("done", 2, 2, "已修改 1 条")
    assert done.result_name == "结果.csv"
    with system_scope("tests").activate():
        assert OrganProfile.objects.get().contact == "李四"


def test_how_far_a_job_is_shows_while_its_transaction_runs(nation, clerk, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    row = count.start(clerk, "数数")
    work()
    assert seen == [(1, 4)]
    assert (run_of(row).state, run_of(row).done) == ("done", 4)


def test_job_run_twice_has_one_effect(nation, clerk):
    row = rename.start(clerk, "修改联系人", contact="李四")
    account = Account.objects.get(person_id=clerk.person_id)
    work()
    rename(run_id=str(row.pk), account_id=str(account.pk), post_id=str(clerk.id), contact="李四")
    with system_scope("tests").activate():
        assert OrganProfile.objects.get().version == 2


def test_rights_lost_meanwhile_end_the_job_in_words(nation, clerk):
    row = rename.start(clerk, "修改联系人", contact="李四")
    with system_scope("tests").activate():
        Post.objects.filter(pk=clerk.id).update(valid="[2020-01-01,2020-02-01)")
    work()
    assert (run_of(row).state, run_of(row).message) == ("failed", "任职或账号已变动，任务没有执行。")


def test_fault_is_shown_with_its_rows_and_an_error_of_ours_is_raised(nation, clerk):
    refused, crashed = refuse.start(clerk, "导入"), crash.start(clerk, "导入")
    work()
    assert (run_of(refused).state, run_of(refused).message) == ("failed", "第 3 行有误")
    assert run_of(refused).faults == [{"row": 3, "column": "面积", "message": "不是数字", "value": "abc"}]
    assert run_of(crashed).state == "failed"
    assert dict(ProcrastinateJob.objects.values_list("task_name", "status")) == {
        refuse.name: "succeeded",
        crash.name: "failed",
    }


def test_job_whose_worker_was_killed_is_run_again(nation):
    look.later(word="a")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 minute') RETURNING id"
        )
        cursor.execute("UPDATE procrastinate_jobs SET status = 'doing', worker_id = %s", [cursor.fetchone()[0]])
    jobs.queue.configure_task("jobs.retry_stalled").defer(timestamp=0)
    work()
    work()
    assert [word for word, *_ in seen] == ["a"]


def test_delivery_goes_on_when_the_worker_died_in_it_and_the_next_one_waits(nation, clerk):
    before, taken = dict(SUBSCRIBERS), []
    SUBSCRIBERS.clear()
    subscribe("org.profile.changed", scope="tests", name="tests.killed")(lambda e, a: taken.append(e.payload["n"]))
    try:
        publish("org.profile.changed", [], {"n": 1}, clerk)
        loops.dispatch_events()
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 minute') RETURNING id"
            )
            cursor.execute("UPDATE procrastinate_jobs SET status = 'doing', worker_id = %s", [cursor.fetchone()[0]])
        loops.dispatch_events()
        assert ProcrastinateJob.objects.filter(status="todo").count() == 1
        jobs.queue.configure_task("jobs.retry_stalled").defer(timestamp=0)
        work()
        work()
        assert taken == [1]
        assert set(ProcrastinateJob.objects.values_list("status", flat=True)) <= {"succeeded", "aborted"}
    finally:
        SUBSCRIBERS.clear()
        SUBSCRIBERS.update(before)


def test_events_reach_their_subscriber_through_the_loop_and_the_queue(nation, clerk):
    before, taken = dict(SUBSCRIBERS), []
    SUBSCRIBERS.clear()
    subscribe("org.profile.changed", scope="tests", name="tests.loop")(lambda e, a: taken.append(e.payload["n"]))
    try:
        for n in range(5):
            publish("org.profile.changed", [], {"n": n}, clerk)
        loops.dispatch_events()
        loops.dispatch_events()
        assert ProcrastinateJob.objects.count() == 1
        work()
        assert taken == [0, 1, 2, 3, 4]
        assert not Delivery.objects.exclude(state="done").exists()
    finally:
        SUBSCRIBERS.clear()
        SUBSCRIBERS.update(before)


def test_loops_run_beside_the_queue_and_stop_with_it(nation, monkeypatch, tmp_path):
    monkeypatch.setenv("SZ_AUDIT_DIR", str(tmp_path))
    steps = []
    monkeypatch.setattr(loops, "loops", lambda: [loops.Loop("tests", 0.01, lambda: steps.append(1))])
    with loops.running():
        asyncio.run(asyncio.sleep(0.3))
    count = len(steps)
    assert count > 3
    asyncio.run(asyncio.sleep(0.1))
    assert len(steps) == count


def test_what_is_past_its_day_is_purged(nation, clerk):
    ActionKey.objects.create(key="new", actor="x", action="y", digest="z")
    ActionKey.objects.create(key="old", actor="x", action="y", digest="z")
    ActionKey.objects.filter(key="old").update(at=timezone.now() - timedelta(days=31))
    jobs.purge()
    assert list(ActionKey.objects.values_list("key", flat=True)) == ["new"]


def test_a_running_job_stops_where_it_next_says_how_far_it_is_and_writes_nothing(nation, clerk):
    row = long.start(clerk, "修改联系人", contact="李四")
    work()
    [page] = seen
    assert "正在停止" in page
    assert (run_of(row).state, run_of(row).done, run_of(row).message) == ("stopped", 3, "已按要求停止。")
    with system_scope("tests").activate():
        assert OrganProfile.objects.get().contact == ""
    assert ProcrastinateJob.objects.get().status == "succeeded"  # nothing that an operator must look at


def test_a_waiting_job_that_is_stopped_never_runs(nation, clerk):
    row = rename.start(clerk, "修改联系人", contact="李四")
    assert "已停止" in press_stop(clerk, row.pk)
    work()
    assert run_of(row).state == "stopped"
    with system_scope("tests").activate():
        assert OrganProfile.objects.get().contact == ""
    assert "任务已经结束。" in press_stop(clerk, row.pk)


def test_only_the_starter_finds_the_run_and_its_result(nation, clerk, client, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    row = rename.start(clerk, "修改联系人", contact="李四")
    work()
    client.force_login(Account.objects.get(person_id=clerk.person_id))
    assert "修改联系人" in client.get("/jobs/").content.decode()
    answer = client.get(f"/jobs/{row.pk}/result")
    assert b"".join(answer.streaming_content) == b"a,b"
    assert "attachment" in answer["Content-Disposition"]
    client.force_login(nation.account("33/11/23/0/u1/", "clerk"))
    assert "修改联系人" not in client.get("/jobs/").content.decode()
    assert client.get(f"/jobs/{row.pk}/").status_code == 404
    assert client.get(f"/jobs/{row.pk}/result").status_code == 404
    assert client.post(f"/jobs/{row.pk}/stop/").status_code == 404
