"""Live streams of pages (server-sent events): the count of unread notices and each new one as it comes; apps have more.

One connection a process and channel LISTENs and wakes the streams, by ids only. A stream asks again at each message who it
speaks for, and in that scope what there is: a post that was lost, or a session that was ended, ends the stream.
"""

from __future__ import annotations

import asyncio
import json
import logging
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Mapping
from importlib import import_module
from typing import Any, ClassVar, cast
from uuid import UUID
from weakref import WeakKeyDictionary

import psycopg
from channels.db import database_sync_to_async
from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.db import connections
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils import translation
from psycopg import sql

from shuzheng.base.access.actors import identify
from shuzheng.base.core.actor import Actor, actor_of
from shuzheng.base.notify.receipts import CHANNEL, inbox, unread

log = logging.getLogger(__name__)

BEAT = 25.0
"""Seconds after which a silent stream says that it lives; proxies close after 60."""
PATIENCE = 5.0
QUEUE = 100


class Hub:
    """The listener of one event loop to one channel, and the streams it wakes."""

    def __init__(self, channel: str) -> None:
        self._channel = channel
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
                self._wake({})  # what came meanwhile was missed: everybody looks for themselves

    async def _until_broken(self) -> None:
        params = {
            k: v
            for k, v in connections["default"].get_connection_params().items()
            if k not in {"cursor_factory", "context"}
        }
        async with await psycopg.AsyncConnection.connect(**params, autocommit=True) as connection:
            await connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(self._channel)))
            self.listening.set()
            async for message in connection.notifies():
                self._wake(json.loads(message.payload))

    def _wake(self, message: dict[str, Any]) -> None:
        for stream in self._streams:
            if not stream.full():  # a full one has a look ahead of it anyway
                stream.put_nowait(message)


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, Hub]] = WeakKeyDictionary()


def hub(channel: str = CHANNEL) -> Hub:
    """The hub of the running loop for a channel."""
    hubs = _hubs.setdefault(asyncio.get_running_loop(), {})
    return hubs.setdefault(channel, Hub(channel))


class Reader(ABC):
    """Whom a stream speaks for. ``channel`` wakes it; ``rest``: seconds in which several wake-ups are one."""

    channel: ClassVar[str]
    rest: ClassVar[float] = 0.0

    def __init__(self, account_id: UUID, post_id: UUID, session: str, language: str) -> None:
        self.account_id, self.post_id, self.session, self.language = account_id, post_id, session, language

    @abstractmethod
    def concerned(self, woken: Mapping[str, Any]) -> bool:
        """Whether a wake-up may be news to them; an empty one is for everybody."""

    @abstractmethod
    def say(self, actor: Actor, woken: Mapping[str, Any]) -> list[dict[str, Any]] | None:
        """What to say now, in the actor's scope. None when they may no longer listen."""

    def look(self, woken: Mapping[str, Any]) -> list[dict[str, Any]] | None:
        """What to say now to whoever this is today. None when they may no longer listen."""
        store = import_module(settings.SESSION_ENGINE).SessionStore
        if self.session and not store().exists(self.session):
            return None
        identity = identify(self.account_id, self.post_id)
        if identity is None or identity.actor.id != self.post_id:
            return None
        with identity.actor.scope.activate(), translation.override(self.language):
            return self.say(identity.actor, woken)


class Listener(Reader):
    """Who hears of notices."""

    channel = CHANNEL
    _nodes: frozenset[str] = frozenset()

    def concerned(self, woken: Mapping[str, Any]) -> bool:
        return woken.get("nodes") is None or not self._nodes.isdisjoint(woken["nodes"])

    def say(self, actor: Actor, woken: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The count, and the notice if it is for them."""
        self._nodes, notice = frozenset({str(actor.organ_id), str(actor.node_id)}), woken.get("notice")
        said: list[dict[str, Any]] = [{"kind": "count", "name": "notices", "value": unread(actor)}]
        receipt = inbox(actor).filter(notice_id=notice, read_at=None).first() if notice else None
        if receipt is not None:
            said.append({"kind": "notice", "title": receipt.words, "url": f"/notify/{receipt.notice_id}/"})
        return said


def respond(request: HttpRequest, reader: Callable[[UUID, UUID, str, str], Reader]) -> HttpResponse:
    """The stream as an answer. Only where connections are cheap: a thread for each would use a WSGI server up."""
    if not isinstance(request, ASGIRequest):
        return HttpResponse(status=204)  # EventSource takes it as: don't come back
    actor, language = actor_of(request), translation.get_language() or "zh-hans"
    listener = reader(cast(UUID, request.user.pk), actor.id, request.session.session_key or "", language)
    response = StreamingHttpResponse(stream(listener), content_type="text/event-stream")
    response["Cache-Control"], response["X-Accel-Buffering"] = "no-store", "no"
    return cast(HttpResponse, response)


async def stream(listener: Reader) -> AsyncIterator[bytes]:
    """The bytes of one stream, until the reader leaves or may no longer listen."""
    look = database_sync_to_async(listener.look)
    home = hub(listener.channel)
    queue = home.join()
    try:
        said = await look({})
        while said is not None:
            for message in said:
                yield f"data: {json.dumps(message, ensure_ascii=False)}\n\n".encode()
            said = []
            try:
                woken = await asyncio.wait_for(queue.get(), BEAT)
            except TimeoutError:
                yield b": still here\n\n"
                continue
            news = [woken]
            if listener.rest:
                await asyncio.sleep(listener.rest)
                news += [queue.get_nowait() for _ in range(queue.qsize())]
            concerning = [one for one in news if listener.concerned(one)]
            if concerning:
                said = await look(concerning[-1])
    finally:
        home.leave(queue)
