"""Days on which something around us is wrong: a sentence and what to do, never a traceback."""

from __future__ import annotations

import json
import os
import pwd
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from shuzheng.ops.pg import THROWAWAY, Cluster, Urls
from tests.ops.conftest import copied
from tests.ops.deployment import ROOT, Deployment, assert_said, open_folder

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server(template: Path) -> Iterator[Cluster]:
    with open_folder() as folder:
        cluster = Cluster(copied(template, folder / "data"), extra=THROWAWAY)
        cluster.start()
        yield cluster
        cluster.stop()


@pytest.fixture(scope="module")
def urls(server: Cluster) -> Urls:
    """A database with its tables made, as the operator of an outside server would have it."""
    return server.database("shuzheng")


@pytest.fixture
def deployment(tmp_path: Path) -> Deployment:
    return Deployment(tmp_path / "data")


def test_disk_without_room(deployment: Deployment) -> None:
    assert_said(deployment.up(SZ_MIN_FREE_MB="999999999"), "磁盘已满")


def test_data_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert_said(Deployment(tmp_path / "file" / "data").up(), "数据目录", "--data")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can leave a folder that belongs to somebody else")
def test_data_folder_of_somebody_else(tmp_path: Path) -> None:
    deployment = Deployment(tmp_path / "data")
    assert deployment.run("backup", str(tmp_path / "b")).returncode == 0  # makes the cluster, as root's system user
    stranger = pwd.getpwnam("nobody").pw_uid
    os.chown(deployment.data / "pg", stranger, -1)
    assert_said(deployment.up(), "数据目录", "chown")


@pytest.mark.parametrize(
    "url", ["mysql://a@localhost/x", "postgresql://a@localhost:port/x", "shuzheng", "http://localhost"]
)
@pytest.mark.parametrize("command", ["web", "worker"])
def test_wrong_url(deployment: Deployment, url: str, command: str) -> None:
    assert_said(deployment.run(command, DATABASE_URL=url), "DATABASE_URL", "postgresql://")


@pytest.mark.parametrize("command", ["web", "worker"])
def test_database_that_is_away(deployment: Deployment, command: str) -> None:
    assert_said(deployment.run(command, DATABASE_URL="postgresql://sz_app:geheim@127.0.0.1:1/x"), "连不上数据库")


def test_password_is_never_repeated(deployment: Deployment) -> None:
    done = deployment.run("web", DATABASE_URL="postgresql://sz_app:geheim@127.0.0.1:1/x")
    assert "geheim" not in done.stdout + done.stderr


def test_database_that_does_not_exist(deployment: Deployment, server: Cluster) -> None:
    assert_said(deployment.run("web", DATABASE_URL=server.url("sz_app", "nowhere")), "nowhere", "DATABASE_URL")


@pytest.mark.parametrize("command", ["web", "worker"])
def test_owners_url_in_the_environment(deployment: Deployment, urls: Urls, command: str) -> None:
    done = deployment.run(command, DATABASE_URL=urls.app, DATABASE_OWNER_URL=urls.owner)
    assert_said(done, "拒绝启动", "DATABASE_OWNER_URL")


@pytest.mark.parametrize("command", ["web", "worker"])
def test_owner_as_the_running_role(deployment: Deployment, urls: Urls, command: str) -> None:
    assert_said(deployment.run(command, DATABASE_URL=urls.owner), "拒绝启动", "拥有数据表")


def test_superuser_as_the_running_role(deployment: Deployment, server: Cluster, urls: Urls) -> None:
    assert_said(deployment.run("web", DATABASE_URL=server.url("postgres", "shuzheng")), "拒绝启动", "超级用户")


def test_role_that_bypasses_the_policies(deployment: Deployment, server: Cluster, urls: Urls) -> None:
    with psycopg.connect(server.url("postgres", "postgres"), autocommit=True) as connection:
        connection.execute("CREATE ROLE sz_bypass LOGIN BYPASSRLS")
    assert_said(deployment.run("worker", DATABASE_URL=server.url("sz_bypass", "shuzheng")), "拒绝启动", "行级策略")


def test_up_with_an_outside_server_without_the_owner(deployment: Deployment, urls: Urls) -> None:
    assert_said(deployment.up(DATABASE_URL=urls.app), "DATABASE_OWNER_URL")


def test_broken_key_file(deployment: Deployment, urls: Urls) -> None:
    deployment.data.mkdir()
    (deployment.data / "kek").write_text("not a key")
    (deployment.data / "kek").chmod(0o600)
    assert_said(deployment.run("worker", DATABASE_URL=urls.app), "不是主密钥", "openssl")


def test_faults_are_english_for_english_operators(deployment: Deployment) -> None:
    done = deployment.run("web", DATABASE_URL="mysql://a@localhost/x", SZ_LANG="en")
    assert_said(done, "DATABASE_URL is not right", "What to do:")


def test_database_that_goes_away_under_a_running_web(prepared: Path, tmp_path: Path) -> None:
    cluster = Cluster(prepared, extra=THROWAWAY)
    cluster.start()
    deployment = Deployment(tmp_path / "web")
    urls = cluster.database("shuzheng")
    command = deployment.command("web", "--port", str(deployment.port))
    web = subprocess.Popen(command, cwd=ROOT, env=deployment.environment(DATABASE_URL=urls.app), stderr=subprocess.PIPE)
    try:
        deployment.wait_until_healthy()
        cluster.stop()
        assert deployment.get("/healthz")[0] == 503
        status, page = deployment.get("/healthz", Cookie="sessionid=0123456789abcdef0123456789abcdef")
        assert status == 503
        assert "Traceback" not in page
        status, page = deployment.get("/api/v1/x", Cookie="sessionid=0123456789abcdef0123456789abcdef")
        problem = json.loads(page)
        assert status == problem["status"] == 503 and "数据库没有应答" in problem["detail"]
        cluster.start()
        deployment.wait_until_healthy()
    finally:
        web.terminate()
        web.communicate(timeout=20)
        cluster.stop()


def test_unknown_command_says_usage() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "shuzheng.ops", "fly"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2 and "usage: shuzheng" in done.stderr
