"""The small parts as Python functions: for table columns and views; the template tags of the same name call them.

They give safe HTML without inline style, and raise :class:`KeyError` for a state, tier or icon that does not exist.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache

from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from shuzheng.base.portal import formats, icons
from shuzheng.base.portal.parts import Segment

STATE_ICONS = {
    "ok": "circle-check",
    "warn": "alert-triangle",
    "over": "arrow-bar-to-up",
    "late": "clock-exclamation",
    "info": "progress",
    "mute": "circle-dashed",
}


def state_word(kind: str) -> str:
    return {
        "ok": _("正常"),
        "warn": _("预警"),
        "over": _("超标"),
        "late": _("逾期"),
        "info": _("办理中"),
        "mute": _("未开始"),
    }[kind]


def _submission(state: str) -> tuple[str, str, str]:
    """Tone, icon and word of a submission's state."""
    return {
        "todo": ("", "", _("未开始")),
        "draft": ("", "", _("草稿")),
        "filling": ("info", "pencil", _("填报中")),
        "submitted": ("info", "progress", _("待审核")),
        "reviewing": ("info", "progress", _("审核中")),
        "explain": ("warn", "alert-triangle", _("待说明")),
        "returned": ("over", "arrow-back-up", _("已退回")),
        "approved": ("ok", "circle-check", _("已审核")),
        "late": ("late", "clock-exclamation", _("逾期")),
        "closed": ("", "lock", _("已截止")),
        "exempt": ("line", "", _("免报")),
    }[state]


@lru_cache(maxsize=4096)
def svg(name: str, size: str = "", cls: str = "", label: str = "") -> SafeString:
    """An icon of the sprite. ``size``: sm 14, lg 20, else 16. Hidden from readers unless it has a ``label``."""
    if name not in icons.names():
        raise KeyError(f"icon {name!r} is not in {icons.SOURCE}")
    css = " ".join(filter(None, ("icon", f"icon-{size}" if size else "", cls)))
    said = format_html(' role="img" aria-label="{}"', label) if label else mark_safe(' aria-hidden="true"')
    return format_html('<svg class="{}"{}><use href="{}#{}"></use></svg>', css, said, icons.sprite_url(), name)


TIER_NAMES = {1: "nation", 2: "province", 3: "prefecture", 4: "county"}


def tier(tier: str | int) -> SafeString:
    """The seal of a tier, by its name or number (1 nation … 4 county): 国 省 市 县 (English N P M C); nothing for none."""
    if not tier:
        return mark_safe("")
    css, sign, word = {
        "nation": ("nation", pgettext("seal", "国"), _("国家级")),
        "province": ("province", pgettext("seal", "省"), _("省级")),
        "prefecture": ("city", pgettext("seal", "市"), _("市级")),
        "county": ("county", pgettext("seal", "县"), _("县级")),
    }[TIER_NAMES[tier] if isinstance(tier, int) else tier]
    return format_html('<span class="sz-tier {}" title="{}">{}</span>', css, word, sign)


def state(kind: str, word: str = "", icon: str = "") -> SafeString:
    """A state as shape, colour and word. ``kind``: ok warn over late info mute."""
    mark = svg(icon or STATE_ICONS[kind])
    return format_html('<span class="sz-state {}">{}{}</span>', kind, mark, word or state_word(kind))


def tag(word: str, kind: str = "", icon: str | None = None, large: bool = False) -> SafeString:
    """A small label. ``kind``: ok warn over late info line or none; its icon comes with it unless ``icon=""``."""
    name = STATE_ICONS.get(kind, "") if icon is None else icon
    mark = svg(name) if name else ""
    return format_html('<span class="sz-tag {}{}">{}{}</span>', kind, " lg" if large else "", mark, word)


def form_state(state: str, word: str = "") -> SafeString:
    """Where a submission stands: todo draft filling submitted reviewing explain returned approved late closed exempt."""
    kind, icon, usual = _submission(state)
    return tag(word or usual, kind, icon)


def value(text: object, kind: str = "", title: str = "") -> SafeString:
    """A value a rule objects to: colour and mark in place, the limit on hover. ``kind``: over warn late, none for a plain value."""
    shown = text if isinstance(text, str) else formats.number(text)
    if not kind:
        return conditional_escape(shown)
    return format_html('<span class="v-{}" title="{}">{}{}</span>', kind, title, svg(STATE_ICONS[kind]), shown)


def verdict_strip(kinds: Sequence[str]) -> SafeString:
    """规则结论: one bar a rule, taller is worse. ``kinds``: ok warn over late none, in the order of the rules."""
    bars = format_html_join("", '<i class="{}"></i>', (("" if k == "ok" else k,) for k in kinds))
    worst = next((k for k in ("over", "late", "warn") if k in kinds), "")
    if not worst:
        return format_html('<span class="sz-vd" role="img" aria-label="{}">{}</span>', _("全部正常"), bars)
    said = f"{state_word(worst)} {sum(k == worst for k in kinds)}"
    return format_html(
        '<span class="sz-vd" aria-hidden="true">{}</span><span class="t-{}">{}</span>', bars, worst, said
    )


def avatar(name: str, size: str = "", tint: str = "") -> SafeString:
    """The round badge of a person. ``size``: sm lg. ``tint``: a2 a3 a4 sys."""
    return format_html('<span class="sz-avatar {} {}" aria-hidden="true">{}</span>', size, tint, name[:1])


def due(value: date | datetime | None, done: bool = False, cls: str = "") -> SafeString:
    """How long is left, loud as it comes near: ``逾期 1 天``, ``今天 17:00``, ``剩 2 天``, ``10-20``."""
    if value is None:
        return conditional_escape(formats.NONE)
    due = formats.due(value, done=done)
    icon = {"late": "clock-exclamation", "warn": "clock"}.get(due.tone)
    mark = svg(icon) if icon else ""
    return format_html('<span class="sz-due {} {}" title="{}">{}{}</span>', due.tone, cls, due.title, mark, due.text)


def progress(value: float, max: float, tone: str = "", label: str = "") -> SafeString:
    """A bar of one kind: native ``<progress>``, so that no width needs a style."""
    said = label or f"{formats.number(value)} / {formats.number(max)}"
    return format_html('<progress class="{}" max="{}" value="{}" aria-label="{}"></progress>', tone, max, value, said)


def bar(segments: Sequence[Segment], total: float | None = None, label: str = "") -> SafeString:
    """A stacked bar (SVG attributes). What is missing to ``total`` stays pale. The label names every part."""
    whole = Decimal(str(total)) if total else sum((Decimal(str(s.value)) for s in segments), Decimal(0))
    said = label or "，".join(f"{s.label} {formats.number(s.value)}" for s in segments)
    parts, at = [], Decimal(0)
    for segment in segments:
        width = Decimal(str(segment.value)) * 100 / whole if whole else Decimal(0)
        parts.append(
            format_html(
                '<rect class="b-{}" x="{}%" width="{}%" height="8"></rect>', segment.kind, f"{at:.2f}", f"{width:.2f}"
            )
        )
        at += width
    return format_html(
        '<svg class="sz-bar" role="img" aria-label="{}">{}</svg>',
        said,
        format_html_join("", "{}", ((p,) for p in parts)),
    )


def bullet(value: float, target: float, max: float, tone: str = "ok", label: str = "") -> SafeString:
    """Progress as a bar, and a black line where it should be. ``tone``: ok warn over late."""
    share = [f"{min(100.0, 100 * float(v) / float(max)):.2f}" for v in (value, target)]
    said = label or _("%(value)s，目标 %(target)s") % {"value": formats.number(value), "target": formats.number(target)}
    return format_html(
        '<svg class="sz-bullet" role="img" aria-label="{}"><rect class="trk" y="3" width="100%" height="6" rx="3"></rect>'
        '<rect class="{}" y="3" width="{}%" height="6" rx="3"></rect><rect class="mk" x="{}%" width="2" height="12"></rect></svg>',
        said, tone, *share,
    )  # fmt: skip


def spark(values: Sequence[float], label: str) -> SafeString:
    """A line of a few values, the last one marked, over the band between the least and the most of those before it."""
    low, high = min(values), max(values)
    span = (high - low) or 1
    step = 116 / max(len(values) - 1, 1)
    places = [(2 + n * step, 34 - (value - low) / span * 32) for n, value in enumerate(values)]
    before = values[:-1] or values
    top, foot = (34 - (value - low) / span * 32 for value in (max(before), min(before)))
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    x, y = places[-1]
    return format_html(
        '<svg class="sz-spark" viewBox="0 0 120 36" role="img" aria-label="{}"><rect x="0" y="{}" width="120" height="{}"/>'
        '<polyline points="{}"/><circle cx="{}" cy="{}" r="2.5"/></svg>',
        label, f"{top:.1f}", f"{max(foot - top, 1):.1f}", points, f"{x:.1f}", f"{y:.1f}",
    )  # fmt: skip


def skeleton(lines: int = 4) -> SafeString:
    """Grey lines while something loads."""
    widths = ("45", "80", "60", "30")
    spans = format_html_join("", '<span class="sz-skel w-{}"></span>', ((widths[i % 4],) for i in range(lines)))
    return format_html('<div class="pt-skel" aria-hidden="true">{}</div>', spans)


def quantity(value: object, unit: str) -> SafeString:
    """Number and unit that never part; the unit smaller and lighter. Text is taken as it is formatted."""
    shown = value if isinstance(value, str) else formats.number(value)
    if shown == formats.NONE:
        return conditional_escape(formats.NONE)
    return format_html('<span class="qty">{}<span class="unit">{}</span></span>', shown, formats.unit(unit))


def moment(value: date | datetime | None, text: str) -> SafeString:
    """A time as short text, with the full time in the title."""
    if value is None:
        return conditional_escape(formats.NONE)
    return format_html('<time datetime="{}" title="{}">{}</time>', value.isoformat(), formats.full(value), text)


FILE_ICONS = {
    "pdf": "file-type-pdf",
    "xls": "file-type-xls",
    "xlsx": "file-type-xls",
    "et": "file-type-xls",
    "csv": "file-type-xls",
    "jpg": "photo",
    "jpeg": "photo",
    "png": "photo",
    "zip": "file-zip",
}


def file_icon(name: str) -> SafeString:
    """The icon for a file's kind, by the end of its name."""
    return svg(FILE_ICONS.get(name.rsplit(".", 1)[-1].lower(), "file-text"), cls="t-3")
