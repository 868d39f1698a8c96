"""Declaring a register (台账): one class, and list, detail, forms, Excel, labels, API and rights come from it.

An app writes its declarations in ``registers.py``::

    @register
    class Rooms(Register):
        model, name, noun, icon = Room, "rooms", "room", "door"
        columns = ["number", "kind", Column("area", unit="㎡", total=True), "building"]
        key = ("number",)

and names the noun in its manifest (``registers=[RegisterNames("room", "房间")]``). All the rest is derived from the model;
``without`` opts out. Five methods may be overridden (``rows``, ``verdict``, ``prepare``, ``write``, ``panels``); a register
that needs more wants plain views. docs/apps.md walks through one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, TypeVar

from django.conf import settings
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.db.models import Q, QuerySet
from django.forms import Form
from django.utils import translation

from shuzheng.base.core.actor import Actor
from shuzheng.base.core.models import Kind, Record, Scoped
from shuzheng.base.core.registry import HANDOVERS, PERMISSIONS, Registry
from shuzheng.base.core.scope import EVERYTHING, Range, merge
from shuzheng.base.portal import formats

Verb = Literal["view", "create", "change", "delete", "import", "export"]
FEATURES = frozenset({"create", "change", "delete", "import", "export", "labels", "comments", "attachments", "history"})
"""What a register has unless it opts out with ``without``."""

RESERVED = frozenset(
    {"q", "view", "sort", "page", "size", "scope", "cols", "cursor", "limit", "fields", "density", "id"}
)
"""Names in a list's address that are not filters; no field of a register may be called so."""


@dataclass(frozen=True)
class Column:
    """A column of the list, and a value of the detail page.

    Attributes:
        name: a field of the model, a path through foreign keys (``building__name``), or any name if ``value`` is given.
        value: computes the value from the row; such a column sorts only if ``sort`` names fields.
        total: whether its sum stands at the foot of the list.
        tone: says of a row and value how a rule judges it: ``(over|warn|late, the limit in words)``, or None.
        joins: paths through foreign keys that the value reads besides its own (``str`` of a post reads its person).
        states: shows a choice as a state (shape, colour, word): the kind (``ok warn over late info mute``) by value.
        locked: can be neither dropped nor moved; the first column always is.
    """

    name: str
    label: str = ""
    unit: str = ""
    align: Literal["", "start", "end"] = ""
    shown: bool = True
    locked: bool = False
    total: bool = False
    places: int | None = None
    sort: str = ""
    value: Callable[[Any], Any] | None = None
    tone: Callable[[Any, Any], tuple[str, str] | None] | None = None
    states: Mapping[Any, str] = field(default_factory=dict)
    joins: Sequence[str] = ()
    help: str = ""


@dataclass(frozen=True)
class Tab:
    """A view that ships with the register: a condition with a name. ``where`` may be a function, for what depends on today."""

    name: str
    label: str
    where: Q | Callable[[], Q]
    tone: Literal["", "ok", "warn", "over", "late"] = ""

    @property
    def q(self) -> Q:
        return self.where() if callable(self.where) else self.where


@dataclass(frozen=True)
class FieldGroup:
    """Fields that stand together on the detail page and in the form."""

    title: str
    fields: Sequence[str]
    columns: Literal[1, 2] = 2


@dataclass(frozen=True)
class RowAction:
    """A verb offered on rows, one or many: ``run`` is an ``@action`` function, its permission decides who sees it.

    ``form`` asks for what the action needs besides the rows; its cleaned data become keyword arguments. ``when`` says
    of a row whether the verb fits its state; a ``quiet`` one is never the page's main button.
    """

    run: Callable[..., Any]
    label: str
    icon: str = "player-play"
    form: type[Form] | None = None
    question: str = ""
    when: Callable[[Any], bool] | None = None
    quiet: bool = False

    @property
    def name(self) -> str:
        return str(self.run.action_name).rsplit(".", 1)[-1]  # type: ignore[attr-defined]

    @property
    def permission(self) -> str:
        return str(self.run.permission)  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Related:
    """Rows of another register that point here: its name, and the foreign key they do it with."""

    register: str
    field: str
    title: str = ""


@dataclass(frozen=True)
class Verdict:
    """What the rules say of a row: a kind for each rule in order (``ok warn over late none``), and sentences for the detail page."""

    kinds: Sequence[str]
    sentences: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True)
class Panel:
    """A card of the register's own on the detail page: a template and what it is given."""

    title: str
    template: str
    context: Mapping[str, Any] = field(default_factory=dict)


class Register:
    """A kind of record that is held. Subclasses are declarations; see the module's docstring.

    Attributes:
        model: a ``Scoped`` model with an ``id`` (a ``Record`` as a rule).
        name, noun: plural, for addresses; singular, for permissions (``<app>.<noun>.create``).
        label: what users call it; the model's ``verbose_name`` unless given.
        unit: the word that counts its records (辆, 间, 条).
        columns: of the list; all editable fields unless given.
        key: fields that tell a record in a sheet, for updates by import; with the owner if ``key_in_owner``.
        groups: of the detail page and form; one group with everything unless given.
        filters: fields to filter by; those whose type suits unless given.
        search: fields that the search box looks into (text).
        ordering: fields; must have an index that begins with them, or lists of millions are slow.
        actions: verbs of the register's own, besides create, change and delete.
        related: registers whose rows point here.
        title: the field that names a record; the first column unless given.
        label_fields: what a printed label says beside its QR code, three lines at most.
        without: features to leave out, of ``FEATURES``.
        permissions: names for a verb where they aren't ``<app>.<noun>.<verb>`` (``{"export": "org.node.view"}``).
        page: url name of a page that stands in for the kit's detail page.
        help: what belongs into the register, in a sentence.
        elements: the data element that a field is bound to: its help and link stand beside the field.
    """

    model: ClassVar[type[Any]]
    name: ClassVar[str]
    noun: ClassVar[str]
    label: ClassVar[str] = ""
    unit: ClassVar[str] = "条"
    icon: ClassVar[str] = "list-details"
    columns: ClassVar[Sequence[str | Column]] = ()
    key: ClassVar[Sequence[str]] = ()
    key_in_owner: ClassVar[bool] = True
    groups: ClassVar[Sequence[FieldGroup]] = ()
    fields: ClassVar[Sequence[str]] = ()
    filters: ClassVar[Sequence[str] | None] = None
    tabs: ClassVar[Sequence[Tab]] = ()
    search: ClassVar[Sequence[str]] = ()
    ordering: ClassVar[Sequence[str]] = ("path", "id")
    actions: ClassVar[Sequence[RowAction]] = ()
    related: ClassVar[Sequence[Related]] = ()
    title: ClassVar[str] = ""
    label_fields: ClassVar[Sequence[str]] = ()
    without: ClassVar[frozenset[str] | set[str]] = frozenset()
    permissions: ClassVar[Mapping[str, str]] = {}
    page: ClassVar[str] = ""
    help: ClassVar[str] = ""
    elements: ClassVar[Mapping[str, str]] = {}

    # The five hooks

    def rows(self, rows: QuerySet[Any], actor: Actor) -> QuerySet[Any]:
        """The rows the register is about, before any filter: to narrow or annotate. The scope is applied by the database."""
        return rows

    def verdict(self, row: Any) -> Verdict | None:
        """What the rules say of a row; None for a register without rules."""
        return None

    def prepare(self, rows: Sequence[Any], actor: Actor) -> None:
        """Fill what is computed and check what fields alone can't, before rows are written; set-wise.

        Raises:
            Invalid: with a ``FieldFault`` a fault; ``row`` is the place in ``rows``, counted from 0.
        """

    def write(self, verb: Literal["create", "change", "delete"], rows: Sequence[Any], **call: Any) -> Any:
        """Do it through the register's own actions. ``call`` has ``actor``, ``key``, and for a change ``seen`` and
        ``changes`` (``{id: {field: value}}``); ``verbs.write`` is what happens unless this is overridden."""
        from shuzheng.base.registers import verbs

        return verbs.write(self, verb, rows, **call)

    def panels(self, row: Any, actor: Actor) -> Sequence[Panel]:
        """Cards of the register's own on the detail page."""
        return ()

    # What is derived

    @property
    def app(self) -> str:
        return str(self.model._meta.app_label)

    @property
    def verbose(self) -> str:
        return str(self.label or self.model._meta.verbose_name)

    @property
    def heading(self) -> str:
        """What stands over its list."""
        with translation.override(settings.LANGUAGE_CODE):
            source = self.verbose
        return formats.many(source)

    def has(self, feature: str) -> bool:
        """Whether the register offers ``feature`` (one of ``FEATURES``)."""
        if feature not in FEATURES:
            raise KeyError(f"no feature {feature!r}")
        return feature not in self.without

    def permission(self, verb: str) -> str:
        """The name of the permission for a verb."""
        return self.permissions.get(verb) or f"{self.app}.{self.noun}.{verb}"

    def may(self, actor: Actor, verb: str, path: str | None = None) -> bool:
        """Whether the register has the verb and the actor may use it (at ``path``)."""
        if verb in FEATURES and verb in self.without:
            return False
        return actor.may(self.permission(verb), path)

    def may_write(self, actor: Actor, verb: str, path: str) -> bool:
        """Whether the actor may use the verb on a row at ``path`` and the row policies will let the action write there."""
        reaches = path in actor.scope.write or self.permission(verb) in HANDOVERS
        return reaches and self.may(actor, verb, path)

    @property
    def owned(self) -> bool:
        """Whether rows belong to a node that can be chosen (``Record``)."""
        return issubclass(self.model, Record)

    @property
    def versioned(self) -> bool:
        return any(f.name == "version" for f in self.model._meta.concrete_fields)

    def view_ranges(self, actor: Actor) -> tuple[Range, ...] | None:
        """Where the actor may view rows, if that is less than what the row policies show; None when they suffice.

        Roles narrow: a clerk of the authority whose role holds in its own organ only sees no rows of the organs below.
        Directories and published rows are for everybody who may view them at all.
        """
        scoping = self.model.scoping
        if scoping.kind is not Kind.SUPERVISED:
            return None
        held = merge(actor.grants.get(self.permission("view"), ()))
        readable = actor.scope.ranges(scoping.line)
        if held == (EVERYTHING,) or all(any(h.covers(r) for h in held) for r in readable):
            return None
        return held

    def queryset(self, actor: Actor) -> QuerySet[Any]:
        """The rows that the actor may view. The running scope is the actor's.

        Raises:
            Denied: the actor may view this register nowhere.
        """
        actor.require(self.permission("view"))
        rows = self.rows(self.model._default_manager.all(), actor)
        held = self.view_ranges(actor)
        if held is not None:
            condition = Q(pk__in=[])
            for item in held:
                condition |= Q(path__gte=item.lo, path__lt=item.hi)
            rows = rows.filter(condition)
        return rows

    def tab(self, name: str) -> Tab | None:
        return next((tab for tab in self.tabs if tab.name == name), None)


def follow(model: type[models.Model], path: str) -> models.Field[Any, Any]:
    """The field at the end of ``building__name``.

    Raises:
        FieldDoesNotExist: there is none.
    """
    *heads, last = path.split("__")
    for head in heads:
        target = model._meta.get_field(head)
        if target.related_model is None:
            raise FieldDoesNotExist(f"{head} of {model._meta.label} leads nowhere")
        model = target.related_model  # type: ignore[assignment]
    return model._meta.get_field(last)  # type: ignore[return-value]


REGISTERS: Registry[Register] = Registry("register")
"""Every register by its name, closed once the urls are built."""

R = TypeVar("R", bound=type[Register])


def register(declaration: R) -> R:
    """Put a declaration into the registry, checking what it names.

    Raises:
        UnknownName: one of its permissions is in no manifest.
        FieldDoesNotExist: a field that the model does not have.
        ValueError: a feature, a name or a model that can't be.
    """
    item = declaration()
    label = f"register {item.name!r}"
    if not issubclass(item.model, Scoped):
        raise ValueError(f"{label}: {item.model} has no scope")
    if unknown := set(item.without) - FEATURES:
        raise ValueError(f"{label}: no features {sorted(unknown)}")
    for verb in ("view", *({"create", "change", "delete", "import", "export"} - set(item.without))):
        PERMISSIONS[item.permission(verb)]
    computed = {c.name for c in item.columns if isinstance(c, Column) and c.value is not None}
    named = [
        *(c.name if isinstance(c, Column) else c for c in item.columns),
        *(c.sort for c in item.columns if isinstance(c, Column) and c.sort),
        *item.key, *item.fields, *(item.filters or ()), *item.search, *item.label_fields,
        *(o.lstrip("-") for o in item.ordering),
        *(f for group in item.groups for f in group.fields), *item.elements,
    ]  # fmt: skip
    for name in named:
        if name not in computed:
            follow(item.model, name)
    if taken := RESERVED.intersection(n for n in named if n != "id"):
        raise ValueError(f"{label}: {sorted(taken)} are names of the list's address")
    if hidden := set(item.model.sensitive if item.owned else ()).intersection(
        [*(item.filters or ()), *item.search, *item.key]
    ):
        raise ValueError(f"{label}: {sorted(hidden)} are sensitive; a filter or search would tell them")
    from shuzheng.base.registers import verbs

    verbs.declare(item)
    REGISTERS.register(item.name, item)
    return declaration


def register_of(model: type[models.Model]) -> Register | None:
    """The register that holds records of ``model``, if there is one."""
    return next((item for item in REGISTERS.values() if item.model is model), None)


__all__ = [
    "FEATURES",
    "REGISTERS",
    "Column",
    "FieldGroup",
    "Panel",
    "Register",
    "Related",
    "RowAction",
    "Tab",
    "Verdict",
    "follow",
    "register",
    "register_of",
]
