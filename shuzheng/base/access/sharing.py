"""Sharing across subtrees (domain §9): an owner opens the rows of one business line in its subtree to another organ.

- 无条件共享: the owner offers it to all (no ``to``); whoever asks for it has it at once. Or the owner opens it to one organ.
- 有条件共享: somebody asks, the owner decides.
- 不予共享: the owner's word, with its basis; a request for it is refused at once.

Each step is an action, so it is in both sides' trail. What is shared ends on its day, or when either side ends it. It
takes effect with the receivers' next request (``sz_actor``), for reading only: roles decide what they may do with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from psycopg.types.range import DateRange

from shuzheng.base.access.models import Sharing
from shuzheng.base.accounts.actions import overlap
from shuzheng.base.core import locks
from shuzheng.base.core.action import Write, action
from shuzheng.base.core.actor import Actor
from shuzheng.base.core.registry import LINES
from shuzheng.base.core.scope import SLOTS, Range, merge
from shuzheng.base.org.models import Competence, Node, NodeKind
from shuzheng.kernel.errors import Conflict, Denied, Invalid
from shuzheng.kernel.text import fold

Mode, State = Sharing.Mode, Sharing.State
CLOSED_LINES = frozenset({"audit"})
"""Lines that are never shared: the trail is read by those who supervise."""


def _new(w: Write, owner: Node, line: str, shared: Node, valid: DateRange, purpose: str, **values: Any) -> Sharing:
    if LINES[line].name in CLOSED_LINES:
        raise Invalid.one("line", _("“%s”不能共享。") % _(LINES[line].label), value=line)
    if not Range.subtree(owner.path).covers(Range.subtree(shared.path)):
        raise Invalid.one("shared", _("共享范围应在 %s 之内。") % owner.name)
    if valid.lower is None or (valid.upper is not None and valid.upper <= valid.lower):
        raise Invalid.one("valid", _("有效期的结束日期应晚于开始日期。"))
    if not fold(purpose):
        raise Invalid.one("purpose", _("写明用途或依据。"))
    row = Sharing(
        line=line, shared_path=shared.path, valid=valid, purpose=fold(purpose)[:200], asked_by_id=w.actor.id, **values
    )
    row.own(owner)
    return row


def _check_receiver(to: Node, owner: Node) -> None:
    if to.kind != NodeKind.ORGAN:
        raise Invalid.one("to", _("只能共享给机关单位。"))
    if to.pk == owner.pk:
        raise Invalid.one("to", _("不必共享给本单位。"))


def _check_sees(actor: Actor, line: str, path: str) -> None:
    """Nobody opens what they don't see themselves: a leader for vehicles does not share the energy readings."""
    asked = Range.subtree(path)
    if not any(r.covers(asked) for r in actor.scope.ranges(line)):
        raise Denied(_("此范围的“%s”不归您主管，不能共享。") % _(LINES[line].label), code="access.sharing.decide")


def check_fits(to: Node, line: str, path: str, valid: DateRange) -> None:
    """That the receiver can hold one more range of ``line`` at any time in ``valid``. Holds a lock on the receiver.

    Raises:
        Invalid: with more than ``SLOTS`` ranges at once the receiver could not act any more.
    """
    locks.hold(f"access.sharing:{to.pk}")
    competence = Competence.objects.filter(organ=to, line=line, valid__overlap=valid).values_list("path", flat=True)
    shared = Sharing.objects.filter(to=to, line=line, state=State.ACTIVE, valid__overlap=valid).exclude(mode=Mode.NONE)
    paths = [to.path, path, *competence, *shared.values_list("shared_path", flat=True)]
    if len(merge([Range.subtree(p) for p in paths])) > SLOTS:
        raise Invalid(
            _("%(to)s 的“%(line)s”已有 %(n)d 段可见范围，再共享就无法同时生效。先终止一项共享。")
            % {"to": to.name, "line": _(LINES[line].label), "n": SLOTS}
        )


@action("access.sharing.offer", permission="access.sharing.decide", event="access.sharing.changed", handover=True)
def offer(
    w: Write, owners: Sequence[Node], *, line: str, shared: Node, mode: str, valid: DateRange, purpose: str,
    to: Node | None = None,
) -> Sequence[Sharing]:  # fmt: skip
    """The owner's word on how a line of its subtree is shared; with ``to``, opened to that organ at once.

    Raises:
        Denied: the actor does not decide for the owner, or does not see the line there.
        Invalid: the range, the receiver or the mode can't be.
    """
    rows = []
    for owner in owners:
        if mode not in Mode.values or (to is not None and mode == Mode.NONE):
            raise Invalid.one("mode", _("不予共享不能指定单位。"), value=mode)
        row = _new(w, owner, line, shared, valid, purpose, mode=mode, to=to, state=State.ACTIVE)
        _check_sees(w.actor, line, shared.path)
        if to is not None:
            _check_receiver(to, owner)
            check_fits(to, line, shared.path, valid)
        row.decided_by_id, row.decided_at = w.actor.id, timezone.now()
        rows.append(row)
    w.create(*rows)
    return rows


def _catalogue(line: str, path: str, valid: DateRange) -> list[Sharing]:
    """What owners said of a line and range, for all, the nearest owner first."""
    said = Sharing.objects.filter(line=line, to=None, state=State.ACTIVE, valid__overlap=valid)
    covering = [s for s in said if Range.subtree(s.shared_path).covers(Range.subtree(path))]
    return sorted(covering, key=lambda s: len(s.shared_path), reverse=True)


@action("access.sharing.ask", permission="", event="access.sharing.changed", handover=True)
def ask(
    w: Write, owners: Sequence[Node], *, line: str, shared: Node, valid: DateRange, purpose: str
) -> Sequence[Sharing]:
    """Ask owners for a line of theirs, for one's own organ. What is offered to all is active at once.

    Raises:
        Denied: without the right to ask in one's own organ.
        Invalid: the owner has said that it is not shared (with the basis), or it is asked for already.
    """
    w.actor.require("access.sharing.ask", w.actor.organ_path)
    to = Node.objects.get(pk=w.actor.organ_id)
    rows = []
    for owner in owners:
        _check_receiver(to, owner)
        row = _new(w, owner, line, shared, valid, purpose, mode=Mode.ON_REQUEST, to=to, state=State.ASKED)
        open_ones = Sharing.objects.filter(
            to=to, line=line, shared_path=shared.path, state__in=[State.ASKED, State.ACTIVE]
        )
        if any(overlap(other.valid, valid) for other in open_ones):
            raise Invalid.one("shared", _("已申请或已共享，不必重复申请。"))
        said = next(iter(_catalogue(line, shared.path, valid)), None)
        if said is not None and said.mode == Mode.NONE:
            raise Invalid.one(
                "shared", _("%(owner)s 不予共享。依据：%(basis)s") % {"owner": said.node, "basis": said.purpose}
            )
        if said is not None and said.mode == Mode.UNCONDITIONAL:
            check_fits(to, line, shared.path, valid)
            row.mode, row.state, row.decided_at = Mode.UNCONDITIONAL, State.ACTIVE, timezone.now()
            row.decided_by_id = said.decided_by_id
        rows.append(row)
    w.create(*rows)
    return rows


@action("access.sharing.decide", event="access.sharing.changed", handover=True)
def decide(w: Write, rows: Sequence[Sharing], *, verdict: str, opinion: str = "") -> Sequence[Sharing]:
    """Answer requests as the owner: ``"approve"`` or ``"refuse"``.

    Raises:
        Conflict: a request is answered already.
        Denied: the decider asked for it, or does not see the line there.
        Invalid: the receiver has no room for it.
    """
    if verdict not in ("approve", "refuse"):
        raise Invalid.one("verdict", _("只能批准或驳回。"), value=verdict)
    if verdict == "refuse" and not fold(opinion):
        raise Invalid.one("opinion", _("写明驳回理由。"))
    locks.hold(*(f"access.sharing:{row.to_id}" for row in rows))
    fresh = dict(Sharing.objects.filter(pk__in=[r.pk for r in rows]).values_list("pk", "state"))
    for row in rows:
        if fresh.get(row.pk, row.state) != State.ASKED:
            raise Conflict(_("此申请已办理。"))
        if row.asked_by is not None and row.asked_by.person_id == w.actor.person_id:
            raise Denied(_("不能审批自己提出的申请。"), code="access.sharing.decide")
        if verdict == "approve":
            _check_sees(w.actor, row.line, row.shared_path)
            if row.to is not None:
                check_fits(row.to, row.line, row.shared_path, row.valid)
        w.change(
            row,
            state=State.ACTIVE if verdict == "approve" else State.REFUSED,
            decided_by_id=w.actor.id,
            decided_at=timezone.now(),
            opinion=fold(opinion)[:200],
        )
    return rows


@action("access.sharing.end", permission="", event="access.sharing.changed", handover=True)
def end(w: Write, rows: Sequence[Sharing]) -> Sequence[Sharing]:
    """End sharings, or take a request back: the owner, the receiver, or an authority above either. Callers give a ``reason``.

    Raises:
        Denied: the actor is none of them.
        Conflict: it has ended, or was refused.
    """
    if not fold(w.reason):
        raise Invalid.one("reason", _("写明终止理由。"))
    for row in rows:
        sides = [row.path, row.to.path] if row.to is not None else [row.path]
        if not any(w.actor.may("access.sharing.end", path) for path in sides):
            w.actor.require("access.sharing.end", row.path)
        if row.state not in (State.ASKED, State.ACTIVE):
            raise Conflict(_("此项共享%s。") % row.get_state_display())
        w.change(row, state=State.ENDED, opinion=fold(w.reason)[:200], decided_at=timezone.now())
    return rows
