"""Commands on their way: each process looks every second for those of the terminals that are connected to it.

A command is noted as sent before it goes out, so that two processes never send the same; one that is not answered goes
out again, some times. Answers are kept until the database has taken them.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import DatabaseError, InterfaceError
from django.db.models import Q
from django.utils import timezone
from psycopg_pool import PoolTimeout

from shuzheng.apps.vehicles.actions.commands import answer_commands, expire_commands, send_commands
from shuzheng.apps.vehicles.commanding import answer_of, message_of
from shuzheng.apps.vehicles.gateway.store import SCOPE
from shuzheng.apps.vehicles.models import Command
from shuzheng.base.core.actor import system_actor
from shuzheng.protocols.jt808 import messages as m

if TYPE_CHECKING:
    from shuzheng.apps.vehicles.gateway.server import Connection, Server

log = logging.getLogger(__name__)

EVERY = 1.0
"""Seconds between two looks."""
PATIENCE = 5.0
"""Seconds until the next look when the database is away."""
REPLY = 60
"""Seconds after which a command that was not answered goes out again."""
TRIES = 3
"""How often one goes out at most: nobody wants to hear a text all day."""
BACK = timedelta(minutes=2)
"""How far a look reaches back: what is committed late was made earlier."""

Answer = tuple[Command.State, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Due:
    """A command that goes out now."""

    command: UUID
    kind: str
    terminal: UUID
    message: m.Message


@dataclass(frozen=True, slots=True)
class _Sent:
    due: Due
    at: float


class Outbox:
    """The commands of one process."""

    def __init__(self) -> None:
        self._arrived: set[UUID] = set()
        self._sent: dict[tuple[UUID, int], _Sent] = {}
        self._answers: dict[UUID, Answer] = {}

    def arrived(self, terminal: UUID) -> None:
        """A terminal has signed in: what waited for it is due, however old."""
        self._arrived.add(terminal)

    def answered(self, terminal: UUID, message: m.Message) -> None:
        """A terminal said something that may be an answer. Most answers name the serial number of what they answer."""
        match message:
            case m.TerminalReply(serial=serial) | m.Parameters(serial, _) | m.LocationAnswer(serial, _):
                keys = [(terminal, serial)]
            case _:
                keys = [key for key in self._sent if key[0] == terminal]
        for key in keys:
            sent = self._sent.get(key)
            if sent is not None and (answer := answer_of(sent.due.kind, message)) is not None:
                del self._sent[key]
                self._answers[sent.due.command] = answer

    async def run(self, server: Server) -> None:
        """Send and note answers, until cancelled."""
        since = timezone.now() - BACK
        while True:
            await asyncio.sleep(EVERY)
            here = {c.known.terminal: c for c in server.by_phone.values() if c.known is not None}
            arrived, answers = self._arrived, dict(self._answers)
            if not here and not answers:
                continue
            self._arrived = set()
            before = timezone.now() - BACK
            try:
                due = await server.ask(lambda: step(here.keys(), arrived, since, answers))  # noqa: B023 -- awaited here
            except (DatabaseError, InterfaceError, PoolTimeout, OSError) as error:
                log.warning("commands: %s; looking again in %.0f s", error, PATIENCE)
                self._arrived |= arrived
                await asyncio.sleep(PATIENCE)
                continue
            since = before
            for command in answers:
                self._answers.pop(command, None)
            for one in due:
                self._send(here[one.terminal], one)
            self._forget()

    def _send(self, connection: Connection, due: Due) -> None:
        serial = connection.say(due.message)
        self._sent[due.terminal, serial] = _Sent(due, time.monotonic())
        connection.flush()

    def _forget(self) -> None:
        """Those that were not answered in time: ``step`` finds them again."""
        old = time.monotonic() - REPLY
        for key in [key for key, sent in self._sent.items() if sent.at < old]:
            del self._sent[key]


def step(here: Set[UUID], arrived: Set[UUID], since: datetime, answers: Mapping[UUID, Answer]) -> list[Due]:
    """Note answers, give up what is over, and say what goes out now to the terminals that are connected (``here``).

    ``arrived``: of these, the ones whose waiting commands are due however old they are; of the others only those made ``since``.
    """
    actor, now = system_actor(SCOPE), timezone.now()
    with actor.scope.activate():
        if answers:
            answer_commands(list(_locked(answers)), actor=actor, said=answers)
        waiting = Q(state=Command.State.WAITING) & (Q(created_at__gt=since) | Q(terminal__in=arrived))
        silent = Q(state=Command.State.SENT, sent_at__lt=now - timedelta(seconds=REPLY))
        rows = Command.objects.filter(waiting | silent, until__gt=now).values_list("pk", "terminal_id")
        # Asked again under the lock: another process may have been faster.
        mine = list(_locked(pk for pk, terminal in rows if terminal in here).filter(waiting | silent))
        over = [row for row in mine if row.tries >= TRIES]
        if over:
            expire_commands(over, actor=actor)
        due = [row for row in mine if row.tries < TRIES]
        if due:
            send_commands(due, actor=actor)
        return [Due(row.pk, row.kind, row.terminal_id, message_of(row.kind, row.content)) for row in due]


def _locked(pks: Any) -> Any:
    """Open commands by id, locked, in the order in which they were asked for."""
    rows = Command.objects.select_for_update().filter(pk__in=list(pks), state__in=Command.OPEN)
    return rows.order_by("created_at", "pk")


def expire() -> int:
    """Give up commands whose time is over; how many. Terminals that never come back are nobody's here, so the clock asks."""
    actor, now = system_actor(SCOPE), timezone.now()
    with actor.scope.activate():
        over = Command.objects.filter(state__in=Command.OPEN, until__lte=now).values_list("pk", flat=True)
        rows = list(_locked(over))
        if rows:
            expire_commands(rows, actor=actor)
        return len(rows)
