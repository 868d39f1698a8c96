"""The same program on an outside server: Debian's PostgreSQL, its own cluster, passwords over TCP."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from shuzheng.ops.pg import THROWAWAY, Cluster, Urls
from tests.ops.deployment import ROOT, Deployment, free_port, open_folder

PROGRAMS = next(
    (path for major in (15, 16, 17, 18) if (path := Path(f"/usr/lib/postgresql/{major}/bin")).is_dir()), None
)
# What differs between servers: policies, set-wise SQL, the queue. The whole suite takes too long for a second run.
SLICE = ["tests/core", "tests/events", "tests/jobs"]

pytestmark = [
    pytest.mark.outside,
    pytest.mark.slow,
    pytest.mark.skipif(PROGRAMS is None, reason="an outside PostgreSQL: no /usr/lib/postgresql/{15..18}"),
]


@pytest.fixture(scope="module")
def outside() -> Iterator[Urls]:
    """Roles made by the SQL of docs/operators.md, reached by password over TCP."""
    with pytest.MonkeyPatch.context() as patch, open_folder() as folder:
        patch.setenv("SZ_PG_BIN", str(PROGRAMS))
        port = free_port()
        cluster = Cluster(folder, extra={**THROWAWAY, "listen_addresses": "127.0.0.1"}, port=port)
        cluster.start()
        with psycopg.connect(cluster.url("postgres", "postgres"), autocommit=True) as connection:
            for statement in documented_sql():
                connection.execute(statement)
        address = f"127.0.0.1:{port}/shuzheng"
        yield Urls(
            app=f"postgresql://sz_app:app-secret@{address}", owner=f"postgresql://sz_owner:owner-secret@{address}"
        )
        cluster.stop()


def documented_sql() -> list[str]:
    """The statements an operator is told to run, with the passwords filled in."""
    text = (ROOT / "docs/operators.md").read_text(encoding="utf-8")
    block = text.split("```sql", 1)[1].split("```", 1)[0]
    block = block.replace("<owner password>", "owner-secret").replace("<app password>", "app-secret")
    return [statement.strip() for statement in block.split(";") if statement.strip()]


def test_up_runs_on_it_and_backup_and_restore_bring_it_back(outside: Urls, tmp_path: Path) -> None:
    variables = {"DATABASE_URL": outside.app, "DATABASE_OWNER_URL": outside.owner}
    deployment = Deployment(tmp_path / "data")
    done = deployment.up(**variables)
    assert done.returncode == 0, done.stdout + done.stderr
    try:
        deployment.wait_until_healthy()
        assert "OWNER" not in Path(f"/proc/{deployment.state()['children']['web']}/environ").read_text()
        assert deployment.run("backup", str(tmp_path / "backup"), **variables).returncode == 0
    finally:
        assert deployment.run("down", **variables).returncode == 0
    with psycopg.connect(outside.owner, autocommit=True) as connection:
        connection.execute("CREATE TABLE after_the_backup (x int)")
    done = deployment.run("restore", str(tmp_path / "backup"), **variables)
    assert done.returncode == 0, done.stdout + done.stderr
    with psycopg.connect(outside.owner) as connection:
        assert connection.execute("SELECT to_regclass('after_the_backup')").fetchone() == (None,)
        assert connection.execute("SELECT count(*) > 50 FROM django_migrations").fetchone() == (True,)
    assert deployment.up(**variables).returncode == 0
    deployment.wait_until_healthy()
    deployment.down()


def test_policies_actions_and_queue_hold_on_it(outside: Urls) -> None:
    there = [path for path in SLICE if (ROOT / path).is_dir()]
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("DATABASE_", "SZ_", "PYTEST_XDIST"))}
    urls = {"SZ_TEST_DATABASE_URL": outside.app, "SZ_TEST_DATABASE_OWNER_URL": outside.owner}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "django",
        "-p",
        "hypothesispytest",
        "-m",
        "not browser and not outside",
        *there,
    ]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**kept, **urls, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:]
