"""What the components are given: plain values that a page fills in and ``{% load sz %}`` tags draw.

Every class is frozen and holds text that is already translated. ``docs/frontend.md`` shows each one in use.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

State = Literal["ok", "warn", "over", "late", "info", "mute"]


@dataclass(frozen=True, slots=True)
class Tab:
    """A tab or a saved view. ``count`` may be a capped text (``10,000+``); ``tone`` colours a count of trouble."""

    label: str
    url: str
    active: bool = False
    count: int | str | None = None
    tone: str = ""
    icon: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a filter. ``url`` is the list with the value taken or dropped; ``count`` says how many rows it would leave."""

    label: str
    url: str
    on: bool = False
    count: int | str | None = None


@dataclass(frozen=True, slots=True)
class Pill:
    """A filter. Once set it shows ``value`` and ``clear_url`` drops it. With ``choices`` it opens a list of them,
    with ``panel_url`` it loads its own panel (a range, a tree)."""

    label: str
    value: str = ""
    clear_url: str = ""
    choices: tuple[Choice, ...] = ()
    panel_url: str = ""


@dataclass(frozen=True, slots=True)
class Pager:
    """Where in a list one is. ``total`` is a text, as counts past 10,000 are capped. ``pages`` has ``None`` for a gap."""

    first: int
    last: int
    total: str
    noun: str = ""
    pages: tuple[Choice | None, ...] = ()
    previous_url: str = ""
    next_url: str = ""
    sizes: tuple[Choice, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Action:
    """A button. ``kind``: primary, soft, quiet, danger-line or plain. With ``dialog`` it opens the dialog of that id,
    with ``post`` it posts to ``url``; ``disabled`` carries the sentence that says what is missing."""

    label: str
    url: str = ""
    icon: str = ""
    kind: Literal["", "primary", "soft", "quiet", "danger-line"] = ""
    post: bool = False
    dialog: str = ""
    name: str = ""
    value: str = ""
    disabled: str = ""


@dataclass(frozen=True, slots=True)
class Crumb:
    """A step of the path to this page; the last one has no ``url``."""

    label: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a procedure (填报 → 单位审核 → …)."""

    label: str
    state: Literal["done", "now", ""] = ""


@dataclass(frozen=True, slots=True)
class Pair:
    """A name and its value. ``html`` may be a SafeString (a tag, a link); ``code`` spaces identifiers out."""

    label: str
    value: object
    unit: str = ""
    url: str = ""
    code: bool = False
    tone: str = ""
    about: Any = None
    """What explains the name: ``text`` and ``url`` of a page about it."""


@dataclass(frozen=True, slots=True)
class Group:
    """Named pairs of a detail page; ``columns`` is 1 or 2."""

    title: str
    pairs: tuple[Pair, ...]
    columns: int = 1
    more_url: str = ""
    more: str = ""


@dataclass(frozen=True, slots=True)
class Stat:
    """A figure with what it needs to be understood: unit, comparison, source (principle 2 of the look)."""

    label: str
    value: object
    unit: str = ""
    note: str = ""
    tone: str = ""
    url: str = ""
    places: int | None = None


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a stacked bar; ``kind`` is ok, info, over, late, warn, blue or mute."""

    label: str
    value: Decimal | int | float
    kind: str = "ok"


@dataclass(frozen=True, slots=True)
class Change:
    """A field before and after. An empty side is left out."""

    label: str
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a timeline: person, verb, before → after, post and time. Without ``person`` an ``icon`` stands for the system."""

    what: str
    at: datetime | None = None
    person: str = ""
    by: str = ""
    icon: str = "point"
    state: str = ""
    changes: tuple[Change, ...] = ()
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file: ``note`` is size and check (``2 张 · 已核``), ``state`` a fault or a wait."""

    name: str
    url: str = ""
    note: str = ""
    state: State | None = None
    remove_url: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """A finding of a form: ``error`` stops handing in, ``warn`` passes with a reason, ``noted`` has one.

    ``code`` is the check's, ``cell`` the cell it points at."""

    kind: Literal["error", "warn", "noted"]
    title: str
    text: str
    cell: str = ""
    code: str = ""
    reason: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A column in the chooser; locked ones can neither be dropped nor moved."""

    name: str
    label: str
    on: bool = True
    locked: bool = False


@dataclass(frozen=True, slots=True)
class Todo:
    """A line of two: what waits, from where, until when."""

    title: str
    url: str
    note: str = ""
    icon: str = "checklist"
    due: date | datetime | None = None
    verb: str = ""
