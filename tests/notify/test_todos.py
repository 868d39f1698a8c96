"""To-dos: opened once, seen by those who can do them, closed by what happened."""

from __future__ import annotations

import pytest

from shuzheng.base.accounts.models import Post
from shuzheng.base.core.actor import system_actor
from shuzheng.base.core.scope import system_scope
from shuzheng.base.notify.models import Todo
from shuzheng.base.notify.todos import close_for, open_todos, reassign, waiting
from shuzheng.kernel.errors import Denied, Invalid
from tests.factories import actor_of

pytestmark = pytest.mark.django_db

SOURCE = ("forms.submission", "42")


def put(*addressees, **values):
    system = system_actor("notify.deliver")
    with system.scope.activate():
        values = {"kind": "forms.submission.review", "source": SOURCE, "link": "/x/", "title": "审核", **values}
        return open_todos(addressees, actor=system, **values)


def titles(actor):
    with actor.scope.activate():
        return [todo.title for todo in waiting(actor)]


def test_todo_of_an_organ_is_opened_once_and_closed_for_all(nation):
    goa = nation.organ("33/11/23/0/goa/")
    assert len(put(goa)) == 1
    assert put(goa) == []
    one, two = nation.actor("33/11/23/0/goa/"), nation.actor("33/11/23/0/goa/")
    assert titles(one) == titles(two) == ["审核"]
    assert titles(nation.actor("33/11/22/0/goa/")) == []
    system = system_actor("notify.deliver")
    with system.scope.activate():
        close_for(*[SOURCE[0], [SOURCE[1]]], actor=system)
    assert titles(one) == []
    assert len(put(goa)) == 1  # sent back and handed in again


def test_todo_that_needs_a_right_is_shown_to_those_who_hold_it(nation):
    put(nation.organ("33/11/23/0/goa/"), permission="notify.notice.send")
    assert titles(nation.actor("33/11/23/0/goa/")) == []
    assert titles(nation.actor("33/11/23/0/goa/", "reviewer")) == ["审核"]


def test_todos_come_by_due_date_and_undated_ones_last(nation):
    from datetime import timedelta

    from django.utils import timezone

    goa, now = nation.organ("33/11/23/0/goa/"), timezone.now()
    put(goa, title="不急", kind="a")
    put(goa, title="后天", kind="b", due=now + timedelta(days=2))
    put(goa, title="逾期", kind="c", due=now - timedelta(days=1))
    assert titles(nation.actor("33/11/23/0/goa/")) == ["逾期", "后天", "不急"]


def test_only_the_system_opens_todos(nation):
    with pytest.raises(Denied):
        open_todos(
            [nation.organ("33/11/23/0/goa/")],
            actor=nation.actor("33/11/23/0/goa/", "leader"),
            kind="x",
            source=SOURCE,
            link="/",
            title="x",
        )


def test_todo_is_passed_to_a_post_of_the_same_organ(nation):
    put(nation.organ("33/11/23/0/goa/"))
    leader, clerk = nation.actor("33/11/23/0/goa/", "leader"), nation.account("33/11/23/0/goa/")
    stranger = nation.account("33/11/22/0/goa/")
    with system_scope("tests").activate():
        [todo] = Todo.objects.all()
        mine, other = Post.objects.get(person=clerk.person), Post.objects.get(person=stranger.person)
    with pytest.raises(Invalid):
        reassign([todo], actor=leader, post=other)
    reassign([todo], actor=leader, post=mine)
    assert titles(actor_of(clerk)) == ["审核"]
    assert titles(leader) == []


def test_page_lists_what_waits(nation, client):
    put(nation.organ("33/11/23/0/goa/"))
    client.force_login(nation.account("33/11/23/0/goa/"))
    assert "审核" in client.get("/todos/").content.decode()
