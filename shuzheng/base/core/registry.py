"""Closed registries: names that the program may use. An unknown name is a crash at start, not a silence at run time.

A registry is filled while Django loads the apps (each app's manifest) and is then closed. Asking for a name that is not
there raises ``UnknownName``; registering after closing, or the same name twice, raises too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


class UnknownName(LookupError):
    """A name that nobody registered."""


class Registry(Generic[T]):
    """Names of one kind, each with what it stands for."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._items: dict[str, T] = {}
        self._closed = False

    def register(self, name: str, item: T) -> T:
        """Add ``name``. The same name with an equal item is accepted, so that modules may be imported twice.

        Raises:
            ValueError: the name stands for something else already, or the registry is closed.
        """
        if name in self._items and self._items[name] == item:
            return item
        if self._closed:
            raise ValueError(f"{self.kind} {name!r} is registered after start; declare it in the app's manifest")
        if name in self._items:
            raise ValueError(f"{self.kind} {name!r} is registered twice")
        self._items[name] = item
        return item

    def close(self) -> None:
        self._closed = True

    def __getitem__(self, name: str) -> T:
        try:
            return self._items[name]
        except KeyError:
            raise UnknownName(f"no {self.kind} named {name!r}") from None

    def __contains__(self, name: object) -> bool:
        return name in self._items

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def values(self) -> list[T]:
        return list(self._items.values())

    def items(self) -> list[tuple[str, T]]:
        return list(self._items.items())


@dataclass(frozen=True)
class Permission:
    """What a role may hold. ``officer`` names the separated officer that alone may hold it, if any."""

    name: str
    label: str
    officer: str = ""


@dataclass(frozen=True)
class BusinessLine:
    """A field of supervision (机关事务业务条线): who is competent for it in a region is data (``org.Competence``)."""

    name: str
    label: str


@dataclass(frozen=True)
class EventType:
    """A fact that an app publishes. ``version`` is that of its payload."""

    name: str
    label: str
    version: int = 1


@dataclass(frozen=True)
class RoleSpec:
    """A role that ships with the platform. Apps add permissions to it (``AppManifest.role_permissions``).

    ``officer`` is the separated officer (三员: ``system``, ``security``, ``audit``) that it makes of its holder, if any.
    """

    name: str
    label: str
    officer: str = ""
    help: str = ""


PERMISSIONS: Registry[Permission] = Registry("permission")
LINES: Registry[BusinessLine] = Registry("business line")
EVENTS: Registry[EventType] = Registry("event")
ROLES: Registry[RoleSpec] = Registry("role")
SYSTEM_SCOPES: Registry[str] = Registry("system scope")
HANDOVERS: Registry[str] = Registry("handover action")
UNSCOPED_TABLES: dict[str, str] = {}
"""Tables without a row policy, each with the reason; a test holds the list closed."""

ROLE_PERMISSIONS: dict[str, set[str]] = {}
"""Permissions of each shipped role, as the apps' manifests add them up."""


def close_all() -> None:
    """Close every registry, once all apps are loaded.

    Raises:
        UnknownName: a manifest gives a permission that no app declares, or to a role that does not exist.
        ValueError: a permission that only one officer may hold was given to another role.
    """
    for role, names in ROLE_PERMISSIONS.items():
        for name in names:
            if PERMISSIONS[name].officer not in ("", ROLES[role].officer):
                raise ValueError(
                    f"role {role!r} can't hold {name!r}: it belongs to the {PERMISSIONS[name].officer} officer"
                )
    for registry in (PERMISSIONS, LINES, EVENTS, ROLES, SYSTEM_SCOPES, HANDOVERS):
        registry.close()
