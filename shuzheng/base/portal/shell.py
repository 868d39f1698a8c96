"""What the frame around a page needs to know, as plain values.

A context processor builds one :class:`Shell` a request; ``portal/shell.html`` draws it. Nothing here reads the database,
and no template of the frame resolves a url: every address is given, so the frame also works in a test without urls.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Tier = Literal["nation", "province", "prefecture", "county", ""]
Tone = Literal["", "ok", "warn", "over", "late", "info", "mute"]


@dataclass(frozen=True, slots=True)
class MenuItem:
    """One entry of the rail, the app menu, the bottom bar or the account menu.

    ``icon`` is a name out of ``islands/icons.txt``; ``count`` is shown when it is not None, coloured by ``tone``.
    An item without ``url`` but with ``children`` is a heading (app menu) over them.
    ``post=True`` makes the entry a form that posts (signing out changes state, so a link will not do).
    """

    label: str
    url: str = ""
    icon: str = ""
    active: bool = False
    count: int | None = None
    tone: Tone = ""
    children: tuple[MenuItem, ...] = ()
    post: bool = False


@dataclass(frozen=True, slots=True)
class PostChoice:
    """A post the person may act in; ``value`` goes back as ``post`` in the form sent to ``Shell.switch_url``."""

    value: str
    organ: str
    title: str
    tier: Tier = ""
    active: bool = False
    until: str = ""


@dataclass(frozen=True, slots=True)
class Identity:
    """Where and as what the person acts: tier, organ and post, as at the left of the top bar."""

    organ: str
    title: str = ""
    tier: Tier = ""


@dataclass(frozen=True, slots=True)
class Person:
    """Who is signed in. ``short`` is the sign in the round badge, the surname as a rule."""

    name: str
    account: str = ""

    @property
    def short(self) -> str:
        return self.name[:1]


@dataclass(frozen=True, slots=True)
class AppMenu:
    """The 188 px menu of an app with many pages; left out where the page takes the width."""

    title: str
    icon: str = "apps"
    items: tuple[MenuItem, ...] = ()


@dataclass(frozen=True, slots=True)
class Shell:
    """Everything the frame draws.

    ``boards`` are the rail's entries in groups (a line between groups), ``menu`` the app menu if the page has one.
    ``notice_count`` and ``message_count`` are unread ones, ``todo_count`` what waits for this post; 0 hides the figure.
    ``active`` is the label of the app the page belongs to (``data-app`` on the body). ``demo`` shows 演示数据. ``language`` is ``zh-hans`` or ``en``. An empty url leaves its control out.
    """

    identity: Identity | None = None
    person: Person | None = None
    posts: tuple[PostChoice, ...] = ()
    boards: tuple[tuple[MenuItem, ...], ...] = ()
    menu: AppMenu | None = None
    bottom: tuple[MenuItem, ...] = ()
    account: tuple[MenuItem, ...] = ()
    notice_count: int = 0
    message_count: int = 0
    todo_count: int = 0
    demo: bool = False
    language: str = "zh-hans"
    density: Literal["compact", "standard", "relaxed"] = "standard"
    active: str = ""
    home_url: str = "/"
    help_url: str = ""
    search_url: str = ""
    suggest_url: str = ""
    switch_url: str = ""
    language_url: str = ""
    notices_url: str = ""
    messages_url: str = ""
    live_url: str = ""
    density_url: str = ""
