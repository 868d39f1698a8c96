from __future__ import annotations

import pytest

from shuzheng.base.standards.load import load_standards


@pytest.fixture
def standards(nation):
    """The small nation with what ships loaded."""
    load_standards()
    return nation
