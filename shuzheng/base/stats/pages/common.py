"""What the pages of statistics share: who asks, the state in the address, the places they may look at."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django.http import HttpRequest, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _

from shuzheng.base.core.actor import Actor, actor_of
from shuzheng.base.org.models import Node, NodeKind
from shuzheng.base.stats.asking import ask
from shuzheng.base.stats.catalogue import catalogue
from shuzheng.base.stats.question import Answer, Catalogue
from shuzheng.base.stats.state import State, read

LINE = "reporting"


def asked(request: HttpRequest, permission: str = "stats.indicator.view") -> Actor:
    """Who asks, if they hold ``permission`` anywhere.

    Raises:
        Denied: they don't.
    """
    actor = actor_of(request)
    actor.require(permission)
    return actor


@dataclass(frozen=True)
class Asked:
    """A question of the address with its answer."""

    actor: Actor
    offers: Catalogue
    state: State
    answer: Answer


def answered(actor: Actor, query: QueryDict, **changes: Any) -> Asked:
    """The answer to an address, within the reader's scope. Raises as ``ask``."""
    offers = catalogue(scope=actor.scope)
    state = replace(read(query, offers, actor), **changes)
    return Asked(actor, offers, state, ask(state.question(offers.periods), scope=actor.scope))


def divisions(actor: Actor, at: str | None) -> tuple[list[Node], Node | None]:
    """Divisions to choose from (the reader's own and those right below), and the one that is chosen."""
    own = Node.objects.filter(path=actor.division, kind=NodeKind.DIVISION).first()
    chosen = own
    if at is not None and at != actor.division and actor.scope.may_read(LINE, at):
        chosen = Node.objects.filter(path=at, kind=NodeKind.DIVISION).first() or own
    below = Node.objects.filter(parent=chosen, kind=NodeKind.DIVISION).order_by("path") if chosen else []
    above = [own] if own is not None and own != chosen else []
    return [*above, *([chosen] if chosen else []), *below], chosen


def address(name: str, state: State, **changes: Any) -> str:
    """A page of statistics with a state."""
    return f"{reverse(f'stats:{name}')}?{state.query(**changes)}"


def title_of(asked_: Asked) -> str:
    """A question in words: indicators, how told apart, periods."""
    from shuzheng.base.stats.labels import period_word
    from shuzheng.base.stats.looks import word

    answer = asked_.answer
    first, last = answer.question.periods
    names = "、".join(word(c) for c in answer.indicators[:3]) + (_("等") if len(answer.indicators) > 3 else "")
    told = " × ".join(word(c) for c in answer.dimensions)
    span = "" if not first else period_word(first) if first == last else f"{period_word(first)} – {period_word(last)}"
    return " · ".join(part for part in (names, told, span) if part)
