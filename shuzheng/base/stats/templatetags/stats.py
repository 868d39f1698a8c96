"""Small helpers of the pages of statistics."""

from __future__ import annotations

from decimal import Decimal

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from shuzheng.base.portal import formats
from shuzheng.base.portal.formats import in_language
from shuzheng.base.stats.looks import Value
from shuzheng.base.stats.question import Column, Offer

register = template.Library()


@register.filter
def st_word(item: Column | Offer) -> str:
    """The name of an indicator or dimension in the reader's language."""
    return in_language(item.label, item.label_en)


@register.simple_tag
def st_number(value: Value | None, drill: str = "", name: str = "") -> SafeString | str:
    """A number of a table, as a link to what it is made of; ``—`` for none, ``*`` for one that is hidden."""
    from shuzheng.base.stats.pages.explore import cell_query

    if value is None:
        return formats.NONE
    if value.suppressed:
        return "*"
    text = formats.number(value.number, value.places)
    if not drill or value.number is None:
        return text
    return format_html(
        '<a class="fm-val" href="{}&amp;{}">{}</a>', drill, cell_query(value.keys, value.indicator), text
    )


@register.simple_tag
def st_cell(keys: tuple[tuple[str, str], ...], indicator: str) -> str:
    """What a link to the drill needs beyond the state."""
    from shuzheng.base.stats.pages.explore import cell_query

    return cell_query(keys, indicator)


@register.simple_tag
def st_rank_bar(share: str, tone: str = "", line: str = "") -> SafeString:
    """The bar of a ranking; ``line`` is where the middle or the target stands, in percent of the greatest."""
    mark = format_html('<rect class="tl" x="{}" width="2" height="14"></rect>', line) if line else ""
    return format_html(
        '<svg class="sz-bar" aria-hidden="true"><rect class="b-{}" width="{}" height="14"></rect>{}</svg>',
        tone or "blue", share, mark,
    )  # fmt: skip


@register.simple_tag
def st_share(value: Decimal | None, most: Decimal | None) -> str:
    """``value`` in percent of ``most``, for a width."""
    return f"{abs(value) * 100 / most:.2f}%" if value is not None and most else "0%"
