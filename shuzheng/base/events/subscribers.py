"""Taking events up: ``@subscribe`` in an app's ``events.py``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from shuzheng.base.core.actor import Actor
from shuzheng.base.core.registry import EVENTS, SYSTEM_SCOPES
from shuzheng.base.events.models import Event

Handler = Callable[[Event, Actor], object]


@dataclass(frozen=True)
class Subscriber:
    """A function that takes up events, under the named system scope."""

    name: str
    events: frozenset[str]
    scope: str
    handle: Handler
    ordered: bool = True


SUBSCRIBERS: dict[str, Subscriber] = {}


def subscribe(*events: str, scope: str, name: str = "", ordered: bool = True) -> Callable[[Handler], Handler]:
    """Take up ``events`` with ``function(event, actor)``; ``actor`` is the system's, under ``scope``.

    It runs in one transaction with the note that it ran, so its writes happen once in effect, however often it is
    tried. What leaves the database (mail, a message to another server) goes into a job that it defers. A payload holds
    ids: the function reads the records as they are now, and copes with one that is gone or already as it should be.

    Args:
        name: by which deliveries are kept; ``<app>.<function>`` unless given. Never changed once released.
        ordered: events of one origin come in the order of their commits, and a failing one holds up the later ones.
            With False they may overtake it.

    Raises:
        UnknownName: an event or the scope is not declared in a manifest.
        ValueError: the name is taken.
    """
    for event in events:
        EVENTS[event]
    SYSTEM_SCOPES[scope]

    def decorate(function: Handler) -> Handler:
        label = name or f"{function.__module__.split('.')[-2]}.{function.__name__}"
        known = SUBSCRIBERS.get(label)
        if known is not None and known.handle.__code__ is not function.__code__:
            raise ValueError(f"subscriber {label!r} is registered twice")
        SUBSCRIBERS[label] = Subscriber(label, frozenset(events), scope, function, ordered)
        return function

    return decorate
