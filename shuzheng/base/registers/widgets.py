"""Fields and widgets of a register's forms: they take what people type as sheets do, and choose records by typeahead."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from psycopg.types.range import DateRange

from shuzheng.base.registers import sheet_values as cells
from shuzheng.base.registers.fields import last_day
from shuzheng.kernel.text import fold


def _convert(read: Callable[[Any], Any], value: Any) -> Any:
    if cells.is_blank(value):
        return None
    try:
        return read(value)
    except ValueError as fault:
        raise ValidationError(str(fault))


class TextField(forms.CharField):
    """Text, folded: widths and stray spaces."""

    def to_python(self, value: Any) -> str:
        text = super().to_python(value)
        # Several lines are kept as typed but for the ends of lines.
        return text if "\n" in text else fold(text)


class NumberField(forms.DecimalField):
    """An exact number as people type it."""

    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})

    def to_python(self, value: Any) -> Any:
        return _convert(cells.to_number, value)

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {}


class WholeField(forms.IntegerField):
    """A whole number as people type it."""

    widget = forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"})

    def to_python(self, value: Any) -> Any:
        return _convert(cells.to_integer, value)

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {}


class DayInput(forms.DateInput):
    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")


class DayField(forms.DateField):
    """A day, in any of the usual writings."""

    widget = DayInput

    def to_python(self, value: Any) -> Any:
        return _convert(cells.to_day, value)


class SpanWidget(forms.MultiWidget):
    """From and to, both days included."""

    template_name = "registers/widgets/span.html"
    use_fieldset = True

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__([DayInput(attrs={"aria-label": _("从")}), DayInput(attrs={"aria-label": _("到")})], attrs)

    def decompress(self, value: Any) -> list[date | None]:
        return [value.lower, last_day(value)] if value else [None, None]


class SpanField(forms.MultiValueField):
    """A span of days. The last day is part of what is typed, not of what is stored."""

    widget = SpanWidget

    def __init__(self, **kwargs: Any) -> None:
        kwargs.pop("max_length", None)
        super().__init__([DayField(required=False), DayField(required=False)], require_all_fields=False, **kwargs)

    def compress(self, data: list[date | None]) -> DateRange | None:
        begin, end = data or (None, None)
        if begin is None and end is None:
            return None
        if begin and end and end < begin:
            raise ValidationError(_("结束日期早于开始日期。"))
        return DateRange(begin, end + timedelta(days=1) if end else None, "[)")


class Choose(forms.Select):
    """A record of another register, found by typing (``sz-choose``); the hidden input carries its id."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        attrs = attrs or {}
        shown = ""
        if value not in (None, ""):
            try:
                found = self.choices.queryset.filter(pk=value).first()  # type: ignore[union-attr]
            except (ValidationError, ValueError):
                found = None
            shown, value = (str(found), found.pk) if found is not None else ("", "")
        described = attrs.get("aria-describedby", "")
        return format_html(
            '<sz-choose data-url="{}"><input type="hidden" name="{}" value="{}">'
            '<input class="{}" type="search" id="{}" role="combobox" aria-expanded="false" aria-autocomplete="list"'
            ' aria-controls="{}_list" autocomplete="off" value="{}" placeholder="{}"{}>'
            '<div class="sz-pop sz-suggest" id="{}_list" role="listbox" aria-label="{}" hidden></div></sz-choose>',
            self.url, name, value or "", attrs.get("class", "form-control"), attrs.get("id", f"id_{name}"),
            attrs.get("id", f"id_{name}"), shown, _("输入名称或编号查找"),
            format_html(' aria-describedby="{}"', described) if described else "",
            attrs.get("id", f"id_{name}"), _("可选项"),
        )  # fmt: skip
