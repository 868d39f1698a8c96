"""What the pages of the standards share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar
from uuid import UUID

from django import forms
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from shuzheng.base.core.actor import Actor
from shuzheng.base.org.models import Node
from shuzheng.base.portal.parts import Choice, Crumb, Pager
from shuzheng.base.standards.models import CodeSet, ConversionFactor, DataElement, Rule, Standard, Unit
from shuzheng.kernel.errors import Invalid, Missing

T = TypeVar("T")
PAGE = 50
KINDS: dict[str, type[Standard]] = {
    "element": DataElement,
    "codeset": CodeSet,
    "factor": ConversionFactor,
    "rule": Rule,
    "unit": Unit,
}
"""The kinds of standards by the word that addresses and permissions have for them."""


def crumbs(last: str, *between: Crumb) -> list[Crumb]:
    return [Crumb(_("标准规范"), reverse("standards:home")), *between, Crumb(last)]


def labels() -> dict[str, str]:
    """What each kind is called."""
    return {
        "element": _("数据元"),
        "codeset": _("代码集"),
        "factor": _("折算系数"),
        "rule": _("规则"),
        "unit": _("计量单位"),
    }


def kind_of(row: Standard) -> str:
    return next(kind for kind, model in KINDS.items() if isinstance(row, model))


def address_of(row: Standard) -> str:
    """The page of a standard; a unit has none of its own."""
    if isinstance(row, DataElement):
        return reverse("standards:element", args=[row.identifier])
    if isinstance(row, CodeSet):
        return reverse("standards:codeset", args=[row.code])
    if isinstance(row, ConversionFactor):
        return reverse("standards:factor", args=[row.energy])
    if isinstance(row, Rule):
        return reverse("standards:rule", args=[row.code])
    return f"{reverse('standards:home')}?kind=unit"


def find(actor: Actor, kind: str, pk: UUID) -> Any:
    """A standard of a kind that the actor may see, in whatever state.

    Raises:
        Missing: there is none.
    """
    model = KINDS.get(kind)
    if model is None:
        raise Missing
    actor.require(f"standards.{kind}.view")
    row = model._default_manager.select_related("drafted_by", "reviewed_by", "node").filter(pk=pk).first()
    if row is None:
        raise Missing
    return row


def region_names(regions: Sequence[str]) -> dict[str, str]:
    """Names of divisions by path; the nation's is 全国."""
    found = dict(Node.objects.filter(path__in={r for r in regions if r}).values_list("path", "name"))
    return {region: found.get(region, region) if region else _("全国") for region in regions}


def paged(request: HttpRequest, rows: Sequence[T], noun: str, size: int = PAGE) -> tuple[Sequence[T], Pager]:
    """The rows of the page that the address asks for, and its foot."""
    asked = request.GET.get("page", "1")
    last = max(1, -(-len(rows) // size))
    page = min(int(asked), last) if asked.isascii() and asked.isdecimal() and int(asked[:9]) > 0 else 1

    def at(number: int) -> str:
        words = request.GET.copy()
        words["page"] = str(number)
        return f"?{words.urlencode()}"

    shown = [n for n in range(1, last + 1) if n in (1, last) or abs(n - page) <= 1]
    pages: list[Choice | None] = []
    for before, number in zip([0, *shown], shown, strict=False):
        if number - before > 1:
            pages.append(None)
        pages.append(Choice(str(number), at(number), number == page))
    first = (page - 1) * size
    part = rows[first : first + size]
    pager = Pager(
        first + 1 if part else 0, first + len(part), f"{len(rows):,}", noun, tuple(pages) if last > 1 else (),
        at(page - 1) if page > 1 else "", at(page + 1) if page < last else "",
    )  # fmt: skip
    return part, pager


def clean(form: forms.Form) -> dict[str, Any]:
    """The values of a form.

    Raises:
        Invalid: with what its fields say.
    """
    if not form.is_valid():
        raise Invalid("；".join(f"{form.fields[n].label}：{'，'.join(said)}" for n, said in form.errors.items()))
    return form.cleaned_data
