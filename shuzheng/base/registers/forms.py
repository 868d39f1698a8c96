"""The form of a register, made from its model: choices narrowed to what the actor may see, owners to where they may write."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib.postgres.fields import ArrayField, DateRangeField
from django.db import models
from django.db.models import Q, QuerySet
from django.urls import reverse

from shuzheng.base.core.actor import Actor
from shuzheng.base.core.registry import HANDOVERS
from shuzheng.base.core.scope import Range, merge
from shuzheng.base.org.models import Node, NodeKind
from shuzheng.base.registers import widgets
from shuzheng.base.registers.declare import Register, register_of
from shuzheng.base.registers.fields import field_names

SIMPLE: tuple[tuple[type[models.Field[Any, Any]], type[forms.Field]], ...] = (
    (models.IntegerField, widgets.WholeField),
    (models.DecimalField, widgets.NumberField),
    (models.DateTimeField, forms.DateTimeField),
    (models.DateField, widgets.DayField),
    (DateRangeField, widgets.SpanField),
    (models.CharField, widgets.TextField),
)


def owner_ranges(register: Register, actor: Actor, verb: str = "create") -> tuple[Range, ...]:
    """Where the actor may put new records: where the right holds, within what the action can write."""
    held = merge(actor.grants.get(register.permission(verb), ()))
    if register.permission(verb) in HANDOVERS:
        return held
    write = actor.scope.write
    clipped = [Range(max(r.lo, write.lo), min(r.hi, write.hi)) for r in held]
    return merge(clipped)


def owners(register: Register, actor: Actor) -> QuerySet[Node]:
    """The organs and departments that new records may belong to."""
    condition = Q(pk__in=[])
    for item in owner_ranges(register, actor):
        condition |= Q(path__gte=item.lo, path__lt=item.hi)
    return Node.objects.filter(condition, valid_to=None).exclude(kind=NodeKind.DIVISION)


def chooses_owner(register: Register, actor: Actor) -> bool:
    """Whether there is an owner to choose: more than one's own organ."""
    return register.owned and owner_ranges(register, actor) != (actor.scope.organ,)


def targets(field: models.ForeignKey[Any, Any], actor: Actor) -> QuerySet[Any]:
    """The records that a foreign key may point to: those of the target's register that the actor may view."""
    model: Any = field.related_model
    held = register_of(model)
    if held is not None and actor.may(held.permission("view")):
        return held.queryset(actor)
    return model._default_manager.all()


class RegisterForm(forms.ModelForm):
    """A register's form. ``repeated``: the request is a retry, and the record it made must not count as its duplicate."""

    repeated = False

    def clean(self) -> dict[str, Any]:
        # ModelForm.clean asks for the checks of uniqueness that follow it.
        return self.cleaned_data if self.repeated else super().clean()


def form_class(
    register: Register, actor: Actor, *, only: Sequence[str] | None = None, owner: bool = False
) -> type[forms.ModelForm]:
    """The form class for one actor. ``only`` narrows it to some fields; ``owner`` adds the choice of the owner."""
    names = [name for name in field_names(register) if only is None or name in only]
    if owner and register.owned:
        names = ["node", *names]

    def made(field: models.Field[Any, Any], **kwargs: Any) -> forms.Field | None:
        if isinstance(field, models.ForeignKey):
            url = reverse("registers:choices", kwargs={"register": register.name, "field": field.name})
            rows = owners(register, actor) if field.name == "node" and owner else targets(field, actor)
            return field.formfield(queryset=rows, widget=widgets.Choose(url), **kwargs)  # type: ignore[no-any-return]
        if isinstance(field, ArrayField) and field.base_field.choices:
            return forms.TypedMultipleChoiceField(
                choices=field.base_field.choices, label=field.verbose_name, help_text=field.help_text,
                required=not field.blank, widget=forms.CheckboxSelectMultiple,
            )  # fmt: skip
        if not field.choices:
            for kind, form_field in SIMPLE:
                if isinstance(field, kind):
                    return field.formfield(form_class=form_field, **kwargs)
        return field.formfield(**kwargs)

    return forms.modelform_factory(register.model, form=RegisterForm, fields=names, formfield_callback=made)
