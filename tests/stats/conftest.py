"""A round in a small nation (as in tests/forms) with a lake of its own; and a made-up lake with a year of facts."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import override_settings

from bench.stats_lake import make
from shuzheng.base.core.scope import EVERYTHING, Range, Scope, system_scope
from shuzheng.base.stats import exporting
from tests.factories import small_nation
from tests.forms.conftest import Reporting, definition, load, opened, reporting, shipped, standards

__all__ = ["definition", "reporting", "standards"]

UNIT, OTHER = "33/11/23/0/u1/", "33/11/22/0/u2/"


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


@pytest.fixture(scope="module")
def _counted(request, tmp_path_factory, django_db_setup, django_db_blocker) -> Iterator[tuple[Reporting, str]]:
    """What ``counted`` is a copy of. It is written for real, as the export reads by a connection of its own; the module's end
    takes it away."""
    lake = str(tmp_path_factory.mktemp("counted") / "lake")
    with django_db_blocker.unblock():
        nation = small_nation()
        load()
        energy = shipped(nation)
        reporting_ = Reporting(nation, opened(nation, energy), energy)
        reporting_.handed_in(UNIT, e01_m1=10000)
        reporting_.handed_in(OTHER, e01_m1=4000)
        for division in ("33/11/23/", "33/11/22/", "33/11/", "33/"):
            reporting_.approve(division, *(p for p in (UNIT, OTHER) if p.startswith(division)))
        with override_settings(SZ_LAKE=lake):
            exporting.export_all(system_scope("stats.export"))
    yield reporting_, lake
    with django_db_blocker.unblock():
        call_command(
            "flush", interactive=False, verbosity=0, database="owner", allow_cascade=False, inhibit_post_migrate=True
        )


@pytest.fixture
def counted(_counted: tuple[Reporting, str], db: None, settings) -> Reporting:
    """Two counties of a prefecture with one institution each, approved up to the province; and the lake that holds it."""
    settings.SZ_LAKE = _counted[1]
    return copy.deepcopy(_counted[0])


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
