"""Backup, restore and upgrade of the embedded database, and what the doctor says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from shuzheng.ops.pg import Cluster
from tests.ops.deployment import Deployment, assert_said

KEK, SIGNING = "0123456789abcdef0123456789abcdef", "fedcba9876543210"

pytestmark = pytest.mark.slow


@pytest.fixture
def cluster(prepared: Path) -> Iterator[Cluster]:
    """A deployment's database with its tables, a row and a file."""
    data = prepared
    cluster = Cluster(data)
    cluster.start()
    (data / "files").mkdir(exist_ok=True)
    (data / "files/note.txt").write_text("first")
    (data / "kek").write_text(KEK)
    (data / "kek").chmod(0o600)
    (data / "audit").mkdir(exist_ok=True)
    (data / "audit/sm2.key").write_text(SIGNING)
    (data / "audit/sm2.pub").write_text("04ab")
    _write(cluster, "first")
    yield cluster
    cluster.stop()


def _write(cluster: Cluster, text: str) -> None:
    with psycopg.connect(cluster.url("sz_owner", "shuzheng")) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS note (text text)")
        connection.execute("DELETE FROM note")
        connection.execute("INSERT INTO note VALUES (%s)", [text])


def _read(cluster: Cluster) -> str:
    with psycopg.connect(cluster.url("sz_owner", "shuzheng")) as connection:
        return str(connection.execute("SELECT text FROM note").fetchone()[0])


def test_restore_brings_rows_and_files_back_and_keeps_the_former(cluster: Cluster, tmp_path: Path) -> None:
    deployment = Deployment(cluster.data)
    assert deployment.run("backup", str(tmp_path / "b")).returncode == 0
    kept = "".join(path.read_text(errors="replace") for path in (tmp_path / "b").rglob("*") if path.is_file())
    assert KEK not in kept and SIGNING not in kept
    assert (tmp_path / "b/audit/sm2.pub").read_text() == "04ab"
    _write(cluster, "second")
    (cluster.data / "files/note.txt").write_text("second")
    done = deployment.run("restore", str(tmp_path / "b"))
    assert done.returncode == 0, done.stderr
    assert _read(cluster) == "first"
    assert (cluster.data / "files/note.txt").read_text() == "first"
    assert next(cluster.data.glob("files.before-*/note.txt")).read_text() == "second"
    with psycopg.connect(cluster.url("sz_owner", "postgres")) as connection:
        kept = connection.execute("SELECT datname FROM pg_database WHERE datname LIKE 'shuzheng_before_%'").fetchall()
    assert len(kept) == 1 and kept[0][0] in done.stdout


def test_restored_tables_keep_their_policies_and_rights(cluster: Cluster, tmp_path: Path) -> None:
    query = "SELECT tablename, policyname, cmd, qual, with_check FROM pg_policies ORDER BY 1, 2"
    with psycopg.connect(cluster.url("sz_owner", "shuzheng")) as connection:
        before = connection.execute(query).fetchall()
    deployment = Deployment(cluster.data)
    assert deployment.run("backup", str(tmp_path / "b")).returncode == 0
    assert deployment.run("restore", str(tmp_path / "b")).returncode == 0
    with psycopg.connect(cluster.url("sz_owner", "shuzheng")) as connection:
        assert connection.execute(query).fetchall() == before
    with psycopg.connect(cluster.url("sz_app", "shuzheng")) as connection:
        assert connection.execute("SELECT count(*) FROM procrastinate_jobs").fetchone() == (0,)


def test_changed_or_incomplete_backup_is_refused_and_nothing_happens(cluster: Cluster, tmp_path: Path) -> None:
    deployment = Deployment(cluster.data)
    assert deployment.run("backup", str(tmp_path / "b")).returncode == 0
    (tmp_path / "b/files/note.txt").write_text("forged")
    assert_said(deployment.run("restore", str(tmp_path / "b")), "被改动过", "note.txt")
    (tmp_path / "b/database.dump").unlink()
    assert_said(deployment.run("restore", str(tmp_path / "b")), "不完整")
    assert_said(deployment.run("restore", str(tmp_path / "nowhere")), "不完整")
    assert _read(cluster) == "first"


def test_old_backup_is_never_overwritten(cluster: Cluster, tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b/something").write_text("")
    assert_said(Deployment(cluster.data).run("backup", str(tmp_path / "b")), "不是空目录")


def test_restore_waits_for_nobody_who_is_connected(cluster: Cluster, tmp_path: Path) -> None:
    deployment = Deployment(cluster.data)
    assert deployment.run("backup", str(tmp_path / "b")).returncode == 0
    with psycopg.connect(cluster.url("sz_app", "shuzheng")):
        assert_said(deployment.run("restore", str(tmp_path / "b")), "连接", "shuzheng down")


def test_upgrade_backs_up_first(cluster: Cluster) -> None:
    done = Deployment(cluster.data).run("upgrade")
    assert done.returncode == 0, done.stderr
    backup = next((cluster.data / "backups").iterdir())
    assert (backup / "manifest.json").exists()
    assert str(backup) in done.stdout + done.stderr


def test_doctor_names_open_keys_debug_and_too_mighty_a_role(cluster: Cluster) -> None:
    deployment = Deployment(cluster.data)
    (cluster.data / "kek").chmod(0o644)
    done = deployment.run("doctor", SZ_DEBUG="1", SZ_HOSTS="*", DATABASE_URL=cluster.url("sz_owner", "shuzheng"))
    assert done.returncode == 1
    for words in ("chmod 600", "SZ_DEBUG", "SZ_HOSTS", "拥有数据表"):
        assert words in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_doctor_finds_a_table_whose_policies_were_switched_off(cluster: Cluster) -> None:
    with psycopg.connect(cluster.url("postgres", "shuzheng")) as connection:
        table = connection.execute("SELECT tablename FROM pg_policies ORDER BY 1 LIMIT 1").fetchone()[0]
        connection.execute(f'ALTER TABLE "{table}" DISABLE ROW LEVEL SECURITY')
    done = Deployment(cluster.data).run("doctor")
    assert done.returncode == 1 and table in done.stdout
