"""Who is let in: the register of terminals, kept in memory, so that an absent database locks out nobody who is known.

A number on the air proves nothing, so a terminal registers once: what it is told then is its key. Whoever lost it, or is
new in the same car, has to be let in again by a keeper (``vehicles.terminal.reopen``).
"""

from __future__ import annotations

import hmac
import secrets
import threading
import time
from uuid import UUID

from django.db import DatabaseError, InterfaceError
from psycopg_pool import PoolTimeout

from shuzheng.apps.vehicles.actions.tracks import admit_terminals
from shuzheng.apps.vehicles.gateway.server import Known
from shuzheng.apps.vehicles.gateway.store import SCOPE
from shuzheng.apps.vehicles.models import Terminal, VehicleState
from shuzheng.base.accounts.hashing import keyed_sm3
from shuzheng.base.core.actor import system_actor
from shuzheng.protocols.jt808 import messages as m
from shuzheng.protocols.jt808.frames import Edition

AGAIN = 2.0
"""Seconds between two looks for a terminal that is not known: guesses shall not become questions to the database."""


def digest(code: str) -> str:
    """What is stored of a code: its 64 random bits, keyed, need no slow hash."""
    return keyed_sm3("terminal", code).hex()


class Directory:
    """The register as the gateway's processes see it."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[str, Known]] = {}
        self._looked = -AGAIN
        self._lock = threading.Lock()

    def refresh(self) -> None:
        """Read the register; while the database is away, what is known stays."""
        with self._lock:
            self._read()

    def _refresh_lately(self) -> None:
        """Read it unless somebody did just now; whoever comes while it is read waits for what is found."""
        with self._lock:
            if time.monotonic() - self._looked >= AGAIN:
                self._read()

    def _read(self) -> None:
        try:
            with system_actor(SCOPE).scope.activate():
                rows = list(
                    Terminal.objects.filter(in_use=True)
                    .exclude(code_hash="")
                    .exclude(vehicle__state=VehicleState.DISPOSED)
                    .values_list("number", "code_hash", "pk", "vehicle_id", "edition")
                )
        except (DatabaseError, InterfaceError, PoolTimeout, OSError):
            if not self._known:
                raise
            return
        finally:
            self._looked = time.monotonic()
        self._known = {n: (code, _known(pk, vehicle, edition)) for n, code, pk, vehicle, edition in rows}

    def admits(self, phone: str, known: Known) -> bool:
        found = self._known.get(phone)
        return found is not None and found[1] == known

    def authenticate(self, phone: str, code: str) -> Known | None:
        said = digest(code)
        for again in (False, True):
            if again:
                self._refresh_lately()
            found = self._known.get(phone)
            if found is not None and hmac.compare_digest(found[0], said):
                return found[1]
        return None

    def register(self, phone: str, said: m.Registration) -> tuple[int, str]:
        actor = system_actor(SCOPE)
        with actor.scope.activate():
            terminal = Terminal.objects.select_related("vehicle").filter(number=phone, in_use=True).first()
            result = _judged(terminal, said)
            if result != m.REGISTERED or terminal is None:
                return result, ""
            code = secrets.token_hex(8)
            told = {
                "device": said.terminal,
                "maker": terminal.maker or said.maker,
                "model": terminal.model or said.model,
            }
            admit_terminals([terminal], actor=actor, code_hash=digest(code), edition=int(said.edition), **told)
        with self._lock:
            self._known[phone] = (digest(code), _known(terminal.pk, terminal.vehicle_id, int(said.edition)))
        return m.REGISTERED, code


def _known(pk: UUID, vehicle: UUID, edition: int) -> Known:
    return Known(pk, vehicle, Edition(edition))


def _judged(terminal: Terminal | None, said: m.Registration) -> int:
    """What a registration is answered with (JT/T 808-2019, table 11)."""
    if terminal is None or (terminal.device and said.terminal and terminal.device != said.terminal):
        return m.NO_TERMINAL
    vehicle = terminal.vehicle
    if vehicle.state == VehicleState.DISPOSED or (said.plate and said.plate not in (vehicle.plate, vehicle.vin)):
        return m.NO_VEHICLE
    return m.TERMINAL_TAKEN if terminal.code_hash else m.REGISTERED
