"""Notices: addressed within reach, read by organ or post, seen by the sender as read, brought out by chosen channels."""

from __future__ import annotations

import json

import pytest
from django.db import connection

from shuzheng.base.accounts.models import Account, Person, Post
from shuzheng.base.core.actor import system_actor
from shuzheng.base.core.scope import case_scope, system_scope
from shuzheng.base.notify import actions, jobs, texts
from shuzheng.base.notify.actions import mark_read, remind, save_preference, send
from shuzheng.base.notify.channels import Channel, Contact, Message, Undelivered
from shuzheng.base.notify.models import Notice, Preference, Receipt
from shuzheng.base.notify.receipts import inbox, unread
from shuzheng.base.org.models import NodeKind
from shuzheng.kernel.errors import Denied, Invalid, Missing

pytestmark = pytest.mark.django_db


@pytest.fixture
def county(nation):
    return nation.actor("33/11/23/0/goa/", "clerk", at="33/11/23/")


def received(actor):
    with actor.scope.activate():
        return list(inbox(actor))


def receipts(notice):
    with system_scope("tests").activate():
        return list(Receipt.objects.filter(notice=notice).order_by("path"))


def test_notice_to_a_division_reaches_every_organ_below_and_nobody_else(nation, county):
    [notice] = send([nation.organ("33/11/23/")], actor=county, title="做好防汛", body="各单位：", must_read=True)
    assert [r.path for r in receipts(notice)] == ["33/11/23/0/goa/", "33/11/23/0/u1/", "33/11/23/0/u2/"]
    unit, other = nation.actor("33/11/23/0/u1/"), nation.actor("33/11/22/0/u1/")
    assert [r.title for r in received(unit)] == ["做好防汛"]
    assert received(other) == []
    with unit.scope.activate():
        assert unread(unit) == 1
        assert not Notice.objects.exists()  # the sender's own; read as a participant of its case
        with case_scope(notice.id):
            assert Notice.objects.get().body == "各单位："


def test_only_chosen_organs_below_a_division_are_addressed(nation, county):
    chosen = [nation.organ("33/11/23/0/u2/").pk, nation.organ("33/11/22/0/u1/").pk]
    [notice] = send([nation.organ("33/11/23/")], actor=county, title="x", nodes=chosen)
    assert [r.path for r in receipts(notice)] == ["33/11/23/0/u2/"]
    assert notice.addressees == 1


def test_notice_outside_ones_reach_is_refused(nation, county):
    with pytest.raises((Denied, Missing)):
        send([nation.organ("33/11/22/0/u1/")], actor=county, title="x")
    with pytest.raises(Denied):
        send([nation.organ("33/11/23/0/u1/")], actor=nation.actor("33/11/23/0/goa/"), title="x")
    with system_scope("tests").activate():
        assert not Notice.objects.exists()


def test_notice_to_a_post_is_that_posts_alone(nation, county):
    one, two = nation.account("33/11/23/0/u1/"), nation.account("33/11/23/0/u1/")
    from tests.factories import actor_of

    with system_scope("tests").activate():
        post = Post.objects.get(person=one.person)
    send([post], actor=county, title="约谈")
    assert [r.title for r in received(actor_of(one))] == ["约谈"]
    assert received(actor_of(two)) == []


def test_notice_of_a_department_is_not_the_whole_organs(nation, county):
    send([nation.organ("33/11/23/0/u1/fin/")], actor=county, title="报送决算")
    finance, unit = nation.actor("33/11/23/0/u1/fin/"), nation.actor("33/11/23/0/u1/")
    assert len(received(finance)) == 1
    assert received(unit) == []


def test_sender_sees_who_has_read_and_when(nation, county):
    [notice] = send([nation.organ("33/11/23/")], actor=county, title="x", must_read=True)
    unit = nation.actor("33/11/23/0/u1/")
    mark_read(received(unit), actor=unit)
    with county.scope.activate(), case_scope(notice.id):
        read = {r.path: (r.read_by, r.read_at is not None) for r in Receipt.objects.filter(notice=notice)}
    assert read["33/11/23/0/u1/"] == (unit.name, True)
    assert read["33/11/23/0/u2/"] == ("", False)
    with unit.scope.activate():
        assert unread(unit) == 0
    other = nation.actor("33/11/23/0/u2/")
    with other.scope.activate():
        assert set(Receipt.objects.values_list("path", flat=True)) == {"33/11/23/0/u2/"}


def test_reading_twice_keeps_the_first_time(nation, county):
    send([nation.organ("33/11/23/0/u1/")], actor=county, title="x")
    one, two = nation.actor("33/11/23/0/u1/"), nation.actor("33/11/23/0/u1/")
    mark_read(received(one), actor=one)
    [first] = received(one)
    mark_read(received(two), actor=two)
    [second] = received(one)
    assert (second.read_by, second.read_at) == (one.name, first.read_at)


def test_retry_sends_no_second_notice(nation, county):
    for _ in range(2):
        send([nation.organ("33/11/23/")], actor=county, key="k", title="x")
    with system_scope("tests").activate():
        assert (Notice.objects.count(), Receipt.objects.count()) == (1, 3)


def test_many_addressees_are_written_by_a_job_that_can_be_broken_off(nation, monkeypatch):
    monkeypatch.setattr(actions, "INLINE", 5)
    monkeypatch.setattr(jobs, "CHUNK", 4)
    national = nation.actor("0/ngoa/", "clerk", at="")
    [notice] = send([nation.organ("")], actor=national, title="全国通知")
    assert receipts(notice) == []
    arguments = {"notice_id": str(notice.id), "paths": [""], "nodes": None}
    jobs.spread(**arguments)
    jobs.spread(**arguments)
    organs = [n for n in nation.nodes.values() if n.kind == NodeKind.ORGAN]
    assert len(receipts(notice)) == notice.addressees == len(organs)


def test_system_tells_somebody_above(nation):
    system = system_actor("notify.deliver")
    with system.scope.activate():
        send([nation.organ("33/11/23/0/goa/")], actor=system, title="甲县第一小学已报送")
    assert [r.title for r in received(nation.actor("33/11/23/0/goa/"))] == ["甲县第一小学已报送"]


def test_empty_title_or_nobody_is_refused(nation, county):
    for targets, title in (([], "x"), ([nation.organ("33/11/23/")], " ")):
        with pytest.raises(Invalid):
            send(targets, actor=county, title=title)
    with pytest.raises(Invalid, match="没有单位"):
        send([nation.organ("33/11/23/")], actor=county, title="x", nodes=[])


def test_text_of_the_program_is_said_in_the_readers_language(nation, county, monkeypatch):
    from django.utils import translation
    from django.utils.functional import lazy

    def say():
        return "{form}: due {due}" if translation.get_language() == "en" else "{form}：{due} 前填报"

    monkeypatch.setitem(texts.TEXTS._items, "tests.due", texts.Text(lazy(say, str)()))
    send([nation.organ("33/11/23/0/u1/")], actor=county, template="tests.due", values={"form": "能耗", "due": "11-30"})
    [receipt] = received(nation.actor("33/11/23/0/u1/"))
    assert receipt.words == "能耗：11-30 前填报"
    with translation.override("en"):
        assert receipt.words == "能耗: due 11-30"


# Channels


@pytest.fixture
def outbox(monkeypatch, tmp_path):
    path = tmp_path / "notices.jsonl"
    monkeypatch.setenv("SZ_NOTIFY_FILE", str(path))
    return lambda: [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def choose(account, *channels):
    from tests.factories import actor_of

    actor = actor_of(account)
    row = Preference(person_id=actor.person_id)
    row.node_id, row.path = actor.organ_id, actor.organ_path
    save_preference([row], actor=actor, channels=channels)


def work():
    """Run the queue's jobs here: the test's transaction is not visible to a worker."""
    from procrastinate.contrib.django import app
    from procrastinate.contrib.django.models import ProcrastinateJob

    while (job := ProcrastinateJob.objects.filter(status="todo").order_by("id").first()) is not None:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE procrastinate_jobs SET status = 'doing' WHERE id = %s", [job.id])
        app.tasks[job.task_name].func(**job.args)


def test_notice_goes_out_by_the_channels_a_person_chose(nation, county, outbox):
    one, _ = nation.account("33/11/23/0/u1/", name="张三"), nation.account("33/11/23/0/u1/", name="李四")
    choose(one, "file")
    send([nation.organ("33/11/23/")], actor=county, title="做好防汛")
    work()
    assert [(line["to"], line["title"], line["sender"]) for line in outbox()] == [
        ("张三", "做好防汛", "甲县机关事务中心")
    ]


def test_reminder_reaches_only_those_who_have_not_read(nation, county, outbox):
    one, two = nation.account("33/11/23/0/u1/", name="张三"), nation.account("33/11/23/0/u2/", name="李四")
    choose(one, "file")
    choose(two, "file")
    [notice] = send([nation.organ("33/11/23/")], actor=county, title="x", must_read=True)
    work()
    unit = nation.actor("33/11/23/0/u1/")
    mark_read(received(unit), actor=unit)
    remind([notice], actor=county)
    work()
    assert [line["to"] for line in outbox()[2:]] == ["李四"]
    with pytest.raises(Invalid, match="一小时"):
        remind([notice], actor=county)


def test_unknown_channel_is_refused(nation):
    with pytest.raises(Invalid, match="没有这个渠道"):
        choose(nation.account("33/11/23/0/u1/"), "pigeon")


@pytest.fixture
def gateway(monkeypatch):
    """A real HTTP server that answers as told."""
    import threading
    from http.server import BaseHTTPRequestHandler, HTTPServer

    got, answers = [], []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            got.append(
                (self.headers.get("Idempotency-Key"), json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            )
            status, body = answers.pop() if answers else (200, {"errcode": 0})
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/"
    monkeypatch.setenv("SZ_SMS_URL", url)
    monkeypatch.setenv("SZ_MESSENGER_URL", url)
    yield got, answers
    server.shutdown()


def channel(name) -> Channel:
    from shuzheng.base.notify.channels import CHANNELS

    return CHANNELS[name]


def test_gateway_and_messenger_get_title_and_link_and_no_body(gateway):
    got, answers = gateway
    message = Message(
        key="n:p:sms", title="做好防汛", link="https://sz.example.cn/notify/1/", sender="甲县机关事务中心"
    )
    to = Contact("张三", mobile="13800138000")
    assert channel("sms").send(to, message)
    assert channel("messenger").send(to, message)
    assert not channel("sms").send(Contact("李四"), message)
    text = "【甲县机关事务中心】做好防汛 https://sz.example.cn/notify/1/"
    assert got[0] == ("n:p:sms", {"mobile": "13800138000", "text": text, "key": "n:p:sms"})
    assert got[1][1]["text"] == {"content": text, "mentioned_mobile_list": ["13800138000"]}
    assert got[1][1]["at"]["atMobiles"] == ["13800138000"]
    for answer in ((503, {}), (200, {"errcode": 310000, "errmsg": "keywords not in content"})):
        answers.append(answer)
        with pytest.raises(Undelivered):
            channel("messenger").send(to, message)


def test_mail_goes_to_the_persons_address(settings, mailoutbox):
    settings.EMAIL_HOST, settings.DEFAULT_FROM_EMAIL = "mail.example.cn", "sz@example.cn"
    assert channel("mail").is_on()
    assert channel("mail").send(Contact("张三", email="z@example.cn"), Message("k", "做好防汛", "", "甲县"))
    assert (mailoutbox[0].to, mailoutbox[0].subject, mailoutbox[0].body) == (
        ["z@example.cn"],
        "做好防汛",
        "【甲县】做好防汛",
    )


# Pages


def test_pages_show_read_and_count(nation, county, client):
    [notice] = send([nation.organ("33/11/23/")], actor=county, title="做好防汛", body="各单位：<b>", must_read=True)
    client.force_login(nation.account("33/11/23/0/u1/"))
    assert "做好防汛" in client.get("/notify/").content.decode()
    page = client.get(f"/notify/{notice.id}/").content.decode()
    assert "各单位：&lt;b&gt;" in page
    assert "我已阅读" in page
    assert "阅读情况" not in page
    assert client.post(f"/notify/{notice.id}/read").status_code == 302
    assert "已阅读" in client.get(f"/notify/{notice.id}/").content.decode()
    with system_scope("tests").activate():
        account = Account.objects.get(person=Person.objects.get(pk=county.person_id))
    client.force_login(account)
    page = client.get(f"/notify/{notice.id}/").content.decode()
    assert "阅读情况" in page
    assert "1 / 3" in page
    client.force_login(nation.account("33/11/22/0/u1/"))
    assert client.get(f"/notify/{notice.id}/").status_code == 404


def test_composed_notice_is_sent_once_for_one_form(nation, client):
    client.force_login(nation.account("33/11/23/0/goa/", "clerk", at="33/11/23/"))
    form = {"reach": "own", "title": "做好防汛", "key": "form-1"}
    first, second = client.post("/notify/new/", form), client.post("/notify/new/", form)
    assert first.status_code == 302
    assert first["Location"] == second["Location"]
    assert client.post("/notify/new/", {"reach": "own"}).status_code == 422
