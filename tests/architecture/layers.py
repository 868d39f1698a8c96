"""The layers, as the import contracts in pyproject.toml say them; what imports don't show is compared with the same order."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CODE = ROOT / "shuzheng"


@cache
def order() -> tuple[str, ...]:
    """The apps of the base, the lowest first."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    [inside] = [c for c in contracts if c["name"].startswith("the order inside the base")]
    return tuple(layer.strip("()").rsplit(".", 1)[-1] for layer in reversed(inside["layers"]))


def layer_of(path: Path) -> str:
    """The app that a file belongs to; ``config``, ``ops``, ``kernel`` or ``protocols`` otherwise."""
    parts = path.relative_to(CODE).parts
    return parts[1] if parts[0] in ("base", "apps") else parts[0]


@cache
def business() -> frozenset[str]:
    """The business apps, by label."""
    return frozenset(p.name for p in (CODE / "apps").glob("*") if (p / "app.py").exists())


def may_know(lower: str, upper: str) -> bool:
    """Whether code in ``lower`` may name something of ``upper``."""
    if lower in ("config", "ops") or lower == upper:
        return True
    if lower in business():
        return upper in order()
    if lower not in order() or upper not in order():
        return False
    return order().index(upper) <= order().index(lower)


def sources(*, migrations: bool = False) -> list[Path]:
    """Python files of the program."""
    return [p for p in sorted(CODE.rglob("*.py")) if migrations or "migrations" not in p.parts]


def templates() -> list[Path]:
    return sorted(
        p for f in CODE.rglob("templates") for p in f.rglob("*") if p.suffix in (".html", ".txt", ".js", ".svg")
    )


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def calls(path: Path) -> Iterator[tuple[str, ast.Call]]:
    """Calls in a file, with the last part of what is called: ``reverse``, ``cursor``."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            yield name, node


def text_of(node: ast.AST | None) -> str | None:
    """The text of a string constant, of an f-string the part before its first hole."""
    if isinstance(node, ast.JoinedStr) and node.values:
        node = node.values[0]
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None
