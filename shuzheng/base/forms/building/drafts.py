"""Drafts of forms: begun, saved as one builds, dropped. A published edition is never changed; the next one is a draft."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Max
from django.utils.translation import gettext as _

from shuzheng.base.core.action import Write, action
from shuzheng.base.forms.models import Definition
from shuzheng.base.forms.spec import load
from shuzheng.kernel.errors import FieldFault, Invalid

MAX_SPEC = 1_000_000
"""Characters of a specification: several times the largest form that the shape allows to be useful."""


@action("forms.definition.create")
def create_drafts(w: Write, definitions: Sequence[Definition]) -> Sequence[Definition]:
    """Begin drafts of forms, owned by the actor's organ and seen by it alone until they are published.

    Raises:
        Invalid: the organ has a draft of that form already.
    """
    for row in definitions:
        row.node_id, row.path, row.audience = w.actor.organ_id, w.actor.organ_path, w.actor.organ_path
        mine = Definition.objects.filter(node_id=row.node_id, code=row.code)
        if mine.filter(state=Definition.State.DRAFT).exists():
            raise Invalid.one("code", _("代码为“%(code)s”的报表已有一份草稿，接着改那一份。") % {"code": row.code})
        row.state = Definition.State.DRAFT
        row.edition = (mine.aggregate(last=Max("edition"))["last"] or 0) + 1
        w.create(row)
    return definitions


@action("forms.definition.change")
def save_drafts(w: Write, definitions: Sequence[Definition], *, raw: Mapping[str, Any]) -> Sequence[Definition]:
    """Keep a draft as it is now, half done or not: what is wrong with it is said by ``faults``, not by refusing to save.

    Raises:
        Invalid: the form is published, or there is far too much of it.
    """
    for row in definitions:
        if row.state != Definition.State.DRAFT:
            raise Invalid(_("已发布的报表不能改。建下一版，改好再发布。"))
        if len(str(raw)) > MAX_SPEC:
            raise Invalid(_("报表太大了。"))
        w.change(
            row,
            spec={**raw, "code": row.code},
            name=str(raw.get("name") or row.name)[:120],
            name_en=str(raw.get("name_en") or "")[:160],
            period_kind=str(raw.get("period") or row.period_kind)[:10],
            basis=str(raw.get("basis") or "")[:200],
        )
    return definitions


@action("forms.definition.delete")
def drop_drafts(w: Write, definitions: Sequence[Definition]) -> Sequence[Definition]:
    """Throw drafts away.

    Raises:
        Invalid: one is published.
    """
    for row in definitions:
        if row.state != Definition.State.DRAFT:
            raise Invalid(_("已发布的报表不能删。"))
    w.delete(*definitions)
    return definitions


def faults(raw: Mapping[str, Any]) -> list[FieldFault]:
    """What keeps a draft from being published, each at the code of what is at fault."""
    try:
        load(raw)
    except Invalid as fault:
        return list(fault.faults) or [FieldFault("", fault.message)]
    except (KeyError, TypeError, ValueError, AttributeError) as broken:
        return [FieldFault("", _("表样的结构不对：%(why)s") % {"why": broken})]
    return []
