"""Folders for tests that start servers."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from shuzheng.ops.pg import Cluster
from tests.ops.deployment import Deployment, open_folder


@pytest.fixture(scope="session")
def template() -> Iterator[Path]:
    """What ``prepared`` copies."""
    with open_folder() as folder:
        cluster = Cluster(folder / "data")
        cluster.start()
        urls = cluster.database("shuzheng")
        done = Deployment(cluster.data).run("prepare", DATABASE_URL=urls.app, DATABASE_OWNER_URL=urls.owner)
        assert done.returncode == 0, done.stderr
        cluster.stop()
        yield cluster.data


@pytest.fixture
def prepared(template: Path, tmp_path: Path) -> Path:
    """The folder of a deployment with its tables, stopped: a copy for each test, as making them takes longer than most tests."""
    return copied(template, tmp_path / "data")


def copied(template: Path, data: Path) -> Path:
    """A copy in which the database's files are still whose they were."""
    subprocess.run(["cp", "-a", str(template), str(data)], check=True)
    return data


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A folder of the test's own that the server's user may enter."""
    with open_folder() as folder:
        yield folder
