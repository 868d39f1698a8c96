"""What the kernel says to people: in Chinese, until the program lends it the reader's language (``base.core`` does at start)."""

from __future__ import annotations

from collections.abc import Callable

_translate: Callable[[str], str] = str


def lend(translate: Callable[[str], str]) -> None:
    """From now on texts are said as ``translate`` gives them."""
    global _translate
    _translate = translate


def gettext(text: str) -> str:
    """``text`` in the reader's language. Named as everywhere, so that the catalogue finds the texts."""
    return _translate(text)


def gettext_noop(text: str) -> str:
    """``text`` as it is: marks what is translated later, when it is said."""
    return text
