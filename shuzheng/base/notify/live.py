"""The live stream of a page (server-sent events): the count of unread notices, and each new one as it comes.

One connection a process LISTENs and wakes the streams, by ids only. A stream asks again at each message who it speaks
for, and in that scope what there is: a post that was lost, or a session that was ended, ends the stream.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from importlib import import_module
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

import psycopg
from channels.db import database_sync_to_async
from django.conf import settings
from django.db import connections
from django.utils import translation

from shuzheng.base.access.actors import identify
from shuzheng.base.notify.receipts import CHANNEL, inbox, unread

log = logging.getLogger(__name__)

BEAT = 25.0
"""Seconds after which a silent stream says that it lives; proxies close after 60."""
PATIENCE = 5.0
QUEUE = 100


class Hub:
    """The listener of one event loop, and the streams it wakes."""

    def __init__(self) -> None:
        self._streams: set[asyncio.Queue[dict[str, Any]]] = set()
        self._task: asyncio.Task[None] | None = None
        self.listening = asyncio.Event()

    def join(self) -> asyncio.Queue[dict[str, Any]]:
        stream: asyncio.Queue[dict[str, Any]] = asyncio.Queue(QUEUE)
        self._streams.add(stream)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._listen())
        return stream

    def leave(self, stream: asyncio.Queue[dict[str, Any]]) -> None:
        self._streams.discard(stream)
        if not self._streams and self._task is not None:
            self._task.cancel()
            self._task = None
            self.listening.clear()

    async def _listen(self) -> None:
        while True:
            try:
                await self._until_broken()
            except (psycopg.OperationalError, OSError) as error:
                log.warning("live: the database is away (%s); listening again in %.0f s", error, PATIENCE)
                self.listening.clear()
                await asyncio.sleep(PATIENCE)
                self._wake({"nodes": None})  # what came meanwhile was missed: everybody looks for themselves

    async def _until_broken(self) -> None:
        params = {
            k: v
            for k, v in connections["default"].get_connection_params().items()
            if k not in {"cursor_factory", "context"}
        }
        async with await psycopg.AsyncConnection.connect(**params, autocommit=True) as connection:
            await connection.execute(f"LISTEN {CHANNEL}")
            self.listening.set()
            async for message in connection.notifies():
                self._wake(json.loads(message.payload))

    def _wake(self, message: dict[str, Any]) -> None:
        for stream in self._streams:
            if not stream.full():  # a full one has a look ahead of it anyway
                stream.put_nowait(message)


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def hub() -> Hub:
    """The hub of the running loop."""
    return _hubs.setdefault(asyncio.get_running_loop(), Hub())


class Listener:
    """Whom a stream speaks for."""

    def __init__(self, account_id: UUID, post_id: UUID, session: str, language: str) -> None:
        self.account_id, self.post_id, self.session, self.language = account_id, post_id, session, language
        self.nodes: set[str] = set()

    def look(self, notice: str | None) -> list[dict[str, Any]] | None:
        """What to say now: the count, and the notice if it is for them. None when they may no longer listen."""
        store = import_module(settings.SESSION_ENGINE).SessionStore
        if self.session and not store().exists(self.session):
            return None
        identity = identify(self.account_id, self.post_id)
        if identity is None or identity.actor.id != self.post_id:
            return None
        actor = identity.actor
        self.nodes = {str(actor.organ_id), str(actor.node_id)}
        with actor.scope.activate(), translation.override(self.language):
            said: list[dict[str, Any]] = [{"kind": "count", "name": "notices", "value": unread(actor)}]
            receipt = inbox(actor).filter(notice_id=notice, read_at=None).first() if notice else None
            if receipt is not None:
                said.append({"kind": "notice", "title": receipt.words, "url": f"/notify/{receipt.notice_id}/"})
        return said


async def stream(listener: Listener) -> AsyncIterator[bytes]:
    """The bytes of one stream, until the reader leaves or may no longer listen."""
    look = database_sync_to_async(listener.look)
    home = hub()
    queue = home.join()
    try:
        said = await look(None)
        while said is not None:
            for message in said:
                yield f"data: {json.dumps(message, ensure_ascii=False)}\n\n".encode()
            said = []
            try:
                woken = await asyncio.wait_for(queue.get(), BEAT)
            except TimeoutError:
                yield b": still here\n\n"
                continue
            if woken.get("nodes") is None or listener.nodes & set(woken["nodes"]):
                said = await look(woken.get("notice"))
    finally:
        home.leave(queue)
