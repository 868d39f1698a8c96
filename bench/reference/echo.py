"""What the gateway is held against: a server that sends back what it gets, and a bare COPY of the same rows, as the owner."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

import psycopg

TABLE = """
CREATE TABLE IF NOT EXISTS bench_position (
    vehicle uuid, at bigint, lon integer, lat integer, altitude integer, speed integer, direction integer, status bigint,
    alarm bigint, mileage bigint, fuel integer, satellites smallint, received bigint, late boolean, PRIMARY KEY (vehicle, at)
)
"""


class Echo(asyncio.Protocol):
    """Sends it back."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self.transport.write(data)


async def serve(ready: Callable[[int], None]) -> None:
    """Echo until cancelled."""
    server = await asyncio.get_running_loop().create_server(Echo, "127.0.0.1", 0, backlog=1024)
    ready(server.sockets[0].getsockname()[1])
    await server.serve_forever()


def copy(url: str, lines: bytes) -> None:
    """The rows in one COPY, into a table that is emptied before."""
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(TABLE)
        cursor.execute("TRUNCATE bench_position")
        with cursor.copy("COPY bench_position FROM STDIN WITH (NULL '')") as copying:
            copying.write(lines)
