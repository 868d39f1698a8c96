"""The library of standard processes (业务流程规范): definitions that say how sure they are, whose they are, and what adopters may do.

A standard is a definition like any other, usable at once below its issuer. A node that wants its own takes it over as a draft;
what it publishes under the same code is held to the standard then in force for it (``comparing``), and remembers which edition
that was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shuzheng.base.core.action import Write, action
from shuzheng.base.flows.comparing import Difference, Side, differences, refused
from shuzheng.base.flows.models import Definition
from shuzheng.base.org.competence import competent_for
from shuzheng.base.org.models import Node
from shuzheng.base.org.places import division_path
from shuzheng.base.standards import beside
from shuzheng.kernel.errors import FieldFault, Invalid

State = Definition.State
beside.add(gettext_lazy("业务流程规范"), "flows:library", "flows.library.view")


def standards() -> QuerySet[Definition]:
    """Standards in force that the reader can see; those that adapt another one not among them."""
    return Definition.objects.filter(state=State.PUBLISHED, standard=None).exclude(confidence="")


def holding(row: Definition) -> Definition | None:
    """The standard that a definition is held to: the nearest in force above its owner; None when there is none.

    In the owner's own division only the office that is competent there sets standards for the other organs.
    """
    own = division_path(row.path)
    above = Definition.objects.filter(code=row.code, state=State.PUBLISHED).exclude(confidence="")
    found = [d for d in above.exclude(node_id=row.node_id).defer("bpmn") if own.startswith(d.audience)]
    if any(d.audience == own for d in found):
        division = Node.objects.filter(path=own).first()
        office = competent_for("general", division, timezone.localdate()) if division else None
        found = [d for d in found if d.audience != own or (office is not None and d.node_id == office.pk)]
        if office is not None and office.pk == row.node_id:
            found = [d for d in found if d.audience != own]
    return max(found, key=lambda d: len(d.audience), default=None)


def compared(base: Definition, other: Definition, *, standard: bool) -> list[Difference]:
    """What ``other`` does differently; see ``comparing.differences``."""
    return differences(Side.of(base.bpmn, base.tables), Side.of(other.bpmn, other.tables), standard=standard)


def faults_against(standard: Definition, row: Definition) -> list[FieldFault]:
    """What the standard does not allow of a definition, by element."""
    return [
        FieldFault(d.element, _("“%(name)s”：%(why)s") % {"name": d.name, "why": d.fault})
        for d in refused(compared(standard, row, standard=True))
    ]


@dataclass(frozen=True)
class Adopter:
    """A node's own edition of a standard: what differs, and whether the standard has gone on since."""

    row: Definition
    standard: Definition

    @property
    def is_behind(self) -> bool:
        return self.row.standard_id != self.standard.pk

    @cached_property
    def found(self) -> list[Difference]:
        base = self.row.standard or self.standard
        return compared(base, self.row, standard=True)

    @property
    def counts(self) -> dict[str, int]:
        """Steps and parts added, removed and changed."""
        steps = [d for d in self.found if d.of in ("step", "part", "way", "field", "table", "process")]
        return {kind: sum(d.kind == kind for d in steps) for kind in ("added", "removed", "changed")}


def adopters(standard: Definition) -> list[Adopter]:
    """Those in sight that have published their own edition of a standard, of whatever edition of it, by place."""
    rows = Definition.objects.filter(
        state=State.PUBLISHED, standard__node_id=standard.node_id, standard__code=standard.code
    ).select_related("node", "standard")
    return [Adopter(row, standard) for row in rows.order_by("path")]


@action("flows.standard.adopt", permission="flows.definition.save")
def adopt(w: Write, rows: Sequence[Definition], *, standard: Definition) -> Sequence[Definition]:
    """Take a standard over: each row is a new draft whose owner the caller has set. Published as it is, or changed first.

    Raises:
        Invalid: it is no standard in force, the owner issues it itself, or has a draft of it already.
    """
    if standard.state != State.PUBLISHED or not standard.confidence:
        raise Invalid(_("只能采用已发布的业务流程规范。"))
    for row in rows:
        if row.node_id == standard.node_id:
            raise Invalid(_("这是本单位发布的规范，直接修改即可。"))
        held = Definition.objects.filter(node_id=row.node_id, code=standard.code).order_by("-edition").first()
        if held is not None and held.state == State.DRAFT:
            raise Invalid(_("本单位已有这个流程的草稿，先发布或删除它。"))
        row.code, row.edition, row.audience = standard.code, held.edition + 1 if held else 1, row.path
        row.standard = standard
        for name in ("bpmn", "tables", "digest", "calls", "name", "name_en", "group", "about", "basis", "confidence"):
            setattr(row, name, getattr(standard, name))
        w.create(row)
    return rows
