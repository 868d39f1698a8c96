"""Verbs of the organisation tree.

The six verbs of reorganisation take a day. Ahead of it they are noted as planned and a daily job (``due.apply_due``) carries
them out; on the day or after, they take effect at once. What is dated back changes the tree from that day on; sealed records
keep the path of their time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from shuzheng.base.core.action import Write, action
from shuzheng.base.core.models import plain
from shuzheng.base.core.scope import system_scope
from shuzheng.base.org import changes
from shuzheng.base.org.due import settle
from shuzheng.base.org.models import Node, NodeKind, OrganProfile, Reorganisation
from shuzheng.base.org.places import new_code, require
from shuzheng.kernel.errors import Invalid
from shuzheng.kernel.ids import uuid7

Verb = Reorganisation.Verb
EVENT = "org.node.reorganised"


@action("org.profile.change", handover=True, event="org.profile.changed")
def change_profiles(w: Write, profiles: Sequence[OrganProfile], **values: Any) -> Sequence[OrganProfile]:
    """Change staffing, area or contact of organs; ``values`` are field names of ``OrganProfile``."""
    for profile in profiles:
        if profile._state.adding:
            for name, value in values.items():
                setattr(profile, name, value)
            w.create(profile)
        else:
            w.change(profile, **values)
    return profiles


@action("org.node.create", handover=True)
def create_nodes(
    w: Write,
    drafts: Sequence[Node],
    *,
    on: date,
    basis: str = "",
    profiles: Mapping[UUID, Mapping[str, Any]] | None = None,
) -> list[Node]:
    """Create nodes from ``on``; ``drafts`` come from ``places.draft_node``.

    ``profiles`` are staffing and contact (fields of ``OrganProfile``) of new organs, by the draft's id. Returns the new nodes;
    of a change planned ahead, the parents.
    """
    given = profiles or {}
    rows = [_row(Verb.CREATE, d.parent, on, basis, create_values(d, given.get(d.pk, {}))) for d in drafts]
    return _ask(w, rows)


@action("org.node.rename", handover=True)
def rename_nodes(w: Write, nodes: Sequence[Node], *, on: date, basis: str = "", **facts: Any) -> list[Node]:
    """Change name, short name, type, level or credit code of nodes from ``on``."""
    return _ask(w, [_row(Verb.RENAME, node, on, basis, dict(facts)) for node in nodes])


@action("org.node.move", handover=True)
def move_nodes(
    w: Write, nodes: Sequence[Node], *, to: Node, on: date, basis: str = "", codes: Mapping[UUID, str] | None = None
) -> list[Node]:
    """Put nodes, with all below them, under ``to`` from ``on``; ``codes`` are new codes, where the old one is taken."""
    w.actor.require("org.node.move", to.path)
    given = codes or {}
    return _ask(w, [_row(Verb.MOVE, n, on, basis, {"to": str(to.pk), "code": given.get(n.pk, "")}) for n in nodes])


@action("org.node.merge", handover=True)
def merge_nodes(w: Write, nodes: Sequence[Node], *, into: Node, on: date, basis: str = "") -> list[Node]:
    """Let ``into`` take over ``nodes``: children, records that are not sealed, posts, grants, competences. They end on ``on``."""
    w.actor.require("org.node.merge", into.path)
    return _ask(w, [_row(Verb.MERGE, node, on, basis, {"into": str(into.pk)}) for node in nodes])


@action("org.node.split", handover=True)
def split_nodes(
    w: Write,
    nodes: Sequence[Node],
    *,
    parts: Sequence[Mapping[str, Any]],
    on: date,
    basis: str = "",
    continues: bool = True,
    heir: int | None = None,
) -> list[Node]:
    """Split one node: new ones stand beside it and take the children named.

    Args:
        parts: of each new node its ``name`` and, where wanted, ``code``, other facts, and ``children`` (nodes).
        continues: whether the node goes on. If not, ``parts[heir]`` takes over what is left, as in a merger.

    Raises:
        Invalid: more than one node, or the parts don't fit.
    """
    if len(nodes) != 1:
        raise Invalid(_("一次拆分一个机构。"))
    [node] = nodes
    values = split_values(node, parts, continues, heir)
    return _ask(w, [_row(Verb.SPLIT, node, on, basis, values)])


@action("org.node.abolish", handover=True)
def abolish_nodes(
    w: Write, nodes: Sequence[Node], *, on: date, basis: str = "", with_children: bool = False
) -> list[Node]:
    """End nodes on ``on``, and with them posts, grants and competences. Records stay, to be read by the tiers above."""
    return _ask(w, [_row(Verb.ABOLISH, node, on, basis, {"with_children": with_children}) for node in nodes])


@action("org.reorganisation.apply", handover=True)
def apply_reorganisations(w: Write, rows: Sequence[Reorganisation]) -> Sequence[Reorganisation]:
    """Carry out planned changes whose day has come.

    Raises:
        Invalid: one is not planned any more, its day is ahead, or the tree has changed so that it can't be made.
    """
    _answers_for(w, rows)
    _still_planned(rows)
    for row in rows:
        if row.on > timezone.localdate():
            raise Invalid(_("“%(row)s”还没有到生效日期。") % {"row": row})
        changes.apply(w, [row])
        _settle_later(row)
    return rows


@action("org.reorganisation.cancel", handover=True)
def cancel_reorganisations(w: Write, rows: Sequence[Reorganisation]) -> Sequence[Reorganisation]:
    """Take back planned changes.

    Raises:
        Invalid: one is not planned any more.
    """
    _answers_for(w, rows)
    _still_planned(rows)
    for row in rows:
        w.change(row, state=Reorganisation.State.CANCELLED)
    return rows


# What a planned change keeps of what was asked


def create_values(draft: Node, profile: Mapping[str, Any]) -> dict[str, Any]:
    """``Reorganisation.values`` of a creation."""
    facts = {name: getattr(draft, name) for name in (*Node.FACTS, "code", "tier", "is_reporting")}
    return {**facts, "id": str(draft.pk), "profile": plain(dict(profile))}


def split_values(node: Node, parts: Sequence[Mapping[str, Any]], continues: bool, heir: int | None) -> dict[str, Any]:
    """``Reorganisation.values`` of a split; see ``split_nodes``."""
    told = []
    for part in parts:
        facts = {"id": str(uuid7()), "kind": node.kind, "type": node.type, "level": node.level}
        facts |= {"code": "" if node.kind == NodeKind.DIVISION else new_code()}
        facts |= {name: value for name, value in part.items() if name != "children" and value not in ("", None)}
        told.append({**facts, "children": [str(child.pk) for child in part.get("children", ())]})
    return {"parts": told, "continues": continues, "heir": heir}


def _still_planned(rows: Sequence[Reorganisation]) -> None:
    with system_scope("org.reorganise").activate():
        stored = Reorganisation.objects.select_for_update(no_key=True).in_bulk([row.pk for row in rows])
    for row in rows:
        if row.pk not in stored or stored[row.pk].state != Reorganisation.State.PLANNED:
            raise Invalid(_("“%(row)s”已不是待生效。") % {"row": row})


def _row(verb: str, node: Node, on: date, basis: str, values: dict[str, Any]) -> Reorganisation:
    row = Reorganisation(verb=verb, on=on, basis=basis, values=values)
    row.own(node)
    return row


def _ask(w: Write, rows: Sequence[Reorganisation]) -> list[Node]:
    """Plan changes that are dated ahead, carry out the others."""
    if not rows:
        return []
    _answers_for(w, rows)
    if rows[0].on <= timezone.localdate():
        nodes = changes.apply(w, rows)
        for row in rows:
            _settle_later(row)
        return nodes
    with system_scope("org.reorganise").activate():
        found = changes.tasks(rows)
        require(changes.check(found))
        w.create(*rows)
        w.flush()
    return [task.node for task in found]


def _answers_for(w: Write, rows: Sequence[Reorganisation]) -> None:
    """Nobody changes the place they stand in: the right must hold above it."""
    for row in rows:
        above = row.node if row.verb == Verb.CREATE else row.node.parent
        if above is not None:
            w.actor.require(w.name, above.path)


def _settle_later(row: Reorganisation) -> None:
    if row.result["moved"]:
        transaction.on_commit(lambda: settle(row), robust=True)
