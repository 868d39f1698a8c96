"""Worlds that many tests begin with: made once for the tests of a module, and what a test does to one is taken back.

A test that writes for real (``django_db(transaction=True)``) can't share one; in its module each test has a world of its own.
A test that begins with an empty database stands in a file without them.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from django.db import transaction

Answer = Callable[..., Any]


def is_shared(request: pytest.FixtureRequest) -> bool:
    """Whether all tests of the module that is being run take back what they do."""
    here = [item for item in request.session.items if item.getparent(pytest.Module) is request.node]
    marks = [mark for item in here for mark in item.iter_markers("django_db")]
    names = {name for item in here for name in getattr(item, "fixturenames", ())}
    return not any(mark.kwargs.get("transaction") for mark in marks) and "transactional_db" not in names


@contextmanager
def once(request: pytest.FixtureRequest, make: Answer, *needs: Answer) -> Iterator[Answer]:
    """What gives each test a world: a copy of the one that the module shares, or one that ``make`` makes for it.

    Used in a fixture of the module's, so that it is there before the test's own transaction begins. ``needs`` are the answers
    of the fixtures that it builds on; a test hands over what it has of them.
    """
    if not is_shared(request):
        yield make
        return
    blocker = request.getfixturevalue("django_db_blocker")
    request.getfixturevalue("django_db_setup")
    with blocker.unblock(), ExitStack() as opening:
        opening.enter_context(transaction.atomic())
        made = make(*(need() for need in needs))
        held = opening.pop_all()
    yield lambda *_own: copy.deepcopy(made)
    with blocker.unblock():
        transaction.set_rollback(True)
        held.close()
