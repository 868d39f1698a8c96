"""Whatever is done to the tree, the path of every node is the one that its parents make, and today's picture is today's version."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from shuzheng.base.core.scope import system_scope
from shuzheng.base.org.actions import abolish_nodes, create_nodes, merge_nodes, move_nodes, rename_nodes, split_nodes
from shuzheng.base.org.history import tree_on
from shuzheng.base.org.models import Node, NodeKind, NodeVersion, OrganProfile
from shuzheng.base.org.places import draft_node, path_under, place_fault
from shuzheng.kernel.errors import Fault

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

VERBS = ("create", "rename", "move", "merge", "split", "abolish")
steps = st.lists(
    st.tuples(st.sampled_from(VERBS), st.integers(0, 60), st.integers(0, 60), st.integers(0, 900)),
    min_size=1,
    max_size=8,
)


def act(verb, node, other, on, actor, number):
    if verb == "create":
        kind = {"division": ("division", "organ")[number % 2], "organ": "department", "department": "department"}[
            node.kind
        ]
        create_nodes([draft_node(node, f"新{number}", kind, code=f"n{number}")], actor=actor, on=on)
    elif verb == "rename":
        rename_nodes([node], actor=actor, on=on, name=f"名{number}")
    elif verb == "move":
        move_nodes([node], actor=actor, to=other, on=on)
    elif verb == "merge":
        merge_nodes([node], actor=actor, into=other, on=on)
    elif verb == "split":
        children = list(Node.objects.filter(parent=node, valid_to=None)[: number % 3])
        parts = [{"name": f"分{number}", "code": f"s{number}", "children": children}]
        split_nodes([node], actor=actor, parts=parts, on=on, continues=number % 2 == 0, heir=0)
    else:
        abolish_nodes([node], actor=actor, on=on, with_children=number % 2 == 0)


def check_tree():
    today = {v.node_id: v for v in NodeVersion.objects.filter(valid__contains=date.today())}
    paths = {n.id: n.path for n in tree_on(date.today())}
    for node in Node.objects.select_related("parent", "organ", "division"):
        if node.parent is not None:
            assert node.path == path_under(node.parent, node.kind, node.code)
        assert (node.valid_to is None) == (node.pk in today)
        if node.valid_to is None:
            version = today[node.pk]
            assert (version.parent_id, version.code, version.name, version.path) == (
                node.parent_id, node.code, node.name, node.path,
            )  # fmt: skip
            assert paths[node.pk] == node.path
            if node.kind != NodeKind.DIVISION:
                assert node.path.startswith(node.division.path + "0/")
                assert node.path.startswith(node.organ.path)
                assert node.tier == node.division.tier
    for profile in OrganProfile.objects.select_related("node"):
        assert profile.path == profile.node.path
    spans = {}
    for version in NodeVersion.objects.order_by("node", "valid"):
        last = spans.get(version.node_id)
        assert last is None or last.valid.upper == version.valid.lower
        spans[version.node_id] = version


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps)
def test_paths_stay_true_through_any_sequence_of_changes(tree, admin, sequence):
    from django.db import transaction

    class Undo(Exception):
        pass

    try:
        with transaction.atomic(), system_scope("tests").activate():
            for organ in Node.objects.filter(kind=NodeKind.ORGAN):
                row = OrganProfile()
                row.own(organ)
                row.save(force_insert=True)
            for number, (verb, first, second, days) in enumerate(sequence):
                nodes = list(Node.objects.order_by("path"))
                node = nodes[first % len(nodes)]
                if verb == "move":  # most pairs make no sense: pick among those that may
                    nodes = [
                        n for n in nodes if not place_fault(node.kind, n, node.tier) and n.pk != node.parent_id
                    ] or nodes
                other = nodes[second % len(nodes)]
                try:
                    act(verb, node, other, date(2021, 1, 1) + timedelta(days=days), admin, number)
                except Fault:
                    continue  # refused: nothing may have changed
                event(f"{verb} carried out")
                check_tree()
            check_tree()
            raise Undo
    except Undo:
        pass
