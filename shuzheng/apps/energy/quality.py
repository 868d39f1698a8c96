"""What of a round's numbers deserves a second look: findings of the checks, and what only a look at many can tell.

Everything is asked of the database as a set. Outliers by the modified z-score (Iglewicz and Hoaglin 1993), 0.6745·|x − median|
/ MAD, among institutions of the same kind; the limit is a rule (OUTLIER-Z).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import (
    Aggregate,
    Case,
    Count,
    DecimalField,
    F,
    FloatField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)  # fmt: skip
from django.db.models.functions import Abs, Cast
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shuzheng.apps.energy.models import LEDGER, Month
from shuzheng.base.core.scope import Range
from shuzheng.base.forms.models import Cell, Explanation, Round, Submission
from shuzheng.base.org.models import Node
from shuzheng.base.standards import resolve
from shuzheng.kernel.periods import Period

REPORTED = (Submission.State.SUBMITTED, Submission.State.APPROVED)
FEWEST = 8
"""Fewer of a kind are no crowd to stand out from."""
MOST = 200
"""Findings of one sort that a page lists; their number is always told in full."""
OUTLYING = {"per_area": gettext_lazy("单位建筑面积能耗"), "per_head": gettext_lazy("人均综合能耗"),
            "water_per_head": gettext_lazy("人均用水量")}  # fmt: skip


class Median(Aggregate):
    """The median, as PostgreSQL counts it: between two middle values their mean."""

    function = "percentile_cont"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = FloatField()


@dataclass(frozen=True)
class Finding:
    """A number to look at: where it stands, what is odd about it, and how odd."""

    submission: Any
    name: str
    path: str
    cell: str
    value: Decimal | None
    said: str


@dataclass(frozen=True)
class Sort:
    """A sort of finding: how many there are, and the first of them."""

    code: str
    label: str
    tone: str
    count: int
    rows: Sequence[Finding]


def below(round_: Round, division: Node) -> Q:
    span = Range.subtree(division.path)
    return Q(round=round_, path__gte=span.lo, path__lt=span.hi)


def sorts(round_: Round, division: Node) -> list[Sort]:
    """Every sort of finding of a round in a division, also those with none."""
    return [
        errors(round_, division),
        unexplained(round_, division),
        explained(round_, division),
        outliers(round_, division),
        copied(round_, division),
        off_ledger(round_, division),
    ]


def _submissions(rows: QuerySet[Submission], said: str, count: str) -> list[Finding]:
    found = rows.select_related("node").order_by(f"-{count}", "path")[:MOST]
    return [Finding(r.pk, r.node.name, r.path, "", None, said % {"n": getattr(r, count)}) for r in found]


def errors(round_: Round, division: Node) -> Sort:
    """Errors that keep drafts and returned forms from being handed in."""
    rows = Submission.objects.filter(below(round_, division), errors__gt=0)
    return Sort("errors", _("有错误，不能提交"), "over", rows.count(), _submissions(rows, _("%(n)d 处错误"), "errors"))


def unexplained(round_: Round, division: Node) -> Sort:
    rows = Submission.objects.filter(below(round_, division), unexplained__gt=0)
    found = _submissions(rows, _("%(n)d 处待说明"), "unexplained")
    return Sort("unexplained", _("预警未写说明"), "warn", rows.count(), found)


def explained(round_: Round, division: Node) -> Sort:
    """Warnings that passed with a reason: for spot checks."""
    span = Range.subtree(division.path)
    rows = Explanation.objects.filter(submission__round=round_, path__gte=span.lo, path__lt=span.hi)
    listed = rows.select_related("submission__node").order_by("path", "check_code")[:MOST]
    found = [
        Finding(r.submission_id, r.submission.node.name, r.path, "", None, r.text) for r in listed
    ]  # fmt: skip
    return Sort("explained", _("预警已写说明"), "info", rows.count(), found)


def outliers(round_: Round, division: Node) -> Sort:
    """Ratios far from those of other institutions of the same kind."""
    limit = resolve.rule("OUTLIER-Z", Period.parse(round_.period).end, division.path).value
    count, found = 0, []
    for code, label in OUTLYING.items():
        for row, middle, score in _far(round_, division, code, float(limit)):
            count += 1
            if len(found) < MOST:
                said = _("%(label)s是同类机构中位数 %(middle)s 的 %(times)s 倍，Z 分数 %(score)s") % {
                    "label": label, "middle": f"{middle:,.2f}", "score": f"{score:.1f}",
                    "times": f"{float(row.value) / middle:.1f}" if middle else "—",
                }  # fmt: skip
                found.append(Finding(row.submission_id, row.submission.node.name, row.path, code, row.value, said))
    return Sort("outliers", _("明显偏离同类"), "warn", count, found)


def _far(round_: Round, division: Node, code: str, limit: float) -> Iterator[tuple[Cell, float, float]]:
    """Cells beyond ``limit``, the farthest first, with the median of their kind and their score."""
    cells = Cell.objects.filter(
        below(round_, division), code=code, value__isnull=False, submission__state__in=REPORTED
    ).annotate(kind=F("submission__node__type"), number=Cast("value", FloatField()))
    middles = _medians(cells, F("number"))
    spread = cells.annotate(off=Abs(F("number") - _by_kind(middles)))
    mads = {kind: mad for kind, mad in _medians(spread.filter(kind__in=middles), F("off")).items() if mad}
    if not mads:
        return
    scored = spread.filter(kind__in=mads).annotate(score=F("off") * Value(0.6745) / _by_kind(mads))
    for row in scored.filter(score__gt=limit).select_related("submission__node").order_by("-score", "path"):
        yield row, middles[row.kind], row.score


def _medians(rows: QuerySet[Cell], of: Any) -> dict[str, float]:
    found = rows.order_by().values_list("kind").annotate(middle=Median(of), n=Count("pk"))
    return {kind: middle for kind, middle, n in found if n >= FEWEST}


def _by_kind(values: Mapping[str, float]) -> Case:
    whens = [When(kind=kind, then=Value(value)) for kind, value in values.items()]
    return Case(*whens, default=Value(0.0), output_field=FloatField())


def copied(round_: Round, division: Node) -> Sort:
    """Electricity that is the same in all three months to the last digit: meters don't do that."""
    months = {code: _cell(round_, code) for code in ("e01_m2", "e01_m3")}
    rows = (
        Cell.objects.filter(below(round_, division), code="e01_m1", value__gt=0, submission__state__in=REPORTED)
        .annotate(**months)
        .filter(e01_m2=F("value"), e01_m3=F("value"))
    )
    listed = rows.select_related("submission__node").order_by("path")[:MOST]
    found = [
        Finding(r.submission_id, r.submission.node.name, r.path, "e01_m1", r.value, _("三个月用电完全相同"))
        for r in listed
    ]  # fmt: skip
    return Sort("copied", _("各月数相同"), "warn", rows.count(), found)


def _cell(round_: Round, code: str) -> Any:
    rows = Cell.objects.filter(round=round_, code=code, submission=OuterRef("submission_id"))
    return Subquery(rows.values("value")[:1], output_field=DecimalField(max_digits=24, decimal_places=6))


def off_ledger(round_: Round, division: Node) -> Sort:
    """Reported quarters that differ from the months of the ledger, where all three are kept."""
    months = [m.start for m in Period.parse(round_.period).months()]
    span = Range.subtree(division.path)
    kept = Month.objects.filter(month__in=months, path__gte=span.lo, path__lt=span.hi)
    names = list(LEDGER)
    sums: dict[Any, list[Mapping[str, Any]]] = {}
    for row in kept.values("node_id", *names):
        sums.setdefault(row["node_id"], []).append(row)
    whole = {
        (node, f"{LEDGER[name]}_q"): sum((r[name] for r in rows), Decimal(0))
        for node, rows in sums.items()
        if len(rows) == len(months)
        for name in names
        if all(r[name] is not None for r in rows)
    }
    cells = Cell.objects.filter(
        below(round_, division), code__in={code for _node, code in whole}, submission__state__in=REPORTED,
        submission__node__in={node for node, _code in whole},
    ).select_related("submission__node").order_by("path", "code")  # fmt: skip
    found = []
    for row in cells:
        ledger = whole.get((row.submission.node_id, row.code))
        if ledger is not None and row.value is not None and row.value != ledger:
            label = Month._meta.get_field(_FIELD[row.code]).verbose_name
            said = _("%(label)s台账合计 %(ledger)s") % {"label": label, "ledger": f"{ledger:,f}"}
            found.append(Finding(row.submission_id, row.submission.node.name, row.path, row.code, row.value, said))
    return Sort("off_ledger", _("与台账不一致"), "warn", len(found), found[:MOST])


_FIELD = {f"{row}_q": name for name, row in LEDGER.items()}
