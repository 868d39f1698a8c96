"""A change of one subtree holds up nobody outside of it: real transactions on two connections."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager

import pytest
from django.db import connection, connections, transaction

from shuzheng.base.core.scope import system_scope
from shuzheng.base.core.treelocks import lock_subtrees, prefixes
from shuzheng.base.org.actions import change_profiles, move_nodes, rename_nodes
from shuzheng.base.org.models import OrganProfile
from tests.org.conftest import ON

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def elsewhere(work):
    """Run ``work`` in another thread, on a connection of its own."""
    caught = []

    def run():
        try:
            work()
        except Exception as fault:  # noqa: BLE001 — shown by the thread that waits
            caught.append(fault)
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    yield thread
    thread.join(10)
    assert not thread.is_alive()
    if caught:
        raise caught[0]


def test_places_above_a_path():
    assert prefixes("33/11/0/a/") == ["", "33/", "33/11/", "33/11/0/", "33/11/0/a/"]
    assert prefixes("") == [""]


def test_locks_exclude_what_overlaps_and_nothing_else():
    def free(path):
        done = []

        def ask():
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '200ms'")
                lock_subtrees([path])
                done.append(True)

        try:
            with elsewhere(ask):
                pass
        except Exception:  # noqa: BLE001 — the lock was held: that is the answer
            return False
        return bool(done)

    with transaction.atomic():
        lock_subtrees(["33/11/"])
        assert {p: free(p) for p in ("33/", "33/11/", "33/11/23/", "33/10/", "32/")} == {
            "33/": False, "33/11/": False, "33/11/23/": False, "33/10/": True, "32/": True,
        }  # fmt: skip


def test_writers_outside_a_moving_county_go_on_and_those_inside_end_up_in_the_right_place(tree, admin, nation):
    inside, outside = tree.profile("33/11/23/0/u1/"), tree.profile("33/11/22/0/u1/")
    clerk_outside = nation.actor("33/11/22/0/u1/", "clerk")
    county, to = tree.at("33/11/23/"), tree.at("33/10/")
    organ = tree.at("33/11/23/0/u2/")
    took = []

    def write_outside():
        start = time.perf_counter()
        change_profiles([outside], actor=clerk_outside, floor_area=9)
        rename_nodes([tree.at("33/11/22/0/u2/")], actor=admin, on=ON, name="不相干")
        took.append(time.perf_counter() - start)

    def add_inside():
        # It read the old path before the move, and waits at the key to the node until the move is over.
        row = OrganProfile(contact="迟到")
        row.own(organ)
        with system_scope("tests").activate():
            row.save(force_insert=True)

    with transaction.atomic():
        move_nodes([county], actor=admin, to=to, on=ON)
        with elsewhere(write_outside):
            pass
        late = elsewhere(add_inside)
        thread = late.__enter__()
        thread.join(0.3)
        assert thread.is_alive()
    late.__exit__(None, None, None)

    assert took[0] < 2
    assert tree.again(outside).floor_area == 9
    assert tree.again(inside).path == "33/10/23/0/u1/"
    from shuzheng.base.org.due import apply_due

    apply_due(tree.today)
    assert tree.paths(OrganProfile, contact="迟到") == ["33/10/23/0/u2/"]


def test_two_changes_of_one_county_follow_each_other(tree, admin, nation):
    county, to = tree.at("33/11/23/"), tree.at("33/10/")
    waited = []

    def rename():
        start = time.perf_counter()
        node = tree.at("33/11/23/0/u1/")
        try:
            rename_nodes([node], actor=admin, on=ON, name="新校")
        finally:
            waited.append(time.perf_counter() - start)

    with pytest.raises(Exception, match="刷新后再操作"):
        with transaction.atomic():
            move_nodes([county], actor=admin, to=to, on=ON)
            second = elsewhere(rename)
            second.__enter__().join(0.3)
        second.__exit__(None, None, None)
    assert waited[0] >= 0.3
    assert tree.paths(name="新校") == []
