"""Which forms use a data element: said on the element's page."""

from __future__ import annotations

from django.db.models import TextField
from django.db.models.functions import Cast
from django.urls import reverse
from django.utils.translation import gettext as _

from shuzheng.base.forms import names
from shuzheng.base.forms.models import Definition
from shuzheng.base.standards import uses
from shuzheng.base.standards.uses import Use


def _uses(identifier: str) -> list[Use]:
    """Published forms with a cell that is bound to the element, of those that the running scope may see."""
    rows = Definition.objects.filter(state=Definition.State.PUBLISHED).annotate(text=Cast("spec", TextField()))
    found = rows.filter(text__contains=f'element": "{identifier}"').order_by("code", "-edition")
    return [Use(_("报表"), names.label(row), reverse("forms:definition", args=[row.pk])) for row in found]


uses.provide("forms", _uses)
