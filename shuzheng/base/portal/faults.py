"""What an action refused, shown in the form that asked for it."""

from __future__ import annotations

from collections.abc import Mapping

from django.forms import BaseForm

from shuzheng.kernel.errors import FieldFault, Invalid


def put_faults(form: BaseForm, fault: Invalid, *, names: Mapping[str, str] | None = None) -> None:
    """Put each fault at its field of the form; one that names no field of it is said over the form, and none is dropped.

    ``names`` says what the form calls a field of the action where the two differ.
    """
    for one in fault.faults or [FieldFault("", fault.message)]:
        field = (names or {}).get(one.field, one.field)
        form.add_error(field if field in form.fields else None, one.message)


__all__ = ["put_faults"]
