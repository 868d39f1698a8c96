"""``{% load standards %}``: what a field that is bound to a data element shows of it."""

from __future__ import annotations

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from shuzheng.base.standards.models import CodeItem
from shuzheng.base.standards.uses import help_for

register = template.Library()


@register.simple_tag
def sz_element(identifier: str, path: str = "") -> SafeString | str:
    """Help text and link of a data element; nothing where no such element is in force."""
    found = help_for(identifier, path=path)
    if found is None:
        return ""
    return format_html(
        '<span class="help">{} <a href="{}" title="{}">{}</a></span>', found.text, found.url, identifier, _("数据元")
    )


@register.filter
def region_in(region: str, names: dict[str, str]) -> str:
    """The name of a region among those that the page looked up; 全国 for the nation."""
    return names.get(region, region) or _("全国")


@register.filter
def value_of(values: dict[str, str], name: str) -> str:
    return values.get(name, "")


@register.filter
def item_label(name: str) -> str:
    """What a field of a code is called."""
    if name == "replaces":
        return _("替代上一版代码")
    return str(CodeItem._meta.get_field(name).verbose_name)
