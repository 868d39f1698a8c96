"""Who is the competent authority (主管部门) of a business line in a division, on a day. Data, never derived (domain §1.1)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.db.models import Model
from django.utils.translation import gettext as _
from psycopg.types.range import DateRange

from shuzheng.base.core.action import Write, action
from shuzheng.base.core.bulk import insert_many
from shuzheng.base.core.registry import LINES
from shuzheng.base.org.handlers import Handler, register
from shuzheng.base.org.models import Competence, Node, NodeKind
from shuzheng.base.org.places import division_path
from shuzheng.kernel.errors import Invalid


def competent_for(line: str, division: Node, on: date) -> Node | None:
    """The organ that is competent for ``line`` in ``division`` on a day; None when nobody was named.

    Raises:
        UnknownName: there is no such business line.
    """
    found = (
        Competence.objects.filter(division=division, line=LINES[line].name, valid__contains=on)
        .select_related("organ")
        .first()
    )
    return found.organ if found else None


@action("org.competence.change", handover=True, event="org.competence.changed")
def set_competence(w: Write, divisions: Sequence[Node], *, line: str, organ: Node, on: date) -> list[Competence]:
    """Name the competent organ of a business line in divisions from ``on``. Who was competent until then ends on that day;
    a span that begins later stays.

    Raises:
        Invalid: not a division, or the organ is none that works there.
        UnknownName: there is no such business line.
    """
    if organ.kind != NodeKind.ORGAN or organ.valid_to is not None:
        raise Invalid.one("organ", _("主管部门须是在用的机关单位。"))
    spans: dict[Any, list[Competence]] = {}
    for span in Competence.objects.filter(division__in=divisions, line=LINES[line].name).order_by("valid"):
        spans.setdefault(span.division_id, []).append(span)
    named = []
    for division in divisions:
        if division.kind != NodeKind.DIVISION:
            raise Invalid.one("division", _("“%(name)s”不是行政区划。") % {"name": division.name})
        if not organ.path.startswith(division.path) and not division.path.startswith(division_path(organ.path)):
            raise Invalid.one(
                "organ", _("“%(organ)s”不在“%(name)s”，也不在其上级。") % {"organ": organ.name, "name": division.name}
            )
        named.append(_name(w, division, line, organ, on, spans.get(division.pk, [])))
    return named


def _name(w: Write, division: Node, line: str, organ: Node, on: date, spans: Sequence[Competence]) -> Competence:
    upper = None
    for span in spans:
        if span.valid.lower == on:
            w.change(span, organ=organ)
            return span
        if span.valid.lower > on:
            upper = upper or span.valid.lower
        elif on in span.valid:
            upper = span.valid.upper
            w.change(span, valid=DateRange(span.valid.lower, on))
    fresh = Competence(division=division, path=division.path, line=line, organ=organ, valid=DateRange(on, upper))
    w.create(fresh)
    return fresh


class _Dated(Handler):
    """Competence is history: what an absorbed organ was competent for stays said of it, and goes on with the successor."""

    def merge(self, model: type[Model], absorbed: Node, successor: Node, on: date) -> int:
        rows = Competence.objects.filter(valid__overlap=DateRange(on, None))
        for span in rows.filter(division=absorbed):
            self._close(span, on)
        fresh = []
        for span in rows.filter(organ=absorbed):
            upper, lower = span.valid.upper, max(on, span.valid.lower or on)
            self._close(span, on)
            fresh.append(
                Competence(
                    division_id=span.division_id, path=span.path, line=span.line, organ=successor,
                    valid=DateRange(lower, upper),
                )
            )  # fmt: skip
        insert_many(fresh)
        return len(fresh)

    @staticmethod
    def _close(span: Competence, on: date) -> None:
        if span.valid.lower is not None and span.valid.lower >= on:
            span.delete()
        else:
            Competence.objects.filter(pk=span.pk).update(valid=DateRange(span.valid.lower, on))


register("org.competence", _Dated(owner="division", follows={"organ": ""}, ends="valid"))
