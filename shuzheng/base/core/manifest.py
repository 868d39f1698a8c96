"""The manifest of an app: everything it adds to the platform, read once at start (``app.py`` in each app)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import ClassVar

from django.apps import AppConfig, apps

from shuzheng.base.core import registry
from shuzheng.base.core.registry import BusinessLine, EventType, Permission, RoleSpec


@dataclass(frozen=True)
class MenuEntry:
    """A line of an app's menu. ``url`` is a url name; it shows to those who hold ``permission`` (empty: to all).

    ``watches`` names a business line: then only to posts whose office watches over that line in its own division. An
    institution, which has nobody below it, is not led to a page that would be empty for it.
    """

    label: str
    url: str
    icon: str = "list-details"
    permission: str = ""
    group: str = ""
    watches: str = ""


@dataclass(frozen=True)
class Board:
    """One of the portal's boards (板块), shown in the rail."""

    name: str
    label: str
    icon: str
    order: int


@dataclass(frozen=True)
class RegisterNames:
    """The names that a register (``base.registers``) brings: its permissions and events, and the roles that hold them.

    Permissions are ``<app>.<noun>.view``, ``create``, ``change``, ``delete``, ``import`` and ``export``; events are
    ``<app>.<noun>.created``, ``changed`` and ``deleted``.

    Attributes:
        noun, label: in the singular.
        readers: shipped roles that may view and export; keepers may do the rest too.
        handover: why an authority may keep the records of the organs below it; empty when it may not.
    """

    noun: str
    label: str
    readers: Sequence[str] = ("staff", "reviewer", "leader")
    keepers: Sequence[str] = ("clerk", "business_admin")
    handover: str = ""

    READING: ClassVar = {"view": "查看", "export": "导出"}
    KEEPING: ClassVar = {"create": "登记", "change": "修改", "delete": "删除", "import": "导入"}
    FACTS: ClassVar = {"created": "已登记", "changed": "已修改", "deleted": "已删除"}

    def register(self, app: str) -> None:
        at = f"{app}.{self.noun}"
        for verb, word in {**self.READING, **self.KEEPING}.items():
            registry.PERMISSIONS.register(f"{at}.{verb}", Permission(f"{at}.{verb}", word + self.label))
        for fact, word in self.FACTS.items():
            registry.EVENTS.register(f"{at}.{fact}", EventType(f"{at}.{fact}", self.label + word))
        for role in {*self.readers, *self.keepers}:
            held = {f"{at}.{verb}" for verb in self.READING}
            held |= {f"{at}.{verb}" for verb in self.KEEPING} if role in self.keepers else set()
            registry.ROLE_PERMISSIONS.setdefault(role, set()).update(held)
        if self.handover:
            for verb in ("create", "change", "delete"):
                registry.HANDOVERS.register(f"{at}.{verb}", self.handover)


@dataclass(frozen=True)
class AppManifest:
    """What an app is and provides.

    Attributes:
        name: the app's label; the namespace of its urls, permissions and events.
        label: what users call it.
        board: the board of the portal it stands on; empty for the base's own apps.
        order: place on the board.
        unscoped: its tables without a row policy, each with the reason.
        registers: nouns whose permissions and events are the usual ones of a register.
        role_permissions: what the app lets the shipped roles do.
        actions: what auditors call actions that have no right of their own.
        system_scopes, handovers: names and why each is needed; both lists are closed and tested.
        url_prefix: where its pages lie; its name unless given.
    """

    name: str
    label: str
    icon: str = "apps"
    board: str = ""
    order: int = 100
    lines: Sequence[BusinessLine] = ()
    permissions: Sequence[Permission] = ()
    registers: Sequence[RegisterNames] = ()
    events: Sequence[EventType] = ()
    roles: Sequence[RoleSpec] = ()
    role_permissions: dict[str, Sequence[str]] = field(default_factory=dict)
    menu: Sequence[MenuEntry] = ()
    actions: dict[str, str] = field(default_factory=dict)
    system_scopes: dict[str, str] = field(default_factory=dict)
    handovers: dict[str, str] = field(default_factory=dict)
    unscoped: dict[str, str] = field(default_factory=dict)
    url_prefix: str = ""

    def register(self) -> None:
        """Put every declared name into its registry."""
        for line in self.lines:
            registry.LINES.register(line.name, line)
        for permission in self.permissions:
            registry.PERMISSIONS.register(permission.name, permission)
        for event in self.events:
            registry.EVENTS.register(event.name, event)
        for role in self.roles:
            registry.ROLES.register(role.name, role)
        for name, permissions in self.role_permissions.items():
            registry.ROLE_PERMISSIONS.setdefault(name, set()).update(permissions)
        for name, reason in self.system_scopes.items():
            registry.SYSTEM_SCOPES.register(name, reason)
        for name, reason in self.handovers.items():
            registry.HANDOVERS.register(name, reason)
        for names in self.registers:
            names.register(self.name)
        for table, reason in self.unscoped.items():
            registry.UNSCOPED_TABLES[table] = reason


MANIFESTS: dict[str, AppManifest] = {}
"""Manifest of each installed app, in the order of ``INSTALLED_APPS``."""


class ShuzhengAppConfig(AppConfig):
    """Base of the ``AppConfig`` of every app: takes up ``app.py``'s ``MANIFEST`` before models are loaded.

    ``modules`` are imported once all models are there (actions, events taken up, jobs).
    """

    default_auto_field = "django.db.models.BigAutoField"
    modules: Sequence[str] = ()
    default = False  # this class itself is never an app; each subclass is

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        cls.default = True

    def import_models(self) -> None:
        manifest: AppManifest = import_module(f"{self.name}.app").MANIFEST
        manifest.register()
        MANIFESTS[manifest.name] = manifest
        super().import_models()

    def ready(self) -> None:
        for module in self.modules:
            import_module(f"{self.name}.{module}")


def manifest(name: str) -> AppManifest:
    """The manifest of an installed app."""
    return MANIFESTS[name]


def modules(kind: str) -> list[tuple[AppManifest, ModuleType]]:
    """The module ``kind`` (``pages``, ``api``, ``registers``, ``demo``) of each app that has one."""
    found = []
    for label, item in MANIFESTS.items():
        package = apps.get_app_config(label).name
        if find_spec(f"{package}.{kind}"):
            found.append((item, import_module(f"{package}.{kind}")))
    return found


__all__ = [
    "MANIFESTS",
    "AppManifest",
    "Board",
    "BusinessLine",
    "EventType",
    "MenuEntry",
    "Permission",
    "RegisterNames",
    "RoleSpec",
    "ShuzhengAppConfig",
    "manifest",
    "modules",
]
