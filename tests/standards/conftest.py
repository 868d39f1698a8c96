from __future__ import annotations

from collections.abc import Iterator

import pytest

from shuzheng.base.standards.load import load_standards
from tests.factories import Nation
from tests.worlds import Answer, once


@pytest.fixture(scope="module")
def _standards(request: pytest.FixtureRequest, _nation: Answer) -> Iterator[Answer]:
    with once(request, lambda: load_standards() and None) as load:
        yield load


@pytest.fixture
def standards(nation: Nation, _standards: Answer) -> Nation:
    """The small nation with what ships loaded."""
    _standards()
    return nation
