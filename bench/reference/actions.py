"""One new place by a bare INSERT in its own transaction, as the owner."""

from __future__ import annotations

from typing import Any

from django.db import connections, transaction

from shuzheng.kernel.ids import uuid7

INSERT = """
INSERT INTO masters_place (id, node_id, path, version, created_at, updated_at, number, name, kind, parent_id, full_name,
                           state, gross_area, net_area, storey, built_on, address, note)
VALUES (%s, %s, %s, 1, now(), now(), %s, %s, 'building', NULL, %s, 'used', 1200, 900, NULL, NULL, '', '')
"""


def create(node: Any, number: str, name: str) -> None:
    """Insert it."""
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        cursor.execute(INSERT, [uuid7(), node.pk, node.path, number, name, name])
