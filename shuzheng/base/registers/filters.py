"""Filters of a list, derived from the fields: what stands in the address, the condition it means, and how it is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from shuzheng.base.core.scope import Range
from shuzheng.base.registers import sheet_values as cells
from shuzheng.base.registers.declare import Register, follow
from shuzheng.base.registers.fields import Kind, kind_of, label_field
from shuzheng.kernel.errors import FieldFault, Invalid

Values = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Filter:
    """One filter. In the address it is ``name`` (repeated for several choices), or ``name_from`` and ``name_to``."""

    name: str
    label: str
    kind: Kind
    field: Any
    choices: Mapping[str, str] = field(default_factory=dict)

    @property
    def ranged(self) -> bool:
        return self.kind in ("integer", "number", "date", "datetime")

    @property
    def keys(self) -> tuple[str, ...]:
        """The names it has in the address."""
        return (f"{self.name}_from", f"{self.name}_to") if self.ranged else (self.name,)

    @property
    def to_node(self) -> bool:
        return self.kind == "relation" and self.field.related_model._meta.label == "org.Node"

    def given(self, values: Values) -> bool:
        return any(v for key in self.keys for v in values.get(key, ()))

    def q(self, values: Values) -> Q:
        """The condition.

        Raises:
            Invalid: a value is no choice, number, date or id.
        """
        texts = [v for v in values.get(self.name, ()) if v]
        if self.ranged:
            return self._range(values)
        if not texts:
            return Q()
        if self.kind == "choice":
            return Q(**{f"{self.name}__in": [self._choice(t) for t in texts]})
        if self.kind == "choices":
            return Q(**{f"{self.name}__overlap": [self._choice(t) for t in texts]})
        if self.kind == "yesno":
            return Q(**{self.name: self._read(cells.to_yes, texts[-1])})
        if self.kind == "span":
            return Q(**{f"{self.name}__contains": self._read(cells.to_day, texts[-1])})
        if self.kind == "relation":
            return self._relation(texts)
        return Q(**{f"{self.name}__icontains": texts[-1]})

    def _choice(self, text: str) -> Any:
        if text not in self.choices:
            raise self._fault(_("没有“%(value)s”这一项。") % {"value": text}, text)
        base = getattr(self.field, "base_field", self.field)
        return base.to_python(text)

    def _range(self, values: Values) -> Q:
        read = cells.to_day if self.kind in ("date", "datetime") else cells.to_number
        low, high = ([v for v in values.get(key, ()) if v] for key in self.keys)
        condition = Q()
        if low:
            condition &= Q(**{f"{self.name}__gte": self._bound(self._read(read, low[-1]))})
        if high:
            end = self._read(read, high[-1])
            if self.kind == "datetime":
                condition &= Q(**{f"{self.name}__lt": self._bound(end + timedelta(days=1))})
            else:
                condition &= Q(**{f"{self.name}__lte": end})
        return condition

    def _bound(self, value: Any) -> Any:
        if self.kind == "datetime":
            return timezone.make_aware(datetime(value.year, value.month, value.day))
        return value

    def _relation(self, texts: Sequence[str]) -> Q:
        ids = []
        for text in texts:
            try:
                ids.append(self.field.target_field.to_python(text))
            except ValidationError:
                raise self._fault(_("不是有效的编号。"), text)
        if not self.to_node:
            return Q(**{f"{self.name}__in": ids})
        # A node stands for what lies below it, too.
        condition = Q(pk__in=[])
        for path in self.field.related_model.objects.filter(pk__in=ids).values_list("path", flat=True):
            span = Range.subtree(path)
            condition |= (
                Q(path__gte=span.lo, path__lt=span.hi)
                if self.name == "node"
                else Q(**{f"{self.name}__path__gte": span.lo, f"{self.name}__path__lt": span.hi})
            )
        return condition

    def _read(self, read: Any, text: str) -> Any:
        try:
            return read(text)
        except ValueError as fault:
            raise self._fault(str(fault), text)

    def _fault(self, message: str, value: str) -> Invalid:
        said = _("条件“%(label)s”：%(message)s") % {"label": self.label, "message": message}
        return Invalid(said, [FieldFault(self.name, message, value=value)])

    def said(self, values: Values) -> str:
        """What is set, as the pill shows it; a relation is named by its ids' labels, which the caller asks for."""
        if self.ranged:
            low, high = (next((v for v in values.get(key, ()) if v), "") for key in self.keys)
            if low and high:
                return f"{low} – {high}"
            return f"≥ {low}" if low else f"≤ {high}" if high else ""
        texts = [v for v in values.get(self.name, ()) if v]
        if self.kind == "yesno" and texts:
            return _("是") if texts[-1] in ("1", "true") else _("否")
        return "、".join(self.choices.get(t, t) for t in texts)

    def names(self, values: Values) -> str:
        """As ``said`` for a relation: the names of the records chosen, through the scope."""
        ids = [v for v in values.get(self.name, ()) if v]
        target = self.field.related_model
        known = target._default_manager.filter(pk__in=ids).values_list(label_field(target), flat=True)
        return "、".join(map(str, known))


def filters_of(register: Register) -> tuple[Filter, ...]:
    """The filters of a register: the declared fields, or those whose type suits."""
    names = register.filters
    if names is None:
        names = [
            f.name
            for f in register.model._meta.concrete_fields
            if f.editable and not f.primary_key and (kind_of(f) not in ("text", "json"))
        ]
    found = []
    for name in names:
        target = follow(register.model, name)
        base = getattr(target, "base_field", target)
        choices = {str(value): str(label) for value, label in (base.flatchoices if base.choices else ())}
        found.append(Filter(name, str(target.verbose_name), kind_of(target), target, choices))
    return tuple(found)
