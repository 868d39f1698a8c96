"""What the pages of reporting share: finding the round, the division and the submission, and who may see them."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from shuzheng.base.core.actor import Actor, actor_of
from shuzheng.base.core.scope import ancestors
from shuzheng.base.forms import names
from shuzheng.base.forms.models import Round, Submission
from shuzheng.base.forms.spec import FormSpec, load
from shuzheng.base.org.models import Node, NodeKind
from shuzheng.base.portal.parts import Crumb, Tab
from shuzheng.kernel.errors import Missing
from shuzheng.kernel.periods import Period

LINE = "reporting"


@dataclass(frozen=True)
class Place:
    """A part of a round that is looked at: a division, or (``own``) only the organs of its own level (本级)."""

    division: Node
    own: bool = False

    @property
    def path(self) -> str:
        return f"{self.division.path}0/" if self.own else self.division.path

    @property
    def name(self) -> str:
        return _("%(name)s本级") % {"name": self.division.name} if self.own else self.division.name


def asked(request: HttpRequest, permission: str) -> Actor:
    """Who asks, if they hold ``permission`` anywhere.

    Raises:
        Denied: they don't.
    """
    actor = actor_of(request)
    actor.require(permission)
    return actor


def find_round(pk: UUID) -> Round:
    """A round that the reader sees.

    Raises:
        Missing: there is none, or not for this reader.
    """
    found = Round.objects.select_related("definition").filter(pk=pk).first()
    if found is None:
        raise Missing(_("没有这项报送任务，或不归当前岗位看。"))
    return found


def supervises(actor: Actor, path: str | None = None) -> bool:
    """Whether the actor's office watches over reporting in a division (its own unless given)."""
    return actor.scope.may_read(LINE, actor.division if path is None else path)


def find_place(request: HttpRequest, actor: Actor, round_: Round, permission: str) -> Place:
    """The part of the tree that ``?at=`` names, the actor's own division without it.

    Raises:
        Missing: no such division, or out of sight.
        Denied: it is in sight, but the actor does not hold ``permission`` there.
    """
    asked_for = request.GET.get("at")
    path = asked_for if asked_for is not None else _start(actor, round_)
    own = path.endswith("/0/") or path == "0/"
    division = Node.objects.filter(path=path[:-2] if own else path, kind=NodeKind.DIVISION).first()
    if division is None or not supervises(actor, path):
        raise Missing(_("没有这个区划，或不归当前岗位看。"))
    actor.require(permission, path)
    return Place(division, own)


def _start(actor: Actor, round_: Round) -> str:
    """One's own division, or the part of it that was asked when that lies further down."""
    return round_.audience if round_.audience.startswith(actor.division) else actor.division


def find_submission(pk: UUID, actor: Actor) -> Submission:
    """A submission that the reader may see, with node, round and definition.

    Raises:
        Missing: there is none, or out of sight.
        Denied: it is in sight, but the right to read submissions is missing.
    """
    found = Submission.objects.select_related("node", "round__definition").filter(pk=pk).first()
    if found is None:
        raise Missing(_("没有这份填报，或不归当前岗位看。"))
    actor.require("forms.submission.view", found.path)
    return found


def form_of(round_: Round) -> tuple[FormSpec, Period]:
    return load(round_.definition.spec), Period.parse(round_.period)


def crumbs(round_: Round, url: str, *more: Crumb) -> list[Crumb]:
    return [Crumb(_("报送任务"), reverse("forms:rounds")), Crumb(names.round_title(round_), url), *more]


def quality_tabs(round_: Round, path: str, active: str) -> list[Tab]:
    """The two ways to look at what is wrong in a round: as the checks say this minute, and what was noted until settled."""
    views = (("findings", _("现在的检查结果")), ("doubts", _("核查疑点（留到核实）")))
    return [
        Tab(label, f"{reverse(f'forms:{name}', args=[round_.pk])}?at={path}", active=name == active)
        for name, label in views
    ]


def trail(place: Place, actor: Actor, url: str) -> list[Crumb]:
    """The divisions from the actor's own down to the place, each a link with ``?at=``."""
    above = [p for p in ancestors(place.division.path) if supervises(actor, p)]
    known = {n.path: n for n in Node.objects.filter(path__in=above, kind=NodeKind.DIVISION)} if above else {}
    steps = [Crumb(known[p].name, f"{url}?at={p}") for p in above if p in known]
    return [*steps, Crumb(place.name)] if place.own else [*steps[:-1], Crumb(place.name)]
