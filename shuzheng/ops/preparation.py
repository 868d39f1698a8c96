"""Bringing a database to this version, and knowing cheaply that it already is."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from shuzheng.ops.pg import Cluster, Urls
from shuzheng.ops.words import Trouble, t

ROOT = Path(__file__).resolve().parents[2]


@cache
def stamp() -> str:
    """A digest of all that decides how tables, rights and policies look: our own code and the locked packages.

    All code and not only migrations: policies and rights come from the models' declarations.
    """
    digest = hashlib.sha256((ROOT / "requirements" / "base.lock").read_bytes())
    for folder in ("base", "apps", "config"):
        for path in sorted((ROOT / "shuzheng" / folder).rglob("*.py")):
            digest.update(f"{path.relative_to(ROOT)}\0".encode())
            digest.update(path.read_bytes())
    digest.update(os.environ.get("SZ_APPS", "").encode())
    return digest.hexdigest()


def mark(cluster: Cluster) -> Path:
    """Where the stamp of the embedded database is kept: among its own files, so that it goes when they go."""
    return cluster.home / "shuzheng.prepared"


def prepare(cluster: Cluster | None, urls: Urls) -> bool:
    """Migrate, unless the embedded database is known to be of this version. Whether anything was done.

    In a process of its own: the caller never loads Django, and never holds the owner's URL in its environment.

    Raises:
        Trouble: the migration failed; its own words are the reason.
    """
    if cluster is not None and mark(cluster).exists() and mark(cluster).read_text() == stamp():
        return False
    run("prepare", {"DATABASE_URL": urls.app, "DATABASE_OWNER_URL": urls.owner})
    if cluster is not None:
        mark(cluster).write_text(stamp())
    return True


def run(command: str, environment: Mapping[str, str]) -> None:
    """A command of ours in a process of its own.

    Raises:
        Trouble: it failed.
    """
    done = subprocess.run(
        [sys.executable, "-m", "shuzheng.ops", command],
        env={**os.environ, **environment},
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        steps = {
            "prepare": t("准备数据表", "Preparing the tables"),
            "load": t("装入内置内容", "Loading what ships"),
            "doctor": t("检查", "The check"),
        }
        raise Trouble(
            t(
                f"{steps[command]}没有通过。\n{done.stderr.strip()}",
                f"{steps[command]} did not pass.\n{done.stderr.strip()}",
            ),
            t("按上面的原因处理后重试。", "Mend the reason above and try again."),
        )
