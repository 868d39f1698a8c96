"""Fixtures for all tests. The database itself comes from ``tests/plugins/database.py``, before the settings are read."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.utils import translation

from shuzheng.base.core.registry import SYSTEM_SCOPES

# Playwright keeps an event loop in the main thread, and Django takes that for asynchronous code.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

BOTH = ["default", "owner"]

SYSTEM_SCOPES.register("tests", "sets up data for tests")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """``django_db`` means both roles everywhere: the program's role is a mirror, and the flush after a test needs the owner.

    What is slow begins first, so that two processes end at about the same time.
    """
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)
    for item in items:
        mark = item.get_closest_marker("django_db")
        if mark and "databases" not in mark.kwargs:
            item.add_marker(pytest.mark.django_db(*mark.args, **{**mark.kwargs, "databases": BOTH}), append=False)


@pytest.fixture(autouse=True)
def _language() -> Iterator[None]:
    """A page asked for in English leaves the thread in English; the next test begins in the house's language."""
    yield
    translation.deactivate()


@pytest.fixture(scope="module")
def _nation(request: pytest.FixtureRequest) -> Iterator[Callable[..., Any]]:
    from tests.factories import small_nation
    from tests.worlds import once

    with once(request, small_nation) as answer:
        yield answer


@pytest.fixture
def nation(_nation: Callable[..., Any], db: None) -> Any:
    """A small nation (``tests.factories``) with a neighbour at every tier."""
    return _nation()


# What tests/forms/conftest.py builds on it; here, so that who imports a fixture from there need not name what it stands on.


@pytest.fixture(scope="module")
def _standards(request: pytest.FixtureRequest, _nation: Callable[..., Any]) -> Iterator[Callable[..., Any]]:
    from tests.forms.conftest import load
    from tests.worlds import once

    with once(request, load) as answer:
        yield answer


@pytest.fixture(scope="module")
def _definition(
    request: pytest.FixtureRequest, _nation: Callable[..., Any], _standards: Callable[..., Any]
) -> Iterator[Callable[..., Any]]:
    from tests.forms.conftest import shipped
    from tests.worlds import once

    with once(request, shipped, _nation) as answer:
        yield answer


@pytest.fixture(scope="module")
def _reporting(
    request: pytest.FixtureRequest, _nation: Callable[..., Any], _definition: Callable[..., Any]
) -> Iterator[Callable[..., Any]]:
    from tests.forms.conftest import opened
    from tests.worlds import once

    with once(request, opened, _nation, _definition) as answer:
        yield answer


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None, django_db_blocker, django_db_modify_db_settings: None
) -> Iterator[None]:
    """In place of pytest-django's: a copy of a migrated template (``tests/plugins/template.py``)."""
    from django.db import connections

    from tests.plugins import template

    with django_db_blocker.unblock():
        name = template.create()
    yield
    with django_db_blocker.unblock():
        for connection in connections.all(initialized_only=True):
            connection.close()
            if getattr(connection, "pool", None):
                connection.close_pool()
        template.drop(name)
