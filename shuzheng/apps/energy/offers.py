"""What the scheme's forms are told: facts of the register, the ledger's months, who reports a period."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet
from django.utils.translation import gettext_lazy as _

from shuzheng.apps.energy import roster
from shuzheng.apps.energy.models import COSTS, LEDGER, Member, Month
from shuzheng.base.forms import facts
from shuzheng.base.forms.facts import Fact
from shuzheng.base.forms.offers import keep_ledger, keep_roster
from shuzheng.base.forms.spec import CellType, Value
from shuzheng.base.org.models import Node
from shuzheng.kernel.periods import Period

QUARTERLY, BASIC, DATACENTRE, HEATING = "energy-quarterly", "energy-basic", "energy-datacentre", "energy-heating"
FORMS = (QUARTERLY, BASIC, DATACENTRE, HEATING)


def quarter_of_months(node_id: UUID, period: Period) -> dict[str, Value]:
    """The quarterly form's months from the ledger. A cost is told once all its months are kept: part of it misleads."""
    months = [m.start for m in period.months()]
    rows = {row.month: row for row in Month.objects.filter(node_id=node_id, month__in=months)}
    found: dict[str, Value] = {}
    for name, code in LEDGER.items():
        amounts = [getattr(rows[m], name) if m in rows else None for m in months]
        found |= {f"{code}_m{n}": amount for n, amount in enumerate(amounts, 1) if amount is not None}
        if name in COSTS:
            costs = [getattr(rows[m], f"{name}_cost") if m in rows else None for m in months]
            known = [cost for cost in costs if cost is not None]
            if len(known) == len(months):
                found[f"{code}_cost"] = sum(known, Decimal(0))
    return found


def _organs() -> QuerySet[Any]:
    return Node.objects.annotate(node_id=F("pk"))


def _members() -> QuerySet[Member]:
    return Member.objects.filter(until=None)


facts.offer(
    Fact("organ_name", _("单位名称"), _organs, "name", "", CellType.TEXT),
    Fact("organ_uscc", _("统一社会信用代码"), _organs, "uscc", "", CellType.TEXT),
    Fact("organ_type", _("机构类型"), _organs, "type", "", CellType.TEXT),
    Fact("organ_division", _("所在区划"), _organs, "division__name", "", CellType.TEXT),
    Fact("member_superior", _("主管部门"), _members, "superior__name", "", CellType.TEXT),
    Fact("member_state", _("名录状态"), _members, "state", "", CellType.TEXT),
)
keep_ledger(QUARTERLY, quarter_of_months)
for _form in FORMS:
    keep_roster(_form, roster.asked)
