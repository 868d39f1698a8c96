"""The form of a process as a Django form, so that pages draw it with the parts that all forms are drawn with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms

from shuzheng.base.flows.bpmn.words import Field, Outline
from shuzheng.base.flows.values import label
from shuzheng.base.portal.faults import put_faults
from shuzheng.kernel.errors import Invalid

PREFIX = "f"


class CaseForm(forms.Form):
    """Fields that may be entered here; what is in them is checked by ``values.take``."""

    def __init__(
        self, outline: Outline, rights: Mapping[str, str], held: Mapping[str, Any], data: Any = None, form: str = ""
    ) -> None:
        super().__init__(data, prefix=PREFIX, initial={k: v for k, v in held.items() if v is not None})
        for item in outline.fields:
            if rights.get(item.code) in ("edit", "required"):
                field = _field(item)
                field.label, field.help_text = label(item), item.help
                field.required = rights[item.code] == "required"
                field.widget.is_required = False  # said by us, in words, and not by the browser
                if form:
                    field.widget.attrs["form"] = form
                self.fields[item.code] = field
                field.unit = item.unit  # type: ignore[attr-defined]

    def given(self) -> dict[str, Any]:
        """What was sent, by code; a box that is not ticked is sent as nothing."""
        return {
            code: field.widget.value_from_datadict(self.data, self.files, self.add_prefix(code))
            for code, field in self.fields.items()
        }

    def blame(self, fault: Invalid) -> None:
        """Put the faults to their fields."""
        self.full_clean()
        put_faults(self, fault)

    @property
    def units(self) -> dict[str, str]:
        return {code: getattr(field, "unit", "") for code, field in self.fields.items()}


def _field(item: Field) -> forms.Field:
    choices = [(o, o) for o in item.options]
    if item.kind == "long":
        return forms.CharField(widget=forms.Textarea(attrs={"rows": 4}))
    if item.kind == "date":
        return forms.CharField(widget=forms.DateInput(attrs={"type": "date"}))
    if item.kind == "choice":
        return forms.CharField(widget=forms.Select(choices=[("", "—"), *choices]))
    if item.kind == "choices":
        return forms.MultipleChoiceField(choices=choices, widget=forms.CheckboxSelectMultiple)
    if item.kind == "boolean":
        return forms.BooleanField()
    numeric = {"inputmode": "decimal", "class": "num"} if item.kind in ("number", "money") else {}
    return forms.CharField(widget=forms.TextInput(attrs=numeric))
