"""The simple way in for positions: a batch over HTTPS, for terminals and platforms that do not speak JT/T 808.

The bearer key is ``<terminal number>:<code>``, with the code that the terminal was given when it registered.
No postponed annotations here: the routes are typed with schemas.
"""

import time
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.http import HttpRequest
from ninja import Router, Schema
from ninja.security import HttpBearer

from shuzheng.apps.vehicles.gateway import store
from shuzheng.apps.vehicles.gateway.batch import BatchIn, is_code, is_number, lines_of
from shuzheng.apps.vehicles.gateway.server import Known
from shuzheng.apps.vehicles.gateway.terminals import Directory
from shuzheng.base.api import limits
from shuzheng.base.api.problems import REFUSALS

_directory = Directory()


class TerminalKey(HttpBearer):
    """A terminal's own key. It opens this one route and nothing else."""

    def authenticate(self, request: HttpRequest, token: str) -> Known | None:
        number, _, code = token.partition(":")
        if not (is_number(number) and is_code(code)):
            return None
        known = _directory.authenticate(number, code)
        if known is not None:
            limits.count(f"terminal:{number}")
        return known


class BatchOut(Schema):
    """How many were taken. What was stored before is not stored twice, and counts; what lies a day ahead is not taken."""

    taken: int
    until: datetime


router = Router(tags=["公务用车"], auth=TerminalKey())


@router.post(
    "/positions",
    response={200: BatchOut, **{c: REFUSALS[c] for c in (401, 422, 429)}},
    operation_id="vehicles_positions",
)
def positions(request: HttpRequest, body: BatchIn) -> dict[str, Any]:
    """Store positions of the terminal's vehicle. Sent again, they have no second effect."""
    known: Known = request.auth  # type: ignore[attr-defined]
    lines = lines_of(known, body.positions, time.time())
    if lines:
        with transaction.atomic():
            connection.ensure_connection()
            store.prepare(connection.connection)
            store.store(connection.connection, b"".join(lines))
    return {"taken": len(lines), "until": max(item.at for item in body.positions)}
