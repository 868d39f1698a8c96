"""Components of every page: ``{% load sz %}``. Contracts and examples: docs/frontend.md.

The ones that a list draws hundreds of times (icon, state, number, date) build their string themselves; the others are
inclusion tags over ``portal/parts/*.html``.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from django import template
from django.forms import BoundField
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from shuzheng.base.portal import draw, formats, icons
from shuzheng.base.portal.parts import (
    Action,
    Attachment,
    Check,
    Column,
    Crumb,
    Entry,
    Group,
    Pager,
    Pill,
    Segment,
    Stat,
    Step,
    Tab,
)

register = template.Library()

# Parts that Python draws too (portal/draw.py holds their docstrings): sz_icon, sz_state, sz_tag, …
for _name, _part in {
    "icon": draw.svg,
    "tier": draw.tier,
    "state": draw.state,
    "tag": draw.tag,
    "form_state": draw.form_state,
    "value": draw.value,
    "verdict_strip": draw.verdict_strip,
    "avatar": draw.avatar,
    "due": draw.due,
    "file_icon": draw.file_icon,
    "progress": draw.progress,
    "bar": draw.bar,
    "bullet": draw.bullet,
    "skeleton": draw.skeleton,
}.items():
    register.simple_tag(_part, name=f"sz_{_name}")

# Icons, seals, states


@register.simple_tag
def sz_icons_url() -> str:
    """Address of the icon sprite, for scripts."""
    return icons.sprite_url()


# Numbers, dates, units


@register.filter
def sz_num(value: object, places: int | None = None) -> str:
    """``{{ km|sz_num }}``, ``{{ price|sz_num:2 }}``: thousands, a proper minus, ``—`` for none."""
    return formats.number(value, places)


@register.filter
def sz_change(value: object, places: int = 1) -> str:
    """A difference with its sign."""
    return formats.change(value, places)


@register.filter
def sz_count(value: int | None) -> str:
    """A count, exact to 10,000."""
    return formats.count(value)


@register.filter
def sz_text(value: object) -> object:
    """Any value in a list of names and values: numbers with thousands, dates in full, 是 / 否, ``—`` for none or empty."""
    if value is None or value == "":
        return formats.NONE
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if isinstance(value, (int, float, Decimal)):
        return formats.number(value)
    return formats.full(value) if isinstance(value, date) else value


@register.filter
def sz_unit(value: object, unit: str) -> SafeString:
    """``{{ price|sz_unit:"万元" }}``: number and unit that never part. ``%`` stands close to its number: write it out."""
    return draw.quantity(value, unit)


@register.filter
def sz_date(value: date | datetime | None) -> SafeString:
    """``10-14`` this year, ``2025-10-14`` another; the full date in the title."""
    return draw.moment(value, formats.day(value))


@register.filter
def sz_day(value: date | datetime | None) -> str:
    """``2026-10-14``, for table columns, where a year must line up."""
    return formats.full(value.date() if isinstance(value, datetime) else value)


@register.filter
def sz_when(value: date | datetime | None) -> SafeString:
    """``今天 17:00``, ``周五 18:00``, ``10-20 18:00``; the full time in the title."""
    return draw.moment(value, formats.when(value))


# Forms


@register.inclusion_tag("portal/parts/field.html")
def sz_field(
    field: BoundField, unit: str = "", help: str = "", warn: str = "", label: str = "", wide: bool = False
) -> dict:
    """A field of a Django form: label above, control, help and fault below. ``warn`` is an amber note that does not stop."""
    widget = field.field.widget
    kind = getattr(widget, "input_type", "")
    multiple = kind in ("checkbox", "radio") and hasattr(widget, "create_option")
    described = [
        f"{field.auto_id}_{part}"
        for part, on in (("help", help or field.help_text), ("fault", field.errors or warn))
        if on
    ]
    attrs = {"class": _control_class(kind, getattr(widget, "template_name", ""), bool(field.errors), bool(warn))}
    if field.field.disabled or widget.attrs.get("readonly"):
        attrs["class"] += " is-read"
    if described:
        attrs["aria-describedby"] = " ".join(described)
    if field.errors:
        attrs["aria-invalid"] = "true"
    return {
        "field": field,
        "control": field.as_widget(
            attrs={"class": "sz-check"} if multiple and kind == "checkbox" else {} if multiple else attrs
        ),
        "single_check": kind == "checkbox" and not multiple,
        "multiple": multiple,
        "unit": unit,
        "help": help or field.help_text,
        "warn": warn,
        "label": label or field.label,
        "wide": wide,
    }


def _control_class(kind: str, widget_template: str, invalid: bool, warn: bool) -> str:
    if kind == "checkbox":
        base = "sz-check"
    elif "select" in widget_template:
        base = "form-select"
    else:
        base = "form-control"
    return base + (" is-invalid" if invalid else " is-warn" if warn else "")


@register.inclusion_tag("portal/parts/form.html")
def sz_form(form: object, columns: int = 1) -> dict:
    """All fields of a form with its general faults; the page brings ``<form>``, token and buttons."""
    return {"form": form, "columns": columns}


# Moving about


@register.inclusion_tag("portal/parts/crumbs.html")
def sz_crumbs(items: Sequence[Crumb]) -> dict:
    """Where this page is."""
    return {"items": items}


@register.inclusion_tag("portal/parts/tabs.html")
def sz_tabs(items: Sequence[Tab], label: str = "", look: str = "tabs") -> dict:
    """Tabs with counts. ``look``: tabs, mini (inside a card's head), views (saved views of a register)."""
    return {"items": items, "label": label, "look": look}


@register.inclusion_tag("portal/parts/filters.html")
def sz_filters(pills: Sequence[Pill], clear_url: str = "", add: Sequence[Pill] = ()) -> dict:
    """Filter pills that show their value once set; ``add`` are the ones behind ＋ 条件."""
    return {"pills": pills, "clear_url": clear_url, "add": add}


@register.inclusion_tag("portal/parts/scope.html")
def sz_scope(items: Sequence[Tab], label: str = "") -> dict:
    """本级 | 含下级, with counts, beside the title."""
    return {"items": items, "label": label or _("范围")}


@register.inclusion_tag("portal/parts/pager.html")
def sz_pager(pager: Pager) -> dict:
    """The foot of a list."""
    return {"pager": pager}


@register.inclusion_tag("portal/parts/steps.html")
def sz_steps(steps: Sequence[Step], label: str = "") -> dict:
    """The steps of a procedure."""
    return {"steps": steps, "label": label or _("进度")}


# Figures


@register.inclusion_tag("portal/parts/stats.html")
def sz_stats(items: Sequence[Stat], label: str = "") -> dict:
    """A row of figures, each with unit and comparison."""
    return {"items": items, "label": label or _("关键数字")}


@register.inclusion_tag("portal/parts/legend.html")
def sz_legend(segments: Sequence[Segment], counts: bool = False) -> dict:
    """What the parts of a bar mean."""
    return {"segments": segments, "counts": counts}


# Details


@register.inclusion_tag("portal/parts/group.html")
def sz_group(group: Group) -> dict:
    """A card of named values."""
    return {"group": group}


@register.inclusion_tag("portal/parts/timeline.html")
def sz_timeline(entries: Sequence[Entry]) -> dict:
    """Person, verb, before → after, post and time."""
    return {"entries": entries}


@register.inclusion_tag("portal/parts/files.html")
def sz_files(files: Sequence[Attachment]) -> dict:
    """A list of attachments."""
    return {"files": files}


@register.inclusion_tag("portal/parts/checks.html")
def sz_checks(checks: Sequence[Check]) -> dict:
    """Findings of a form; a finding and its cell find each other."""
    return {"checks": checks}


@register.inclusion_tag("portal/parts/columns.html")
def sz_columns(columns: Sequence[Column], url: str) -> dict:
    """The column chooser: drag, tick, apply (posts ``column`` in order to ``url``)."""
    return {"columns": columns, "url": url, "on": sum(c.on for c in columns), "all": len(columns)}


@register.inclusion_tag("portal/parts/action.html")
def sz_action(action: Action, size: str = "") -> dict:
    """A button or a link that looks like one."""
    return {"action": action, "size": size}


# Empty, error, loading


@register.inclusion_tag("portal/parts/empty.html")
def sz_empty(
    title: str, text: str = "", pict: str = "house", actions: Sequence[Action] = (), hint: Action | None = None
) -> dict:
    """Why there is nothing, and one way on. ``pict``: house (first use), lens (filter too narrow), pulse (could not be had)."""
    return {"title": title, "text": text, "pict": pict, "actions": actions, "hint": hint}


@register.inclusion_tag("portal/parts/error.html")
def sz_error(title: str, text: str = "", number: str = "", retry_url: str = "") -> dict:
    """What could not be had, that nothing typed is lost, retry, and a number to quote."""
    return {"title": title, "text": text, "number": number, "retry_url": retry_url}


# Blocks


@register.simple_block_tag(end_name="endsz_note")
def sz_note(content: str, kind: str = "info", icon: str = "") -> SafeString:
    """``{% sz_note "late" %}…{% endsz_note %}``: a sentence that stands out. ``kind``: info ok warn over late."""
    name = icon or {"info": "info-circle", "over": "circle-x"}.get(kind) or draw.STATE_ICONS[kind]
    return format_html('<div class="sz-note {}">{}<span>{}</span></div>', kind, draw.svg(name), content)


@register.simple_block_tag(end_name="endsz_bulk")
def sz_bulk(content: str, total: int = 0) -> SafeString:
    """The bar over chosen rows, inside ``<sz-table>``; the content is its buttons. ``total`` offers "select all N"."""
    choose = mark_safe('<button class="btn-link" type="button" data-choose-all></button>') if total else ""
    return format_html(
        '<div class="sz-bulk" data-bulk hidden><b data-count></b>{}<span class="sep"></span>{}</div>', choose, content
    )


@register.simple_block_tag(end_name="endsz_dialog")
def sz_dialog(content: str, id: str, title: str) -> SafeString:
    """``{% sz_dialog id="seal" title="封存 3 辆车？" %}…{% endsz_dialog %}``, opened by any ``data-dialog="seal"``.

    The content brings its form; wrap the buttons in ``<div class="sz-dialog-foot">`` and the rest in ``sz-dialog-body``.
    """
    return format_html(
        '<sz-dialog><dialog class="sz-dialog" id="{}" aria-labelledby="{}-h"><div class="sz-dialog-head"><h2 id="{}-h">{}</h2>'
        '<button class="sz-icon-btn push" type="button" data-close aria-label="{}">{}</button></div>{}</dialog></sz-dialog>',
        id, id, id, title, _("关闭"), draw.svg("x"), content,
    )  # fmt: skip


@register.simple_block_tag(end_name="endsz_menu")
def sz_menu(
    content: str, label: str, icon: str = "", cls: str = "btn", side: str = "right", chevron: bool = True
) -> SafeString:
    """A button that opens a panel. The content is a ``<ul class="sz-menu" role="menu">`` or anything else."""
    opens = "menu" if 'role="menu"' in content else "dialog"
    lone = not chevron and bool(icon)
    shown = "" if lone else label
    said = format_html(' aria-label="{}"', label) if lone else ""
    return format_html(
        '<sz-menu><button class="{}" type="button" aria-haspopup="{}" aria-expanded="false"{}>{}{}{}</button>'
        '<div class="sz-pop sz-pop-{}" data-panel hidden>{}</div></sz-menu>',
        cls, opens, said, draw.svg(icon) if icon else "", shown, draw.svg("chevron-down", size="sm") if chevron else "", side, content,
    )  # fmt: skip


@register.simple_block_tag(end_name="endsz_card")
def sz_card(
    content: str, title: str, note: str = "", more: str = "", more_url: str = "", pad: bool = True
) -> SafeString:
    """A card with a head. ``pad=False`` where a table or a list runs to the edges."""
    tail = format_html('<a class="more" href="{}">{}</a>', more_url, more) if more_url else ""
    body = format_html('<div class="sz-card-body">{}</div>', content) if pad else content
    return format_html(
        '<section class="sz-card"><div class="sz-card-head"><h2>{}</h2><span class="n">{}</span>{}</div>{}</section>',
        title, note, tail, body,
    )  # fmt: skip
