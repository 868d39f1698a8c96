"""The abstract models that every scoped table is made from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from functools import cache
from operator import attrgetter
from typing import Any, ClassVar, Self
from uuid import UUID

from django.db import models
from django.utils.translation import gettext_lazy as _

from shuzheng.base.core.registry import LINES
from shuzheng.kernel.ids import uuid7


class Kind(Enum):
    """Who may see a row (docs/architecture.md, 'Scope in one page')."""

    SUPERVISED = "supervised"
    INTERNAL = "internal"
    PUBLISHED = "published"
    CASE = "case"
    DIRECTORY = "directory"
    FOLLOWS = "follows"
    """As the record that the row is about (``Following``)."""


@dataclass(frozen=True)
class Scoping:
    """A model's class of scope and the business line that supervises it.

    ``insert_only`` tables (the audit trail) get no right to update or delete for the running role.
    """

    kind: Kind
    line: str = "general"
    insert_only: bool = False


class PathField(models.CharField):
    """A materialised path, compared byte by byte so that a subtree is one index range."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 255)
        kwargs.setdefault("db_collation", "C")
        super().__init__(*args, **kwargs)


class Scoped(models.Model):
    """A row under a row policy. Subclasses set ``scoping``; the framework makes the policy from it."""

    scoping: ClassVar[Scoping]

    path = PathField(_("归属路径"), editable=False)

    class Meta:
        abstract = True

    @classmethod
    def check(cls, **kwargs: Any) -> list[Any]:
        if not cls._meta.abstract:
            LINES[cls.scoping.line]
        return super().check(**kwargs)


class Record(Scoped):
    """A business record: owned by a node, with an id made in the program and a version for conflict checks."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    node = models.ForeignKey("org.Node", on_delete=models.PROTECT, related_name="+", verbose_name=_("归属单位"))
    version = models.PositiveIntegerField(_("版本"), default=1, editable=False)
    created_at = models.DateTimeField(_("建立时间"), auto_now_add=True)
    updated_at = models.DateTimeField(_("更新时间"), auto_now=True)

    sensitive: ClassVar[frozenset[str]] = frozenset()
    """Fields whose values the audit trail, events and search never hold in clear."""

    class Meta:
        abstract = True
        indexes: ClassVar = [models.Index(fields=["path", "id"], name="%(app_label)s_%(class)s_scope")]

    def own(self, node: Any) -> None:
        """Make ``node`` the owner: its id, and its path as a cache."""
        self.node_id, self.path = node.id, node.path

    def snapshot(self) -> dict[str, Any]:
        """The stored values by field, as plain JSON values; sensitive ones as ``***``."""
        shown, read, hidden = _told(type(self))
        told = [value if type(value) in _PLAIN else plain(value) for value in read(self)]
        values = dict(zip(shown, told, strict=True))
        for name in hidden:
            if values[name]:
                values[name] = "***"
        return values

    def alike(self, **values: Any) -> Self:
        """Another new record with this one's values, but for ``values`` and an id of its own.

        Making thousands so takes a tenth of the time: no field is asked for its default again.
        """
        made, state = type(self).__new__(type(self)), models.base.ModelState()
        for name in [name for name, value in values.items() if isinstance(value, models.Model)]:
            state.fields_cache[name] = related = values.pop(name)
            values[self._meta.get_field(name).attname] = related.pk
        made.__dict__ = {**self.__dict__, "_state": state, "id": uuid7(), **values}
        return made


@cache
def _told(model: type[Record]) -> tuple[list[str], Callable[[Record], tuple[Any, ...]], list[str]]:
    """What the trail tells of a record, what reads it, and what of that it hides."""
    fields = [f for f in model._meta.concrete_fields if f.name not in {"path", "version", "created_at", "updated_at"}]
    shown = [f.attname for f in fields]
    return shown, attrgetter(*shown), [f.attname for f in fields if f.name in model.sensitive]


class Published(Record):
    """A record that everybody below ``audience`` may read: a division's path, the nation's being empty."""

    audience = PathField(_("发布范围"), blank=True)

    class Meta(Record.Meta):
        abstract = True


class CaseRecord(Record):
    """A record that the participants of a case may read, wherever in the tree they sit."""

    case_id = models.UUIDField(_("事项"), null=True, editable=False)

    class Meta(Record.Meta):
        abstract = True


class Following(Scoped):
    """A row about another record, seen by exactly those who see that record: an attachment, an entry of the search table.

    ``rule`` is the record's business line if that decides, else ``=`` and its class; ``audience`` that of a published one.
    """

    scoping = Scoping(Kind.FOLLOWS)

    rule = models.CharField(max_length=30, editable=False, db_collation="C")
    audience = PathField(null=True, editable=False)
    case_id = models.UUIDField(null=True, editable=False)

    class Meta:
        abstract = True

    def follow(self, record: Scoped) -> None:
        """Take over who sees ``record``, as it is now."""
        scoping = record.scoping
        by_line = scoping.kind in (Kind.SUPERVISED, Kind.PUBLISHED)
        self.path = record.path
        self.rule = scoping.line if by_line else f"={scoping.kind.value}"
        self.audience = getattr(record, "audience", None) if scoping.kind is Kind.PUBLISHED else None
        self.case_id = getattr(record, "case_id", None) if scoping.kind is Kind.CASE else None
        if scoping.kind is Kind.FOLLOWS:
            self.rule, self.audience, self.case_id = record.rule, record.audience, record.case_id  # type: ignore[attr-defined]


_PLAIN = frozenset({type(None), str, bool, int})
_TEXTS: dict[type, Callable[[Any], str]] = {
    UUID: str, Decimal: str, date: date.isoformat, datetime: datetime.isoformat
}  # fmt: skip


def plain(value: Any) -> Any:
    """A value as JSON can hold it: numbers with a fraction and dates as text, so that nothing is rounded."""
    if type(value) in _PLAIN or isinstance(value, str | bool | int):
        return value
    if (text := _TEXTS.get(type(value))) is not None:
        return text(value)
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(v) for v in value]
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if hasattr(value, "lower") and hasattr(value, "upper"):  # a range of dates
        return [plain(value.lower), plain(value.upper)]
    return str(value)


class ActionKey(models.Model):
    """An idempotency key that was used, and what the action answered then. Kept for ``SZ_KEY_DAYS``, then purged."""

    key = models.CharField(max_length=80, primary_key=True)
    actor = models.CharField(max_length=60)
    action = models.CharField(max_length=80)
    digest = models.CharField(max_length=64)
    ids = models.JSONField(default=list)
    at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        verbose_name = _("幂等键")


class DataKey(models.Model):
    """A key that encrypts texts, or makes their blind index; stored wrapped by the key-encryption key (``core.keys``)."""

    TEXT, INDEX = "text", "index"

    id = models.CharField(max_length=8, primary_key=True)
    purpose = models.CharField(max_length=5, choices=[(TEXT, "text"), (INDEX, "index")])
    wrapped = models.TextField()
    is_current = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("数据密钥")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["purpose"], condition=models.Q(is_current=True), name="core_datakey_current"
            )
        ]
