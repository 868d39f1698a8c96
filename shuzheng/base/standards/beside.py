"""Shelves that other parts of the base keep beside the standards (standard processes), so that 标准规范 leads to all of them."""

from __future__ import annotations

from typing import Any, NamedTuple


class Shelf(NamedTuple):
    """``label`` is lazily translated; ``url`` a url name; seen by those who hold ``permission``."""

    label: Any
    url: str
    permission: str


SHELVES: list[Shelf] = []


def add(label: Any, url: str, permission: str) -> None:
    """Put up a shelf; called once, at start."""
    SHELVES.append(Shelf(label, url, permission))
