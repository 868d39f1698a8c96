"""Verbs of definitions: drafting, importing, publishing, retiring. An edition that was published never changes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from shuzheng.base.core.action import Write, action
from shuzheng.base.flows import calling, checking, library, trials
from shuzheng.base.flows.bpmn.reading import look
from shuzheng.base.flows.bpmn.words import Outline
from shuzheng.base.flows.models import Definition
from shuzheng.base.flows.who import fault_of
from shuzheng.base.org.places import division_path
from shuzheng.kernel.errors import FieldFault, Invalid
from shuzheng.kernel.findings import Finding, Severity

State = Definition.State


def digest_of(bpmn: str, tables: Mapping[str, str]) -> str:
    """Of what a definition says; two with the same digest are the same."""
    return hashlib.sha256(json.dumps([bpmn, dict(tables)], sort_keys=True).encode()).hexdigest()


def take_over(row: Definition, bpmn: str, tables: Mapping[str, str]) -> Outline:
    """Put a text into a definition, with what is read from it. What is not finished yet is kept, too.

    Raises:
        Invalid: an element is not supported, each with its place; or it is no BPMN.
    """
    outline, _unfinished = look(bpmn, tables)
    row.bpmn, row.tables, row.digest = bpmn, dict(tables), digest_of(bpmn, tables)
    row.calls = sorted({call.code for call in outline.calls.values()})
    row.name, row.name_en, row.group = outline.name[:80], outline.name_en[:80], outline.group[:40]
    row.about, row.basis, row.confidence = outline.about[:300], outline.basis[:300], outline.confidence
    return outline


@action("flows.definition.save")
def save_definitions(
    w: Write, rows: Sequence[Definition], *, bpmn: str, tables: Mapping[str, str] | None = None
) -> list[Definition]:
    """Keep a draft: a new one (the caller has set owner and code), or the present one of a definition.

    A published edition is not changed: its draft, the next edition, is made or changed in its place.

    Raises:
        Invalid: see ``take_over``; or the text has another code, by which requests and delegations are kept.
    """
    saved = []
    for given in rows:
        row = given
        if not row._state.adding and row.state != State.DRAFT:
            row = _draft_of(row)
        fresh = Definition()
        outline = take_over(fresh, bpmn, tables or {})
        if not given._state.adding and outline.code[:40] != row.code:
            raise Invalid.one("code", _("流程的代码“%(code)s”不能改。") % {"code": row.code})
        values = {
            name: getattr(fresh, name)
            for name in (
                "bpmn",
                "tables",
                "digest",
                "calls",
                "name",
                "name_en",
                "group",
                "about",
                "basis",
                "confidence",
            )
        }
        if row._state.adding:
            for name, value in values.items():
                setattr(row, name, value)
            row.trials = row.trials or _trials_before(row)
            row.code, row.audience = row.code or outline.code[:40], row.path  # a draft is its owner's alone
            w.create(row)
        else:
            w.change(row, **values)
        saved.append(row)
    return saved


def _draft_of(row: Definition) -> Definition:
    draft = Definition.objects.filter(node_id=row.node_id, code=row.code, state=State.DRAFT).first()
    if draft is not None:
        return draft
    last = Definition.objects.filter(node_id=row.node_id, code=row.code).order_by("-edition").values("edition")[0]
    draft = Definition(code=row.code, edition=last["edition"] + 1)
    draft.node_id, draft.path = row.node_id, row.path
    return draft


def _trials_before(row: Definition) -> list[dict[str, Any]]:
    """The test cases of the edition before this one."""
    before = Definition.objects.filter(node_id=row.node_id, code=row.code, edition__lt=row.edition)
    last = before.order_by("-edition").only("trials").first()
    return list(last.trials) if last is not None else []


@action("flows.definition.publish", event="flows.definition.published")
def publish(w: Write, rows: Sequence[Definition]) -> Sequence[Definition]:
    """Let drafts be used from now on, in the owner's division and below; the edition before is retired, its cases go on by it.

    Raises:
        Invalid: it cannot be run, a step names nobody who could do it, the standard in force does not allow it, or it is no
            draft.
    """
    for row in rows:
        if row.state != State.DRAFT:
            raise Invalid(_("“%(name)s”不是草稿。") % {"name": row.name})
        if faults := faults_of(row):
            raise Invalid(_("流程里有 %(n)d 处不能用。") % {"n": len(faults)}, faults)
        calling.process_of(row)
        before = Definition.objects.filter(node_id=row.node_id, code=row.code, state=State.PUBLISHED)
        for old in before:
            w.change(old, state=State.RETIRED)
        values = {
            "state": State.PUBLISHED, "published_at": timezone.now(), "audience": division_path(row.path),
            "standard": library.holding(row),
        }  # fmt: skip
        if row._state.adding:
            for name, value in values.items():
                setattr(row, name, value)
            w.create(row)
        else:
            w.change(row, **values)
    return rows


def faults_of(row: Definition) -> list[FieldFault]:
    """What keeps a definition from being published."""
    return examined(row)[0]


def examined(row: Definition) -> tuple[list[FieldFault], list[Finding]]:
    """What keeps a definition from being published, and what may be published but is hardly as meant.

    What cannot be run, steps whose people cannot be found, and, once all can be read, how the process would run astray.
    """
    outline, faults = look(row.bpmn, row.tables)
    for step in outline.steps.values():
        where = {"name": step.name, "id": step.element}
        if not step.who:
            faults.append(FieldFault(step.element, _("“%(name)s”（%(id)s）没有写由谁办。") % where, row=step.line))
        for rule in (*step.who, *step.cc):
            if why := fault_of(rule, outline):
                faults.append(
                    FieldFault(step.element, _("“%(name)s”（%(id)s）：%(why)s") % {**where, "why": why}, row=step.line)
                )
    faults += calling.faults(row, outline)
    found = [] if faults else checking.findings(row, outline)
    if not faults and row.state == State.DRAFT and (standard := library.holding(row)) is not None:
        faults += library.faults_against(standard, row)
    faults += [FieldFault(f.place.id, str(f), row=f.place.line) for f in found if f.severity == Severity.ERROR]
    if not faults and row.state == State.DRAFT:
        faults += calling.breaks(row)
    if not faults and row.state == State.DRAFT and outline.tests == "refuse":
        faults += trials.failing(row)
    return faults, [f for f in found if f.severity == Severity.WARNING]


@action("flows.definition.retire")
def retire(w: Write, rows: Sequence[Definition]) -> Sequence[Definition]:
    """Let nobody start it any more; cases in progress go on."""
    for row in rows:
        if row.state != State.PUBLISHED:
            raise Invalid(_("“%(name)s”没有发布。") % {"name": row.name})
        if names := calling.needed(row):
            raise Invalid(_("这些流程在调用它，不能停用：%(names)s。") % {"names": "、".join(names)})
        w.change(row, state=State.RETIRED)
    return rows


@action("flows.definition.discard", permission="flows.definition.save")
def discard(w: Write, rows: Sequence[Definition]) -> Sequence[Definition]:
    """Delete drafts."""
    for row in rows:
        if row.state != State.DRAFT:
            raise Invalid(_("“%(name)s”不是草稿。") % {"name": row.name})
        w.delete(row)
    return rows
