"""From a number to what it is made of: submissions, their cells as they stand, and who approved them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from shuzheng.base.audit.models import Entry
from shuzheng.base.core.scope import Scope
from shuzheng.base.forms.models import Cell, Round, Submission
from shuzheng.base.forms.spec import FormSpec, load
from shuzheng.base.portal.formats import in_language
from shuzheng.base.stats import engines, own
from shuzheng.base.stats import lake as lakes
from shuzheng.base.stats import plan as plans
from shuzheng.base.stats.asking import ask, values_of
from shuzheng.base.stats.question import NOW, Origin, Question
from shuzheng.kernel.errors import Invalid

MOST = 200


def drill(question: Question, cell: Mapping[str, str], *, scope: Scope, limit: int = 50) -> list[Origin]:
    """The submissions behind a number, those that add most first.

    Args:
        question: the one that was answered; its first indicator is looked into.
        cell: the row's keys by dimension (``{"province": "33/", "month": "202607"}``); none for the total.

    What is shown is read from PostgreSQL under ``scope``, so it is what the submissions hold now.

    Raises:
        Invalid: the number is hidden, as it stands for too few institutions.
    """
    where = {**question.where, **{name: (key,) for name, key in cell.items()}}
    if question.minimum:
        [*rows] = ask(question, scope=scope).rows
        hidden = [r for r in rows if r.suppressed and dict(zip(question.by, r.keys, strict=True)) == dict(cell)]
        if hidden or not cell:
            raise Invalid(_("这个数涉及的机构太少，不能下钻。"))
    inner = replace(question, indicators=question.indicators[:1], by=(), where=where, minimum=0, order="", limit=0)
    lake = lakes.current()
    manifest = lake.manifest()
    plan = plans.make(inner, own.find_all(inner.indicators, scope), manifest)
    if not plan.files or not manifest.nodes:
        return []
    engine = engines.current()
    facts = plans.facts(plan, lake, manifest, engine, scope)
    tree = engine.table(lake, [manifest.nodes[NOW].path]).select(its_key="key", node_id="id")
    sums = {
        column: (part.value(facts) if part.value else facts.value).sum(where=part.where(facts))
        for column, (_i, _n, part) in plan.sums.items()
    }
    grouped = facts.group_by(facts.node, facts.round).aggregate(**sums)
    first = next(iter(plan.sums))
    found = grouped.inner_join(tree, grouped.node == tree.its_key)
    top = engine.run(found.order_by([found[first].desc(), found.node_id]).limit(min(limit, MOST))).to_pylist()
    codes = _codes(plan, lake, manifest, engine, scope)
    values = {(UUID(r["round"]), UUID(r["node_id"])): _own_value(plan, r) for r in top}
    with scope.activate():
        return _origins(values, codes)


def _own_value(plan: plans.Plan, row: Mapping[str, Decimal | None]) -> Decimal | None:
    """What one submission adds; of a ratio, its own value."""
    return values_of(plan, row, 1)[0]


def _codes(
    plan: plans.Plan, lake: lakes.Lake, manifest: lakes.Manifest, engine: engines.Engine, scope: Scope
) -> set[str]:
    facts = plans.facts(plan, lake, manifest, engine, scope)
    return {r["code"] for r in engine.run(facts.select("code").distinct()).to_pylist()}


def _origins(values: Mapping[tuple[UUID, UUID], Decimal | None], codes: set[str]) -> list[Origin]:
    rounds = {r.pk: r for r in Round.objects.select_related("definition").filter(pk__in={k[0] for k in values})}
    submissions = {
        (s.round_id, s.node_id): s
        for s in Submission.objects.select_related("node").filter(round__in=rounds, node__in={k[1] for k in values})
    }
    cells: dict[UUID, list[Cell]] = {}
    for cell in Cell.objects.filter(
        submission__in=[s.pk for s in submissions.values()], code__in=codes, value__isnull=False
    ).order_by("code"):
        cells.setdefault(cell.submission_id, []).append(cell)
    approvals: dict[str, Entry] = {}
    for entry in Entry.objects.filter(
        action="forms.submission.approve", object_id__in=[str(s.pk) for s in submissions.values()]
    ).order_by("at"):
        approvals[entry.object_id] = entry
    found = []
    for key, value in values.items():
        submission = submissions.get(key)
        if submission is None:
            continue
        spec = load(rounds[key[0]].definition.spec)
        entry = approvals.get(str(submission.pk))
        found.append(
            Origin(
                submission.pk, submission.node_id, submission.node.name, submission.path, key[0],
                rounds[key[0]].period, submission.state, submission.approved_tier, value,
                tuple(
                    (c.code, _name(spec, c.code), c.value, c.get_source_display())
                    for c in cells.get(submission.pk, ()) if c.value is not None
                ),
                reverse("forms:entry", args=[submission.pk]),
                entry.actor_name if entry else "",
                entry.at if entry else None,
            )
        )  # fmt: skip
    return found


def _name(spec: FormSpec, code: str) -> str:
    cell = spec.cells.get(code)
    return in_language(cell.name, cell.name_en) if cell else code
