"""What a running job says about itself: how far it is, what it made, how it ended."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import PurePosixPath
from typing import IO, Any
from uuid import UUID

from django.core.files import File
from django.core.files.storage import default_storage
from django.db import connection, connections
from django.utils import timezone

from shuzheng.base.core.actor import Actor
from shuzheng.base.jobs.models import JobRun

SAY_EVERY = 0.5
"""Seconds between two notes of progress."""
FAULTS_KEPT = 200


class Stopped(Exception):
    """The person who started the job has asked that it end; what its open transaction has written is taken back."""


class Run:
    """A ``JobRun`` while it runs. Notes are written in transactions of their own."""

    def __init__(self, pk: UUID, actor: Actor) -> None:
        self.id, self.actor = pk, actor
        self._said = 0.0

    def key(self, part: object) -> str:
        """Idempotency key for a part of the job: the same when the job is run again."""
        return f"job:{self.id}:{part}"[:80]

    def begin(self) -> bool:
        """Note that it runs; False if it is over already (the queue handed it out twice)."""
        with self.actor.scope.activate():
            waiting = JobRun.objects.filter(pk=self.id).exclude(state__in=JobRun.OVER)
            return bool(waiting.update(state=JobRun.State.RUNNING, updated_at=timezone.now()))

    def advance(self, done: int, total: int) -> None:
        """Say how far it is; cheap enough to be called for each row, and seen at once also from inside a transaction.

        Raises:
            Stopped: its starter wants no more of it.
        """
        now = time.monotonic()
        if now - self._said < SAY_EVERY and done < total:
            return
        self._said = now
        if connection.in_atomic_block:
            with ThreadPoolExecutor(1) as aside:  # what the running transaction writes is seen when it ends
                unwanted = aside.submit(self._note_aside, done=done, total=total).result()
        else:
            unwanted = self._note(done=done, total=total)
        if unwanted:
            raise Stopped

    def keep(self, source: IO[bytes], name: str) -> None:
        """Keep a file for the starter to fetch (for ``SZ_RESULT_DAYS``)."""
        stored = default_storage.save(f"results/{self.id}/file{PurePosixPath(name).suffix}", File(source))
        self._note(result=stored, result_name=name[:120])

    def end(self, state: str, message: str, faults: Sequence[Any] = ()) -> None:
        """Note how it ended. ``faults`` are ``FieldFault``s; the first few hundred are kept."""
        kept = [
            {"row": f.row, "column": f.column or f.field, "message": f.message, "value": f.value}
            for f in list(faults)[:FAULTS_KEPT]
        ]
        self._note(state=state, message=message[:400], faults=kept, finished_at=timezone.now())

    def _note_aside(self, **values: Any) -> bool:
        """A note over a connection of this thread's own. Left out where the transaction holds the row: it would never end."""
        try:
            with self.actor.scope.activate():
                free = JobRun.objects.select_for_update(skip_locked=True).filter(pk=self.id).exists()
                return free and self._note(**values)
        finally:
            connections.close_all()

    def _note(self, **values: Any) -> bool:
        """Whether the starter has asked that it stop."""
        with self.actor.scope.activate():
            run = JobRun.objects.filter(pk=self.id)
            run.update(updated_at=timezone.now(), **values)
            return run.filter(stop_asked=True).exists()
