"""A question that is put into SQL once answers as its queryset does."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shuzheng.base.core import trips
from shuzheng.base.core.questions import Question, ask
from shuzheng.base.core.scope import system_scope
from shuzheng.base.org.models import Node
from tests.factories import Nation

pytestmark = pytest.mark.django_db


def test_it_answers_as_the_queryset_does_whatever_it_is_asked_with(nation: Nation):
    rows = Question(lambda pk: Node.objects.select_related("parent").filter(pk=pk), UUID(int=1))
    names = Question(
        lambda lo, hi: Node.objects.filter(path__gte=lo, path__lt=hi).order_by("path").values_list("path", "name"),
        "a",
        "b",
    )
    with system_scope("tests").activate():
        for node in Node.objects.select_related("parent")[:5]:
            [found] = rows(node.pk)
            assert (found, found.name, found.parent) == (node, node.name, node.parent)
        assert rows(uuid4()) == []
        assert names("33/11/", "33/110") == list(
            Node.objects.filter(path__startswith="33/11/").order_by("path").values_list("path", "name")
        )


def test_several_are_answered_in_one_trip_each_with_its_own_rows(nation: Nation):
    by_path = Question(lambda path: Node.objects.filter(path=path), "a path")
    names = Question(lambda path: Node.objects.filter(path=path).values_list("name", flat=True), "a path")
    with system_scope("tests").activate(), trips.together(), CaptureQueriesContext(connection) as queries:
        trips.send("SELECT set_config('app.case', '', true)", None)  # what is held goes along, and answers nobody
        nobody, found, name = ask((by_path, "no such/"), (by_path, "33/11/"), (names, "33/11/"))
        place = Node.objects.get(path="33/11/")
    assert (nobody, found, name) == ([], [place], [place.name])
    assert found[0].name == place.name
    assert len(queries) == 2


def test_the_policies_hold(nation: Nation):
    from shuzheng.base.flows.models import Delegation

    mine = Question(lambda pk: Delegation.objects.filter(post_id=pk), UUID(int=1))
    post = uuid4()
    with system_scope("tests").activate():
        row = Delegation(post_id=post, to_post=uuid4(), first="2026-01-01", last="2026-12-31")
        row.own(nation.organ("33/11/23/0/u1/"))
        row.save()
        assert mine(post) == [row]
    with nation.actor("33/11/22/0/goa/", "clerk").scope.activate():
        assert mine(post) == []


def test_a_value_that_its_sql_does_not_take_is_a_fault_of_the_program():
    with pytest.raises(ValueError, match="not among those"):
        Question(lambda _pk: Node.objects.filter(name="x"), UUID(int=1))(uuid4())
