"""Statements that travel together keep their order, their faults and their transaction."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.backends.utils import CursorWrapper
from django.test.utils import CaptureQueriesContext

from shuzheng.base.core import trips
from shuzheng.base.core.models import ActionKey
from shuzheng.base.core.scope import system_scope

pytestmark = pytest.mark.django_db

INSERT = "INSERT INTO core_actionkey (key, actor, action, digest, ids, at) VALUES (%s, 'a', 'b', 'c', '[]', now())"


def keys() -> set[str]:
    return set(ActionKey.objects.values_list("key", flat=True))


def test_what_is_sent_goes_out_before_the_next_question():
    with transaction.atomic(), trips.together(), CaptureQueriesContext(connection) as queries:
        trips.send(INSERT, ["one"])
        trips.send(INSERT, ["100%"])
        assert keys() == {"one", "100%"}
    assert len(queries) == 1


def test_what_is_left_goes_out_at_the_end():
    with transaction.atomic():
        with trips.together():
            trips.send(INSERT, ["one"])
        assert keys() == {"one"}


def test_outside_of_a_stretch_a_statement_goes_at_once():
    trips.send(INSERT, ["one"])
    assert keys() == {"one"}


def test_the_answer_is_that_of_the_last_statement():
    with transaction.atomic(), trips.together(), connection.cursor() as cursor:
        trips.send(INSERT, ["one"])
        cursor.execute("UPDATE core_actionkey SET actor = 'x' WHERE key IN ('one', 'two')")
        assert cursor.rowcount == 1
        trips.send(INSERT, ["two"])
        cursor.execute("SELECT key FROM core_actionkey WHERE key LIKE 't%'")
        assert cursor.fetchall() == [("two",)]


def test_a_fault_is_raised_where_the_statement_goes_out():
    trips.send(INSERT, ["one"])
    with pytest.raises(IntegrityError), transaction.atomic(), trips.together():
        trips.send(INSERT, ["one"])
        trips.send(INSERT, ["two"])
    assert keys() == {"one"}


def test_what_a_failed_part_held_is_dropped_with_it():
    with transaction.atomic(), trips.together():
        trips.send(INSERT, ["before"])
        with pytest.raises(RuntimeError), transaction.atomic(), trips.together():
            trips.send(INSERT, ["inside"])
            raise RuntimeError
        trips.send(INSERT, ["after"])
    assert keys() == {"before", "after"}


def test_savepoints_stay_between_what_was_sent_before_and_after():
    with transaction.atomic(), trips.together():
        trips.send(INSERT, ["before"])
        with pytest.raises(IntegrityError), transaction.atomic():
            trips.send(INSERT, ["inside"])
            keys()
            connection.cursor().execute(INSERT, ["before"])
        assert keys() == {"before"}


@pytest.fixture
def sent(monkeypatch) -> list[list[str]]:
    """What the server gets, trip by trip: the first word of each statement."""
    texts, execute = [], CursorWrapper._execute

    def noting(self, sql, params, *more):
        texts.append([one.split()[0] for one in sql.split("; ")])
        return execute(self, sql, params, *more)

    monkeypatch.setattr(CursorWrapper, "_execute", noting)
    return texts


def test_a_savepoint_begins_with_its_first_statement_and_ends_with_what_was_sent_in_it(sent):
    with transaction.atomic(), trips.together():
        sent.clear()
        with transaction.atomic():
            trips.send(INSERT, ["one"])
            with transaction.atomic():
                trips.send(INSERT, ["two"])
        assert keys() == {"one", "two"}
        # The second end has nothing before it that could fail: it waits for the question.
        assert sent == [["SAVEPOINT", "INSERT", "SAVEPOINT", "INSERT", "RELEASE"], ["RELEASE", "SELECT"]]


def test_what_is_sure_does_not_keep_the_end_of_its_savepoint(sent):
    sure = "UPDATE core_actionkey SET actor = 'sure'"
    with transaction.atomic(), trips.together():
        sent.clear()
        with transaction.atomic():
            assert keys() == set()
            trips.send(sure, None, sure=True)
        with pytest.raises(RuntimeError), transaction.atomic():
            trips.send(INSERT, ["inside"])
            keys()
            raise RuntimeError
        assert keys() == set()
        assert sent == [
            ["SAVEPOINT", "SELECT"], ["UPDATE", "RELEASE", "SAVEPOINT", "INSERT", "SELECT"], ["ROLLBACK"], ["RELEASE", "SELECT"],
        ]  # fmt: skip


def test_a_fault_of_what_was_sent_in_a_savepoint_is_raised_at_its_end_and_takes_only_it_back():
    trips.send(INSERT, ["there"])
    with transaction.atomic(), trips.together():
        trips.send(INSERT, ["before"])
        with pytest.raises(IntegrityError), transaction.atomic():
            trips.send(INSERT, ["inside"])
            trips.send(INSERT, ["there"])
        trips.send(INSERT, ["after"])
    assert keys() == {"there", "before", "after"}


def test_of_a_savepoint_that_never_began_nothing_goes_out(sent):
    with transaction.atomic(), trips.together():
        sent.clear()
        trips.send(INSERT, ["before"])
        with transaction.atomic():
            pass
        with pytest.raises(RuntimeError), transaction.atomic():
            trips.send(INSERT, ["inside"])
            raise RuntimeError
        assert keys() == {"before"}
        assert sent == [["INSERT", "SELECT"]]


def test_a_savepoint_that_began_is_rolled_back_and_what_it_still_held_is_dropped():
    with transaction.atomic(), trips.together():
        with pytest.raises(RuntimeError), transaction.atomic():
            trips.send(INSERT, ["seen"])
            assert keys() == {"seen"}
            trips.send(INSERT, ["held"])
            raise RuntimeError
        assert keys() == set()


def test_a_savepoint_goes_out_before_many_statements_at_once_and_before_a_cursor_on_the_server():
    with transaction.atomic(), trips.together():
        with pytest.raises(RuntimeError), transaction.atomic():
            with connection.cursor() as cursor:
                cursor.executemany(INSERT, [("one",), ("two",)])
            raise RuntimeError
        with pytest.raises(RuntimeError), transaction.atomic():
            assert list(ActionKey.objects.iterator(10)) == []
            trips.send(INSERT, ["three"])
            keys()
            raise RuntimeError
        assert keys() == set()


@pytest.mark.django_db(transaction=True)
def test_what_is_held_when_a_transaction_is_given_up_never_goes_out():
    scope = system_scope("tests")
    with scope.activate(held=True):
        trips.send(INSERT, ["one"])
        assert keys() == {"one"}
        trips.send(INSERT, ["two"])
        transaction.set_rollback(True)
    assert keys() == set()


def test_a_cursor_on_the_server_sees_what_was_sent():
    with transaction.atomic(), trips.together():
        trips.send(INSERT, ["one"])
        assert [k.key for k in ActionKey.objects.iterator(10)] == ["one"]


@pytest.mark.django_db(transaction=True)
def test_a_transaction_begins_with_its_first_statement_and_ends_with_its_last():
    scope = system_scope("tests")
    with CaptureQueriesContext(connection) as queries, scope.activate(held=True):
        trips.send(INSERT, ["one"])
        trips.send(INSERT, ["two"])
    [sent] = [q["sql"] for q in queries if "INSERT" in q["sql"]]
    assert sent.startswith("BEGIN; SELECT set_config") and sent.endswith("; COMMIT")
    assert keys() == {"one", "two"}

    orphan = (
        "INSERT INTO events_delivery (id, event_id, subscriber, seq, origin, state, attempts, due, error)"
        " VALUES (gen_random_uuid(), gen_random_uuid(), 's', 1, '', 'waiting', 0, now(), '')"
    )
    for wrong in ((INSERT, ["one"]), (orphan, [])):  # found where it is sent, and found at the end
        with pytest.raises(IntegrityError), scope.activate(held=True):
            trips.send(INSERT, ["three"])
            trips.send(*wrong)
        assert keys() == {"one", "two"}
        assert connection.get_autocommit()


def huge(key: str) -> str:
    return f"{INSERT.replace('%s', trips.literal(key))} /*{'-' * trips.HUGE}*/"


def test_huge_statements_beside_keep_their_place_among_the_others():
    with transaction.atomic(), trips.together(), CaptureQueriesContext(connection) as queries, trips.beside():
        trips.send(INSERT, ["small"])
        trips.send(huge("one"), None)
        trips.send("UPDATE core_actionkey SET actor = 'seen'", None)
        for n in range(3 * trips.AHEAD):
            trips.send(huge(f"many {n}"), None)
        assert set(ActionKey.objects.filter(actor="seen").values_list("key", flat=True)) == {"small", "one"}
        assert len(keys()) == 2 + 3 * trips.AHEAD
    assert len(queries) == 3 + 3 * trips.AHEAD, "what notes statements sees these too"


@pytest.mark.parametrize("ask", [keys, lambda: None], ids=["at the next question", "at the end"])
def test_a_fault_of_a_statement_beside_is_raised(ask):
    reached = []
    with pytest.raises(IntegrityError, match="core_actionkey"), transaction.atomic(), trips.beside():
        for key in ("one", "one", "two"):
            trips.send(huge(key), None)
        reached.append("sent")
        ask()
        reached.append("asked")
    assert reached == (["sent"] if ask is keys else ["sent", "asked"])
    assert keys() == set()


def test_statements_beside_are_given_up_with_the_part_that_failed():
    with pytest.raises(RuntimeError), transaction.atomic(), trips.beside():
        for n in range(trips.AHEAD):
            trips.send(huge(f"{n}"), None)
        raise RuntimeError
    assert keys() == set()
