"""From the apps' manifests to what an actor may open: app menus, boards, quick starts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from shuzheng.base.core.actor import Actor
from shuzheng.base.core.manifest import MANIFESTS, AppManifest, Board, MenuEntry
from shuzheng.base.desk.app import BOARDS, FULL_NAMES
from shuzheng.base.portal import formats
from shuzheng.base.portal.shell import AppMenu, MenuItem

REGISTER = "register:"


@dataclass(frozen=True)
class Opening:
    """A page that the actor may open, by its menu entry."""

    label: str
    url: str
    icon: str
    app: str
    group: str


def address(entry: MenuEntry) -> str:
    """The address of a menu entry: a url name, or ``register:<name>`` for a register's list."""
    if entry.url.startswith(REGISTER):
        return reverse("registers:list", kwargs={"register": entry.url.removeprefix(REGISTER)})
    return reverse(entry.url)


def openings(actor: Actor, manifest: AppManifest) -> list[Opening]:
    """The entries of an app's menu that the actor holds the right for, and has something to see in."""
    return [
        Opening(formats.many(e.label), address(e), e.icon, manifest.name, _(e.group) if e.group else "")
        for e in manifest.menu
        if may_open(actor, e)
    ]


def may_open(actor: Actor, entry: MenuEntry) -> bool:
    """Whether an entry leads the actor to something: the right anywhere, or for a division's page in their own division."""
    where = actor.division if entry.watches else None
    if entry.permission and not actor.may(entry.permission, where):
        return False
    return not entry.watches or actor.scope.may_read(entry.watches, actor.division)


def on_board(actor: Actor, board: Board) -> Iterator[tuple[AppManifest, list[Opening]]]:
    """Apps of a board with what the actor may open in each; apps with nothing to open are left out."""
    for manifest in sorted(MANIFESTS.values(), key=lambda m: (m.order, m.name)):
        if manifest.board == board.name and (found := openings(actor, manifest)):
            yield manifest, found


def rail(actor: Actor, path: str) -> tuple[tuple[MenuItem, ...], ...]:
    """The rail: the workbench, the boards that hold something for the actor, and all apps."""
    boards = []
    for board in BOARDS:
        if any(True for _manifest in on_board(actor, board)):
            url = reverse("desk:board", kwargs={"name": board.name})
            boards.append(MenuItem(_(board.label), url, board.icon, active=path.startswith(url)))
    everything = reverse("desk:apps")
    return (
        (MenuItem(_("工作台"), "/", "layout-dashboard", active=path == "/"), *_cockpit(actor, path)),
        tuple(boards),
        (MenuItem(_("全部应用"), everything, "grid-dots", active=path == everything),),
    )


def _cockpit(actor: Actor, path: str) -> tuple[MenuItem, ...]:
    """For those who look at numbers; where statistics are switched off there is none."""
    if "stats" not in MANIFESTS or not actor.may("stats.indicator.view"):
        return ()
    url = reverse("stats:cockpit")
    return (MenuItem(_("驾驶舱"), url, "chart-histogram", active=path.startswith(url)),)


def app_menu(actor: Actor, manifest: AppManifest, path: str) -> AppMenu | None:
    """The menu of the app that a page belongs to; none when it has fewer than two pages to choose from."""
    found = openings(actor, manifest)
    if len(found) < 2:
        return None
    here = max((o.url for o in found if path.startswith(o.url)), key=len, default="")
    groups: dict[str, list[MenuItem]] = {}
    for opening in found:
        groups.setdefault(opening.group, []).append(
            MenuItem(opening.label, opening.url, opening.icon, active=opening.url == here)
        )
    items = [*groups.pop("", [])]
    items += [MenuItem(label, children=tuple(children)) for label, children in groups.items()]
    return AppMenu(_(manifest.label), manifest.icon, tuple(items))


def full_name(board: Board) -> str:
    return _(FULL_NAMES[board.name])
