"""From the journal into the database: one COPY, one INSERT that minds what is there already, one transaction for many positions.

COPY is refused on tables with row policies, so lines go into a table of the connection's own first. A position is told by
vehicle and time: what is stored twice is there once, so the journal may be read again after a crash.
"""

from __future__ import annotations

import logging
import threading
from typing import Any

import psycopg
from django.db import InterfaceError, OperationalError, connections
from psycopg_pool import PoolTimeout

from shuzheng.apps.vehicles.gateway.cards import note, parted
from shuzheng.apps.vehicles.gateway.journal import Journal
from shuzheng.apps.vehicles.models.tracks import SLOTS
from shuzheng.base.core.actor import system_actor
from shuzheng.base.core.scope import statement, system_scope

log = logging.getLogger(__name__)

SCOPE = "vehicles.intake"
BATCH = 1024 * 1024
"""Bytes of lines in one transaction: some ten thousand positions."""
PATIENCE = 2.0
"""Seconds to wait while the database is away."""
GATHER = 0.2
"""Seconds that positions are gathered when few come: each transaction has its price."""

_LINES = """
CREATE TEMPORARY TABLE IF NOT EXISTS intake_line (
    vehicle uuid, at bigint, lon integer, lat integer, altitude integer, speed integer, direction integer, status bigint,
    alarm bigint, mileage bigint, fuel integer, satellites smallint, received bigint, late boolean
) ON COMMIT DELETE ROWS
"""
_COPY = "COPY intake_line FROM STDIN WITH (NULL '')"
_STORE = f"""
WITH stored AS (
    INSERT INTO vehicles_position (slot, vehicle_id, at, path, node_id, lon, lat, altitude, speed, direction, status, alarm,
                                   mileage, fuel, satellites, received_at, late)
    SELECT ((to_timestamp(l.at) AT TIME ZONE 'Asia/Shanghai')::date - DATE '0001-01-01' + 1) % {SLOTS}, l.vehicle, to_timestamp(l.at),
           v.path, v.node_id, l.lon, l.lat, l.altitude, l.speed, l.direction, l.status, l.alarm, l.mileage, l.fuel, l.satellites,
           to_timestamp(l.received / 1000.0), l.late
    FROM intake_line l JOIN vehicles_vehicle v ON v.id = l.vehicle
    ON CONFLICT DO NOTHING
    RETURNING vehicle_id, at
), spans AS (
    SELECT jsonb_object_agg(vehicle_id, jsonb_build_array(first, last)) AS spans
    FROM (SELECT vehicle_id, min(at) AS first, max(at) AS last FROM stored GROUP BY vehicle_id) s
)
INSERT INTO vehicles_intake (spans) SELECT spans FROM spans WHERE spans IS NOT NULL
"""  # noqa: S608 -- a constant
_PLACE = """
INSERT INTO vehicles_place AS p (vehicle_id, path, node_id, at, lon, lat, speed, direction, status, mileage, heard_at, moved_at, watched)
SELECT DISTINCT ON (l.vehicle) l.vehicle, v.path, v.node_id, to_timestamp(l.at), l.lon, l.lat, l.speed, l.direction, l.status,
       l.mileage, to_timestamp(l.received / 1000.0), clock_timestamp(), '{}'
FROM intake_line l JOIN vehicles_vehicle v ON v.id = l.vehicle ORDER BY l.vehicle, l.at DESC
ON CONFLICT (vehicle_id) DO UPDATE SET path = excluded.path, node_id = excluded.node_id, at = excluded.at, lon = excluded.lon,
    lat = excluded.lat, speed = excluded.speed, direction = excluded.direction, status = excluded.status,
    mileage = coalesce(excluded.mileage, p.mileage), heard_at = excluded.heard_at, moved_at = excluded.moved_at
WHERE excluded.at > p.at
"""

MOVED = "sz_moved"
"""The channel on which open maps hear that vehicles moved: of which organs, by their paths; of all when they are many."""
_TELL = """
SELECT pg_notify('sz_moved', json_build_object('paths', CASE WHEN sum(length(path)) < 6000 THEN json_agg(path) END)::text)
FROM (SELECT DISTINCT v.path FROM intake_line l JOIN vehicles_vehicle v ON v.id = l.vehicle) p HAVING count(*) > 0
"""

AWAY = (psycopg.OperationalError, psycopg.InterfaceError, OperationalError, InterfaceError, PoolTimeout, OSError)
"""What an absent database raises, asked by ourselves or by Django."""


def connect() -> psycopg.Connection[Any]:
    """A connection of the running role, with the table that lines go into."""
    given = connections["default"].get_connection_params()
    params = {name: value for name, value in given.items() if name not in {"cursor_factory", "context"}}
    connection = psycopg.connect(**{**params, "autocommit": True, "prepare_threshold": None})
    prepare(connection)
    return connection


def prepare(connection: psycopg.Connection[Any]) -> None:
    """Make the table that lines go into, once a connection."""
    connection.execute(_LINES)


def store(connection: psycopg.Connection[Any], lines: bytes) -> None:
    """Store positions, note who moved last where, and what there is to judge; all of it or nothing."""
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute(statement(system_scope(SCOPE).settings))
        with cursor.copy(_COPY) as copy:
            copy.write(lines)
        cursor.execute(_STORE)
        cursor.execute(_PLACE)
        cursor.execute(_TELL)


def forward(journal: Journal, over: threading.Event, *, batch: int = BATCH) -> None:
    """Store what the journal has, until ``over``; while the database is away, wait and try again. One thread a journal."""
    connection: psycopg.Connection[Any] | None = None
    while True:
        lines, place = journal.read(batch)
        if not lines:
            if over.is_set():
                break
            journal.news.wait(1.0)
            journal.news.clear()
            over.wait(GATHER)
            continue
        positions, cards = parted(lines)
        try:
            connection = connection or connect()
            if positions:
                store(connection, positions)
            if cards:
                note(cards, system_actor(SCOPE))
        except AWAY as error:
            log.warning("the database is away (%s); positions wait in the journal", str(error).strip())
            if connection is not None:
                connection.close()
            connection = None
            if over.is_set():
                break
            over.wait(PATIENCE)
            continue
        finally:
            connections.close_all()
        journal.stored(place)
    if connection is not None:
        connection.close()
