"""Rules that every template of the project keeps, so that it works under the content security policy (docs/frontend.md).

A pure scan of files: no database, no server.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted(
    path for folder in (ROOT / "shuzheng").rglob("templates") if folder.is_dir() for path in folder.rglob("*.html")
)
ICONS = {
    line.strip()
    for line in (ROOT / "islands" / "icons.txt").read_text(encoding="utf-8").splitlines()
    if line.strip() and not line.startswith("#")
}

COMMENTS = re.compile(r"\{#.*?#\}|\{%\s*comment\b.*?%\}.*?\{%\s*endcomment\s*%\}|<!--.*?-->", re.S)
# an attribute's value may hold template tags with quotes of their own
TAG = re.compile(r"<[a-zA-Z][^\s>]*(?:\{[{%].*?[%}]\}|[^>{]|\{(?![{%]))*>", re.S)
FORBIDDEN = {
    "a style attribute": re.compile(r"\sstyle\s*=", re.I),
    "an inline event handler": re.compile(r"\son[a-z]+\s*=", re.I),
    "hx-on": re.compile(r"\s(?:data-)?hx-on\b", re.I),
    "a js: or javascript: value": re.compile(r"=\s*[\"']\s*(?:js|javascript):", re.I),
    "a filter in hx-trigger": re.compile(r"\s(?:data-)?hx-trigger\s*=\s*(?:\"[^\"]*\[|'[^']*\[)", re.I),
}
SCRIPT = re.compile(r"<script\b((?:\{[{%].*?[%}]\}|[^>])*)>(.*?)</script>", re.S | re.I)
ICON = re.compile(r"""\{%\s*sz_icon\s+["']([^"']+)["']""")


def faults(source: str) -> list[str]:
    """What a template does that the policy does not allow."""
    text = COMMENTS.sub("", source)
    found = [name for tag in TAG.findall(text) for name, pattern in FORBIDDEN.items() if pattern.search(tag)]
    for attrs, body in SCRIPT.findall(text):
        if body.strip() and "application/json" not in attrs:
            found.append("an inline script")
    if re.search(r"<style\b", text, re.I):
        found.append("an inline style sheet")
    if "|safe" in text.replace(" ", ""):
        found.append("text marked safe in a template")
    return found


def test_templates_are_found() -> None:
    assert len(TEMPLATES) > 40


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_template_keeps_the_security_policy(path: Path) -> None:
    assert faults(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_template_names_only_icons_of_the_sprite(path: Path) -> None:
    assert sorted(set(ICON.findall(path.read_text(encoding="utf-8"))) - ICONS) == []


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ('<p style="color: red">', "a style attribute"),
        ("<p\n  style='x'>", "a style attribute"),
        ('<a href="{% url "x" %}" onclick="go()">', "an inline event handler"),
        ('<div hx-on:click="go()">', "hx-on"),
        ("<div hx-vals='js:{a: 1}'>", "a js: or javascript: value"),
        ('<a href="javascript:go()">', "a js: or javascript: value"),
        ('<div hx-get="/x" hx-trigger="keyup[key==\'Enter\']">', "a filter in hx-trigger"),
        ("<script>go()</script>", "an inline script"),
        ("<style>p {}</style>", "an inline style sheet"),
        ("{{ text|safe }}", "text marked safe in a template"),
    ],
)
def test_scan_finds_what_is_forbidden(source: str, fault: str) -> None:
    assert faults(source) == [fault]


@pytest.mark.parametrize(
    "source",
    [
        '<script type="application/json">{"a": "style=1"}</script>',
        '<script src="/static/x.js"></script>',
        '<p class="{% if a > b %}x{% endif %}">style="x" onclick="y"</p>',
        "{# <p style='x'> #}{% comment %}<style>{% endcomment %}<!-- <p onclick='x'> -->",
        '<form hx-post="/x" hx-trigger="change delay:300ms"><input data-one="1"></form>',
    ],
)
def test_scan_leaves_the_rest_alone(source: str) -> None:
    assert faults(source) == []
