"""Texts that the program says in notices and to-dos, in the language of whoever reads them.

An app declares them beside its other words; a row keeps the name and the values, never the sentence alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shuzheng.base.core.registry import Registry

if TYPE_CHECKING:
    from shuzheng.base.notify.models import Worded


@dataclass(frozen=True)
class Text:
    """Title and body, lazily translated, with ``{names}`` for values."""

    title: Any
    body: Any = ""


TEXTS: Registry[Text] = Registry("text of notices")


def declare(name: str, title: Any, body: Any = "") -> None:
    """Declare a text: ``declare("forms.task.issued", _("{form}：请于 {due} 前填报"))``."""
    TEXTS.register(name, Text(title, body))


def fill(name: str, values: dict[str, Any]) -> tuple[str, str]:
    """Title and body in the active language.

    Raises:
        UnknownName: no app declares the text.
        KeyError: a value is missing.
    """
    text = TEXTS[name]
    return str(text.title).format_map(values), str(text.body).format_map(values)


def title(row: Worded) -> str:
    """The row's title; as it was said when it was sent, if its app was taken off since."""
    if row.template and row.template in TEXTS:
        return fill(row.template, row.values)[0]
    return row.title


def body(row: Any) -> str:
    """The notice's body."""
    if row.template and row.template in TEXTS:
        return fill(row.template, row.values)[1]
    return str(row.body)
