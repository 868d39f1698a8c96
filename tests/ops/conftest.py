"""Folders for tests that start servers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ops.deployment import open_folder


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A folder of the test's own that the server's user may enter."""
    with open_folder() as folder:
        yield folder
