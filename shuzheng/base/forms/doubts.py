"""Doubts about numbers: found every working day by checks and history, or marked by hand; talked over, and settled.

What is handed in has passed its checks. It may fail them later: a rule got stricter, a register or another form was
corrected. And no check of one form sees that a number is unlike all the ones before. So rounds in progress are looked at
again as sets (``setcheck``), and the authority of each division hears of what is new in it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from shuzheng.base.core.action import Write, action
from shuzheng.base.core.bulk import insert_many
from shuzheng.base.core.locks import hold
from shuzheng.base.core.scope import ancestors
from shuzheng.base.forms import names, setcheck
from shuzheng.base.forms.models import Cell, Doubt, Explanation, Round, Submission
from shuzheng.base.forms.spec import FormSpec, load
from shuzheng.base.portal import formats
from shuzheng.kernel.errors import Conflict, Invalid, Missing

MOST = 20_000
"""Doubts that one look at one round notes: a check that fails for more is a fault of the check."""
MOST_SAID = 50
"""Remarks about one number."""
TEXT = 300
Key = tuple[UUID, str, str, str]
"""Submission, cell, sort and check: what tells one doubt from another."""


@dataclass(frozen=True)
class Suspect:
    """What a look at a round finds about one number."""

    submission_id: UUID
    code: str
    sort: str
    check_code: str = ""
    value: Decimal | None = None
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> Key:
        return self.submission_id, self.code, self.sort, self.check_code


def look(round_: Round) -> Iterator[Suspect]:
    """Everything about a round that deserves a second look now, within the scope that is open.

    A warning that was explained is none, nor is a number far from the usual whose warning was explained.
    """
    spec = load(round_.definition.spec)
    reasons = Explanation.objects.filter(submission__round=round_).values_list("submission_id", "check_code")
    explained = set(reasons.iterator())
    known = {(owner, cell) for owner, code in explained if (cell := _cell_of(spec, code))}
    for found in setcheck.findings(round_, ""):
        code = f"{found.check.code}.{found.row}" if found.row else found.check.code
        if (found.submission_id, code) not in explained:
            yield Suspect(found.submission_id, found.cell, Doubt.Sort.CHECK, code)
    for odd in setcheck.outliers(round_, "", _compared(spec)):
        if (odd.submission_id, odd.code) not in known:
            yield Suspect(odd.submission_id, odd.code, Doubt.Sort.OUTLIER, value=odd.value, facts=_facts(odd))


def _compared(spec: FormSpec) -> list[str]:
    """Numbers that are compared with earlier periods: totals, costs and fields; of months only their total, as seasons differ."""
    cells = [c for c in spec.cells.values() if c.is_number and c.additive]
    return [c.code for c in cells if (column := spec.column_of(c)) is None or column.kind != "month"]


def _cell_of(spec: FormSpec, check: str) -> str:
    return next((c.cell for c in spec.checks if c.code == check and not c.line), "")


def _facts(odd: setcheck.Outlier) -> dict[str, str]:
    facts = {"n": str(odd.periods), "mean": f"{odd.mean:.6f}", "least": f"{odd.least:f}", "most": f"{odd.most:f}"}
    scores = {"z": odd.z, "modified": odd.modified_z}
    return facts | {name: f"{score:.1f}" for name, score in scores.items() if score is not None}


@action("forms.doubt.find", system_only=True, event="forms.doubt.found")
def find(w: Write, rounds: Sequence[Round]) -> Sequence[Round]:
    """Bring the doubts of rounds in line with what a look finds now. The event's payload says how many are new, by division.

    Found again they stay as they are, so nobody hears twice of the same; with another number they are open again. What is
    found no more is over.
    """
    news: dict[str, int] = defaultdict(int)
    for round_ in rounds:
        hold(f"forms.check:{round_.pk}")  # a reviewer may ask for a look while the daily one runs
        held = {(d.submission_id, d.code, d.sort, d.check_code): d for d in _found_before(round_)}
        suspects = _with_values(round_, look(round_))
        fresh, again = [], []
        for item in suspects:
            row = held.pop(item.key, None)
            if row is None:
                fresh.append(item)
            elif row.state == Doubt.State.OVER or row.value != item.value:
                again.append((row, item))
        rows = _made(round_, fresh)
        for row, item in again:
            w.change(row, state=Doubt.State.OPEN, value=item.value, facts=dict(item.facts))
        over = [] if len(suspects) == MOST else [d.pk for d in held.values() if d.state == Doubt.State.OPEN]
        Doubt.objects.filter(pk__in=over).update(
            state=Doubt.State.OVER, version=F("version") + 1, updated_at=timezone.now()
        )
        if rows or again or over:
            w.note(round_, after={"found": len(rows) + len(again), "over": len(over)})
        for path in (*(r.path for r in rows), *(r.path for r, _item in again)):
            news[ancestors(path)[-1]] += 1
        if news:
            w.payload.setdefault("found", {})[str(round_.pk)] = dict(news)
            news.clear()
    return []


def _found_before(round_: Round) -> list[Doubt]:
    return list(Doubt.objects.filter(round=round_).exclude(sort=Doubt.Sort.FLAG))


def _with_values(round_: Round, found: Iterator[Suspect]) -> list[Suspect]:
    """At most ``MOST``, each with the number that its cell holds."""
    listed: dict[Key, Suspect] = {}
    for item in found:
        listed[item.key] = item
        if len(listed) == MOST:
            break
    cells = Cell.objects.filter(
        round=round_, submission_id__in={s.submission_id for s in listed.values()}, code__in={s.code for s in listed.values()}
    )  # fmt: skip
    values = {(owner, code): value for owner, code, value in cells.values_list("submission_id", "code", "value")}
    return [
        Suspect(s.submission_id, s.code, s.sort, s.check_code, values.get((s.submission_id, s.code)), s.facts)
        for s in listed.values()
    ]


def _made(round_: Round, found: Sequence[Suspect]) -> list[Doubt]:
    owners = {s.pk: s for s in Submission.objects.filter(pk__in={f.submission_id for f in found})}
    rows = []
    for item in found:
        owner = owners[item.submission_id]
        row = Doubt(
            round=round_, submission=owner, code=item.code, sort=item.sort, check_code=item.check_code, value=item.value,
            facts=dict(item.facts),
        )  # fmt: skip
        row.node_id, row.path = owner.node_id, owner.path
        rows.append(row)
    insert_many(rows)
    return rows


@action("forms.doubt.flag", handover=True, event="forms.doubt.remarked")
def flag(w: Write, submissions: Sequence[Submission], *, code: str, text: str) -> list[Doubt]:
    """Mark one cell of submissions for following up, with a word why; on a cell that is marked already, say more about it.

    The event's payload says which remark is the new one.

    Raises:
        Missing: the form has no such cell.
        Invalid: without a word.
    """
    rows = []
    for submission in submissions:
        found = load(submission.round.definition.spec).find(code)
        if found is None:
            raise Missing(_("报表里没有这一格。"))
        cell = submission.cells.filter(code=code).first()
        held = Doubt.objects.select_for_update(no_key=True).filter(
            submission=submission, code=code, sort=Doubt.Sort.FLAG
        ).first()  # fmt: skip
        row = held or Doubt(round_id=submission.round_id, submission=submission, code=code, sort=Doubt.Sort.FLAG)
        values = {"state": Doubt.State.OPEN, "value": cell.value if cell else None, "thread": _said(w, row, text)}
        if held is None:
            row.node_id, row.path = submission.node_id, submission.path
            for name, value in values.items():
                setattr(row, name, value)
            w.create(row)
        else:
            w.change(row, **values)
        rows.append(row)
        w.payload[str(row.pk)] = len(row.thread) - 1
    return rows


@action("forms.doubt.remark", permission="forms.doubt.flag", handover=True, event="forms.doubt.remarked")
def remark(w: Write, doubts: Sequence[Doubt], *, text: str) -> Sequence[Doubt]:
    """Say something about doubts: a question of the tier above, an answer of the institution.

    Raises:
        Invalid: without a word.
    """
    for row in _locked(doubts):
        w.change(row, thread=_said(w, row, text))
        w.payload[str(row.pk)] = len(row.thread) - 1
    return doubts


@action("forms.doubt.settle", handover=True)
def settle(w: Write, doubts: Sequence[Doubt], *, note: str) -> Sequence[Doubt]:
    """Close doubts with what was found out. They open again only when the number changes.

    Raises:
        Denied: the right does not hold for the division, only for an organ in it.
        Invalid: without a word of what was found out.
        Conflict: one is closed already.
    """
    w.actor.require("forms.doubt.settle", w.actor.division)
    if not note.strip():
        raise Invalid.one("note", _("写一句核实的结论。"))
    for row in _locked(doubts):
        if row.state != Doubt.State.OPEN:
            raise Conflict(_("这条疑点已经核实或消除。"), current={"state": row.state})
        w.change(
            row, state=Doubt.State.SETTLED, settled_by=w.actor.name, settled_at=timezone.now(),
            settled_note=note.strip()[:TEXT],
        )  # fmt: skip
    return doubts


def _locked(doubts: Sequence[Doubt]) -> list[Doubt]:
    """The rows as they are now, held until the transaction ends: two remarks at once are both kept."""
    ids = [d.pk for d in doubts]
    return list(Doubt.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk"))


def _said(w: Write, row: Doubt, text: str) -> list[dict[str, Any]]:
    words = text.strip()[:TEXT]
    if not words:
        raise Invalid.one("text", _("写一句话再提交。"))
    if len(row.thread) >= MOST_SAID:
        raise Invalid.one("text", _("这一格的留言太多了，请当面核实后结论。"))
    at = timezone.now().isoformat()
    return [*row.thread, {"by": w.actor.name, "organ": w.actor.organ_name, "at": at, "text": words}]


def reason(spec: FormSpec, row: Doubt, places: int) -> str:
    """Why a number is doubted, in the reader's words."""
    if row.sort == Doubt.Sort.CHECK:
        code = row.check_code.rpartition(".")[0] if spec.place(row.code) else row.check_code
        check = next((c for c in spec.checks if c.code == code), None)
        return names.message(check) if check else row.check_code
    if row.sort == Doubt.Sort.OUTLIER:
        mean, least, most = (formats.number(Decimal(row.facts[key]), places) for key in ("mean", "least", "most"))
        said = _("前 %(n)s 期在 %(least)s 到 %(most)s 之间，平均 %(mean)s") % {
            "n": row.facts["n"], "least": least, "most": most, "mean": mean,
        }  # fmt: skip
        score = row.facts.get("z")
        return said + (_("，Z 分数 %(z)s") % {"z": score} if score else "")
    return str(row.thread[0]["text"]) if row.thread else ""


__all__ = ["Suspect", "find", "flag", "look", "reason", "remark", "settle"]
