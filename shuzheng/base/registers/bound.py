"""Fields that are bound to data elements: what the standards say of them, and which registers use an element."""

from __future__ import annotations

from typing import Any

from django.forms import BaseForm
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _

from shuzheng.base.registers.declare import REGISTERS, Register
from shuzheng.base.registers.fields import detail_value
from shuzheng.base.standards import uses
from shuzheng.base.standards.uses import Help, Use


def helps_of(register: Register, row: Any = None) -> dict[str, Help]:
    """The help of each bound field whose element is in force, by field."""
    found = uses.helps(register.elements.values(), path=getattr(row, "path", ""))
    return {name: found[element] for name, element in register.elements.items() if element in found}


def beside_fields(register: Register, form: BaseForm, row: Any = None) -> dict[str, str]:
    """What stands under the controls of a form: a field's own help, then its element's with the way to its page."""
    said = {}
    for name, about in helps_of(register, row).items():
        if name in form.fields:
            text = " ".join(filter(None, (str(form.fields[name].help_text), about.text)))
            link = '{} <a href="{}" target="_blank" rel="noopener">{}</a>'
            said[name] = format_html(link, text, about.url, _("数据元"))
    return said


def _uses(identifier: str) -> list[Use]:
    return [
        Use(
            _("台账"),
            f"{register.verbose} · {detail_value(register, name).label}",
            reverse("registers:list", kwargs={"register": register.name}),
        )
        for register in REGISTERS.values()
        for name, element in register.elements.items()
        if element == identifier
    ]


uses.provide("registers", _uses)
