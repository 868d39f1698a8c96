"""Every page × persona: who is let in, who is told that the right is missing, for whom there is nothing."""

from __future__ import annotations

import pytest
from django.http import HttpResponse
from django.urls import reverse

from shuzheng.base.registers.declare import REGISTERS
from tests.permissions.matrix import LINES, PAGES, REGISTER_PAGES
from tests.permissions.personas import NAMES, PERSONAS
from tests.permissions.routes import pages
from tests.permissions.trying import Page
from tests.permissions.world import World, undone

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

ROWS = [
    pytest.param(name, page, id=f"{page.method} {name} {page.note}".strip())
    for name, tries in PAGES.items()
    for page in tries
]


def test_every_page_has_an_expectation_and_none_is_stale():
    assert set(PAGES) == set(pages())


def test_every_register_has_an_expectation_and_none_is_stale():
    assert set(REGISTER_PAGES) == set(REGISTERS)


def letter(response: HttpResponse) -> str:
    """What an answer means: ``L`` sign in first, ``x`` the right is missing, ``n`` there is nothing, ``o`` let in.

    Let in is also who is told that what was sent can't be accepted (400, 409, 422): the right was there.
    """
    code = response.status_code
    if code in (301, 302, 303) and response["Location"].startswith("/sign-in/?"):
        return "L"
    if code in (401, 403, 404):
        return {401: "L", 403: "x", 404: "n"}[code]
    if code < 400 or code in (400, 409, 422):
        return "o"
    return "!"


def tried(world: World, name: str, asked: Page) -> str:
    """The letters of all personas, in order."""
    url = reverse(name, kwargs=asked.kwargs(world))
    found = []
    for persona in PERSONAS:
        client = world.client(persona, LINES.get(name.split(":", 1)[0], "general"))
        with undone():
            found.append(letter(client.generic(asked.method, url + asked.query, **asked.sent(world))))
    return "".join(found)


@pytest.mark.parametrize(("name", "asked"), ROWS)
def test_page(world, name, asked):
    assert surprises(tried(world, name, asked), asked.expected) == {}


def surprises(found: str, expected: str) -> dict[str, str]:
    """The personas that got something else than expected."""
    assert len(found) == len(expected) == len(NAMES)
    return {n: f"{f}, not {e}" for n, f, e in zip(NAMES, found, expected, strict=True) if f != e}


@pytest.mark.parametrize("name", sorted(REGISTER_PAGES))
def test_register_pages(world, name):
    """List and record of every register."""
    thing, listed, read = REGISTER_PAGES[name]
    assert surprises(tried(world, "registers:list", Page("GET", listed, {"register": name})), listed) == {}
    assert surprises(tried(world, "registers:detail", Page("GET", read, {"register": name, "pk": thing})), read) == {}
