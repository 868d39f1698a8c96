"""The throw-away deployment that is measured: a PostgreSQL of its own with the settings of production, fsync on."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from shuzheng.ops import preparation
from shuzheng.ops.pg import Cluster, Urls

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "var" / "bench"
SUPERUSER = "SZ_BENCH_SUPERUSER"
"""Names, for the loading of data only, the role that may switch triggers off while millions of rows are put in."""


@contextlib.contextmanager
def deployment(folder: Path = FOLDER, *, keep: bool = False) -> Iterator[Urls]:
    """A server with a migrated database, and Django set up on it. Removed at the end unless ``keep``, which also finds it again."""
    if not keep:
        remove(folder)
    cluster = Cluster(folder)
    cluster.start()
    try:
        urls = cluster.database("bench")
        preparation.prepare(cluster, urls)
        os.environ |= {
            "DATABASE_URL": urls.app,
            "DATABASE_OWNER_URL": urls.owner,
            "SZ_DATA": str(folder / "data"),
            SUPERUSER: cluster.url("postgres", "bench"),
        }
        set_up()
        yield urls
    finally:
        cluster.stop()
        if not keep:
            remove(folder)


def set_up() -> None:
    """Django, as the web process has it."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shuzheng.config.settings")
    import django

    django.setup()
    for handler in logging.getLogger().handlers:  # written as in production, but not among our figures
        if isinstance(handler, logging.StreamHandler):
            handler.setStream(open(os.devnull, "w"))  # noqa: SIM115 -- as long as the process lives


def remove(folder: Path) -> None:
    """Remove a deployment's folder, and the cluster behind its link where it lies elsewhere."""
    pg = folder / "pg"
    if pg.is_symlink():
        target = pg.readlink()
        shutil.rmtree(target.parent, ignore_errors=True)
    if folder.exists():
        shutil.rmtree(folder)
