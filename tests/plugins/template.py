"""A test database in half a second: migrated once for each state of the schema, then copied from a template.

The key is the content of everything that decides what a migration run leaves behind. A few older templates are kept.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import time
from pathlib import Path

from django.conf import settings
from django.db import ProgrammingError, connections

ROOT = Path(__file__).resolve().parents[2]
SOURCES = (
    "shuzheng/**/migrations/*.py",
    "shuzheng/**/sql/*.sql",
    "shuzheng/**/models.py",
    "shuzheng/**/models/*.py",
    "shuzheng/**/app.py",
    "shuzheng/base/core/*.py",
    "tests/dummy/**/*.py",
    "requirements/base.lock",
)
PREFIX = "sz_template_"
DROPS = 10  # tries, a second apart
KEPT = 4  # so that going back and forth between two states is quick too


def key() -> str:
    """Of the state of the schema, with the installed apps and the server's version."""
    digest = hashlib.sha256(repr((settings.INSTALLED_APPS, connections["owner"].pg_version)).encode())
    for pattern in SOURCES:
        for file in sorted(ROOT.glob(pattern)):
            digest.update(file.read_bytes())
    return digest.hexdigest()[:20]


def create() -> str:
    """Make this process's test database and point both aliases at it; returns its name."""
    owner = connections["owner"]
    name = owner.creation._get_test_db_name()
    template = PREFIX + key()
    with (Path(os.environ["SZ_DATA"]).parent / "template.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two xdist workers: the second finds the template
        known = _templates()
        if template not in known:
            owner.creation.create_test_db(verbosity=0, autoclobber=True)
            owner.close()
            old = known if len(known) >= KEPT else []
            _run(f'CREATE DATABASE "{template}" TEMPLATE "{name}"', *(f'DROP DATABASE IF EXISTS "{k}"' for k in old))
        else:
            _run(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)', f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    owner.close()
    settings.DATABASES["owner"]["NAME"] = owner.settings_dict["NAME"] = name
    connections["default"].creation.set_as_test_mirror(owner.settings_dict)
    return name


def drop(name: str) -> None:
    """Remove a test database, whoever is still connected.

    While the server's own vacuum is at it, which no role of ours may end, it takes another try.
    """
    for left in reversed(range(DROPS)):
        try:
            _run(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            return
        except ProgrammingError:
            if not left:
                raise
            time.sleep(1)


def _templates() -> list[str]:
    with connections["owner"]._nodb_cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [PREFIX + "%"])
        return [row[0] for row in cursor.fetchall()]


def _run(*statements: str) -> None:
    with connections["owner"]._nodb_cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
