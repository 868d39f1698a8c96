"""A round in a small nation (as in tests/forms) with a lake of its own; and a made-up lake with a year of facts."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.stats_lake import make
from shuzheng.base.core.scope import EVERYTHING, Range, Scope, system_scope
from shuzheng.base.stats import exporting
from tests.forms.conftest import definition, reporting, standards

__all__ = ["definition", "reporting", "standards"]


def scope(*paths: str) -> Scope:
    """A reader who supervises reporting below these divisions; the nation's is the empty path."""
    ranges = tuple(EVERYTHING if p == "" else Range.subtree(p) for p in paths)
    return Scope("test", Range.exactly("-/"), {"reporting": ranges}, audiences=("",))


@pytest.fixture
def lake(settings, tmp_path) -> Path:
    """An empty lake."""
    settings.SZ_LAKE = str(tmp_path / "lake")
    return tmp_path / "lake"


@pytest.fixture
def export(lake):
    """Bring the lake up to date; all of it, as nothing was marked in these tests unless they say so."""
    return lambda: exporting.export_all(system_scope("stats.export"))


@pytest.fixture(scope="session")
def _made(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("stats") / "lake"
    make(root, 600, provinces=3, full=True, bad_tier_every=50)
    return root


@pytest.fixture
def made(settings, _made) -> Path:
    """A year of 600 institutions in three provinces, complete forms; each fiftieth was approved by its county only."""
    settings.SZ_LAKE = str(_made)
    return _made
