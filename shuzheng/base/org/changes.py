"""The verbs of reorganisation: what each needs, why it may be refused, and how it is carried out.

``apply`` is the one way in: it locks the subtrees concerned, reads the nodes anew, checks, and changes nodes and rows under
the system scope ``org.reorganise``. The trail names the actor who asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _

from shuzheng.base.core import ports
from shuzheng.base.core.action import Write
from shuzheng.base.core.bulk import insert_many
from shuzheng.base.core.scope import Range, system_scope
from shuzheng.base.core.treelocks import lock_subtrees
from shuzheng.base.org.effects import Outcome, absorb, end, relocate, set_facts
from shuzheng.base.org.models import Node, NodeKind, OrganProfile, Reorganisation
from shuzheng.base.org.places import MAX_PATH, draft_node, faults_of, path_under, place_fault, require
from shuzheng.base.org.versions import first_version
from shuzheng.kernel.errors import Conflict, FieldFault, Invalid

Verb = Reorganisation.Verb
RENAMED = frozenset({"name", "short_name", "type", "level", "uscc"})
"""Facts that a change of name may carry with it."""


@dataclass
class Task:
    """One reorganisation with its nodes as they stand now."""

    row: Reorganisation
    node: Node
    others: dict[UUID, Node] = field(default_factory=dict)
    drafts: list[Node] = field(default_factory=list)
    profiles: list[OrganProfile] = field(default_factory=list)

    @property
    def on(self) -> date:
        return self.row.on

    @property
    def values(self) -> dict[str, Any]:
        return self.row.values

    def other(self, name: str) -> Node:
        """The node that ``values[name]`` refers to."""
        return self.others[UUID(self.values[name])]


# Reading


def tasks(rows: Sequence[Reorganisation]) -> list[Task]:
    """The rows with the nodes they name, read anew.

    Raises:
        Invalid: a node is gone.
    """
    named = {row.pk: _named(row) for row in rows}
    nodes = Node.objects.in_bulk({row.node_id for row in rows} | {pk for keys in named.values() for pk in keys})
    found = []
    for row in rows:
        missing = [pk for pk in (row.node_id, *named[row.pk]) if pk not in nodes]
        if missing:
            raise Invalid(_("涉及的机构已不存在。"))
        task = Task(row, nodes[row.node_id], {pk: nodes[pk] for pk in named[row.pk]})
        _draft(task)
        found.append(task)
    return found


def _named(row: Reorganisation) -> list[UUID]:
    values = row.values
    keys = [values[name] for name in ("to", "into") if values.get(name)]
    keys += [child for part in values.get("parts", ()) for child in part.get("children", ())]
    return [UUID(key) for key in keys]


def _draft(task: Task) -> None:
    parent = task.node
    if task.row.verb == Verb.CREATE:
        descriptions = [task.values]
    elif task.row.verb == Verb.SPLIT:
        descriptions = task.values["parts"]
        if task.node.parent_id is None:
            raise Invalid(_("国家不能拆分。"))
        parent = task.node.parent
    else:
        return
    for facts in descriptions:
        given = {k: v for k, v in facts.items() if k not in ("id", "name", "kind", "profile", "children")}
        kind = facts.get("kind") or task.node.kind
        if task.row.verb == Verb.SPLIT and kind == NodeKind.DIVISION:
            given.setdefault("tier", task.node.tier)
        node = draft_node(parent, facts["name"], kind, valid_from=task.on, **given)
        node.pk = UUID(facts["id"])
        if node.kind == NodeKind.ORGAN:
            node.organ_id = node.pk
        task.drafts.append(node)
        if facts.get("profile"):
            profile = OrganProfile(**facts["profile"])
            profile.node, profile.path = node, node.path
            task.profiles.append(profile)


# Checking: each gives the faults; nothing is written


def check(found: Sequence[Task]) -> list[FieldFault]:
    """Why these changes can't be made as the tree stands now. Empty when they can."""
    faults: list[FieldFault] = []
    for task in found:
        if task.node.valid_to is not None:
            faults.append(FieldFault("node", _("“%(name)s”已停用。") % {"name": task.node.name}, value=task.node.name))
        else:
            faults += CHECKS[task.row.verb](task)
    return faults + _check_drafts([draft for task in found for draft in task.drafts])


def _check_create(task: Task) -> list[FieldFault]:
    node = task.drafts[0]
    faults = faults_of(node)
    said = place_fault(node.kind, task.node, node.tier)
    if said:
        faults.append(FieldFault("parent", said))
    elif task.on < task.node.valid_from:
        faults.append(
            FieldFault("on", _("上级“%(name)s”在 %(on)s 还没有启用。") % {"name": task.node.name, "on": task.on})
        )
    return faults


def _check_rename(task: Task) -> list[FieldFault]:
    unknown = set(task.values) - RENAMED
    if unknown:
        return [FieldFault(sorted(unknown)[0], _("更名不能改这一项。"))]
    trial = Node(**{f.attname: getattr(task.node, f.attname) for f in Node._meta.concrete_fields} | task.values)
    faults = [fault for fault in faults_of(trial) if fault.field in task.values]
    if all(getattr(task.node, name) == value for name, value in task.values.items()):
        faults.append(FieldFault("name", _("没有改动。")))
    if task.values.get("uscc") and _uscc_taken({task.values["uscc"]}, {task.node.pk}):
        faults.append(_taken_fault(task.values["uscc"]))
    return faults


def _check_move(task: Task) -> list[FieldFault]:
    node, to = task.node, task.other("to")
    if node.parent_id is None:
        return [FieldFault("node", _("国家不能划转。"))]
    if to.path in Range.subtree(node.path):
        return [FieldFault("to", _("不能划转到自己或自己的下级。"))]
    said = place_fault(node.kind, to, node.tier if node.kind == NodeKind.DIVISION else None)
    if said:
        return [FieldFault("to", said)]
    code = task.values.get("code") or node.code
    path = path_under(to, node.kind, code)
    if path == node.path:
        return [FieldFault("to", _("已经在“%(name)s”下。") % {"name": to.name})]
    faults = [f for f in faults_of(Node(name=node.name, kind=node.kind, code=code, path=path)) if f.field == "code"]
    if Node.objects.filter(path=path).exists():
        faults.append(
            FieldFault("code", _("“%(name)s”下已用过代码 %(code)s，换一个代码。") % {"name": to.name, "code": code}, value=code)
        )  # fmt: skip
    return faults + _check_depth(node, path)


def _check_depth(node: Node, path: str) -> list[FieldFault]:
    span = Range.subtree(node.path)
    paths = Node.objects.filter(path__gte=span.lo, path__lt=span.hi).values_list("path", flat=True)
    longest = max((len(below) for below in paths.iterator()), default=0) - len(node.path) + len(path)
    return [FieldFault("to", _("层级过深，放不下。"))] if longest > MAX_PATH else []


def _check_merge(task: Task) -> list[FieldFault]:
    node, into = task.node, task.other("into")
    if into.valid_to is not None:
        return [FieldFault("into", _("“%(name)s”已停用。") % {"name": into.name})]
    if node.path in Range.subtree(into.path) or into.path in Range.subtree(node.path):
        return [FieldFault("into", _("上下级之间不能合并。"))]
    if node.kind != into.kind or (node.kind == NodeKind.DIVISION and node.tier != into.tier):
        return [FieldFault("into", _("只有同类、同级的才能合并。"))]
    return _check_depth(node, into.path)


def _check_split(task: Task) -> list[FieldFault]:
    faults = [fault for draft in task.drafts for fault in faults_of(draft)]
    if not task.drafts:
        faults.append(FieldFault("parts", _("没有写明拆分出什么。")))
    given: list[str] = [child for part in task.values["parts"] for child in part.get("children", ())]
    if len(given) != len(set(given)):
        faults.append(FieldFault("parts", _("同一个下级分给了两家。")))
    strangers = [task.others[UUID(c)] for c in given if task.others[UUID(c)].parent_id != task.node.pk]
    faults += [
        FieldFault("parts", _("“%(name)s”不是“%(parent)s”的下级。") % {"name": n.name, "parent": task.node.name})
        for n in strangers
    ]
    heir = task.values.get("heir")
    if not task.values.get("continues", True) and not (isinstance(heir, int) and 0 <= heir < len(task.drafts)):
        faults.append(FieldFault("heir", _("原机构不保留时，要写明由哪一家承接其余事项。")))
    return faults


def _check_abolish(task: Task) -> list[FieldFault]:
    if task.node.parent_id is None:
        return [FieldFault("node", _("国家不能撤销。"))]
    if not task.values.get("with_children"):
        left = below(task.node).exclude(pk=task.node.pk).count()
        if left:
            return [
                FieldFault("node", _("“%(name)s”还有 %(n)d 个下级，先调整下级，或连同下级一起撤销。") % {"name": task.node.name, "n": left})
            ]  # fmt: skip
    return []


def below(node: Node) -> Any:
    """The node and what lies below it, of today's tree."""
    span = Range.subtree(node.path)
    return Node.objects.filter(path__gte=span.lo, path__lt=span.hi, valid_to=None)


def _check_drafts(drafts: Sequence[Node]) -> list[FieldFault]:
    """Codes and credit codes of new nodes: free, and not twice in the batch."""
    if not drafts:
        return []
    faults, paths, codes = [], set(), set()
    taken = set(Node.objects.filter(path__in=[d.path for d in drafts]).values_list("path", flat=True))
    used = _uscc_taken({d.uscc for d in drafts if d.uscc}, set())
    for draft in drafts:
        if draft.path in taken or draft.path in paths:
            faults.append(
                FieldFault(
                    "code", _("同一上级下已用过代码 %(code)s，换一个代码。") % {"code": draft.code}, value=draft.code
                )
            )
        if draft.uscc and (draft.uscc in used or draft.uscc in codes):
            faults.append(_taken_fault(draft.uscc))
        paths.add(draft.path)
        codes.add(draft.uscc)
    return faults


def _uscc_taken(codes: Iterable[str], but: set[UUID]) -> set[str]:
    rows = Node.objects.filter(uscc__in=list(codes), valid_to=None).exclude(pk__in=but)
    return set(rows.values_list("uscc", flat=True))


def _taken_fault(code: str) -> FieldFault:
    return FieldFault("uscc", _("统一社会信用代码 %(code)s 已属于另一家单位。") % {"code": code}, value=code)


CHECKS: dict[str, Callable[[Task], list[FieldFault]]] = {
    Verb.CREATE: _check_create,
    Verb.RENAME: _check_rename,
    Verb.MOVE: _check_move,
    Verb.MERGE: _check_merge,
    Verb.SPLIT: _check_split,
    Verb.ABOLISH: _check_abolish,
}


# Carrying out


def apply(w: Write, rows: Sequence[Reorganisation]) -> list[Node]:
    """Carry out reorganisations of one verb whose day has come; stores the rows as applied. Returns the nodes concerned.

    Raises:
        Invalid: the tree doesn't allow it.
        Conflict: a node was moved while this waited for its lock.
    """
    with system_scope("org.reorganise").activate():
        seen = tasks(rows)
        before = {task.row.pk: task.node.path for task in seen}
        _lock(seen)
        found = tasks(rows)
        if any(before[task.row.pk] != task.node.path for task in found):
            raise Conflict(_("机构刚刚又有调整。刷新后再操作。"))
        outcomes = [Outcome() for _row in rows]
        if rows[0].verb == Verb.CREATE:
            require(check(found))
            _create(w, found)
            for task, out in zip(found, outcomes, strict=True):
                out.nodes.append(task.drafts[0].pk)
        else:
            for position, out in enumerate(outcomes):
                # Read again: the one before may have moved what this one is about.
                [task] = tasks([rows[position]]) if position else found[:1]
                require(check([task]))
                CARRY[task.row.verb](w, task, out)
        for row, out in zip(rows, outcomes, strict=True):
            if row._state.adding:
                row.state, row.result = Reorganisation.State.APPLIED, out.stored()
                w.create(row)
            else:
                w.change(row, state=Reorganisation.State.APPLIED, result=out.stored())
        w.flush()
        _tell(w, rows, outcomes)
        keys = [pk for out in outcomes for pk in out.nodes]
        nodes = Node.objects.in_bulk(keys)
    return [nodes[pk] for pk in dict.fromkeys(keys)]


def _lock(found: Sequence[Task]) -> None:
    alone: set[str] = set()
    together: set[str] = set()
    for task in found:
        if task.row.verb == Verb.CREATE:
            together.add(task.node.path)
        else:
            alone |= {task.node.path, *(other.path for other in task.others.values())}
            together |= {draft.path for draft in task.drafts}
        if task.row.verb == Verb.MOVE:
            to = task.other("to")
            alone.discard(to.path)
            alone.add(path_under(to, task.node.kind, task.values.get("code") or task.node.code))
    lock_subtrees(alone, together)


def _create(w: Write, found: Sequence[Task]) -> None:
    nodes = [draft for task in found for draft in task.drafts]
    w.create(*nodes)
    w.create(*(profile for task in found for profile in task.profiles))
    w.flush()
    insert_many([first_version(node) for node in nodes])


def _rename(w: Write, task: Task, out: Outcome) -> None:
    set_facts(w, task.node, dict(task.values), task.on)
    out.nodes.append(task.node.pk)


def _move(w: Write, task: Task, out: Outcome) -> None:
    relocate(w, task.node, task.other("to"), task.values.get("code") or task.node.code, task.on, out)


def _merge(w: Write, task: Task, out: Outcome) -> None:
    absorb(w, task.node, task.other("into"), task.on, out)


def _split(w: Write, task: Task, out: Outcome) -> None:
    _create(w, [task])
    out.nodes += [task.node.pk, *(draft.pk for draft in task.drafts)]
    for part, draft in zip(task.values["parts"], task.drafts, strict=True):
        for key in part.get("children", ()):
            child = task.others[UUID(key)]
            relocate(w, child, draft, child.code, task.on, out)
    if not task.values.get("continues", True):
        absorb(w, Node.objects.get(pk=task.node.pk), task.drafts[task.values["heir"]], task.on, out)


def _abolish(w: Write, task: Task, out: Outcome) -> None:
    end(w, list(below(task.node).order_by("-path")), task.on, out)


CARRY: dict[str, Callable[[Write, Task, Outcome], None]] = {
    Verb.RENAME: _rename,
    Verb.MOVE: _move,
    Verb.MERGE: _merge,
    Verb.SPLIT: _split,
    Verb.ABOLISH: _abolish,
}


def _tell(w: Write, rows: Sequence[Reorganisation], outcomes: Sequence[Outcome]) -> None:
    """Write the trail here, where one range covers all owners, and publish one event."""
    ports.write_audit(w.lines)
    w.lines.clear()
    payload = {
        "verb": rows[0].verb,
        "on": rows[0].on.isoformat(),
        "moved": [list(pair) for out in outcomes for pair in out.moved],
        "absorbed": [[str(a), str(b)] for out in outcomes for a, b in out.absorbed],
    }
    ids = dict.fromkeys(str(pk) for out in outcomes for pk in out.nodes)
    ports.publish_event("org.node.reorganised", list(ids), payload, w.actor)


def overdue(day: date) -> Any:
    """Planned changes whose day has come, the earliest first."""
    return Reorganisation.objects.filter(Q(on__lte=day), state=Reorganisation.State.PLANNED).order_by(
        "on", "created_at", "id"
    )
