"""What terminals are told to do: the asking is of people, sending and answering of the gateway (``gateway.commands``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from shuzheng.apps.vehicles import rules
from shuzheng.apps.vehicles.commanding import SETTINGS, message_of
from shuzheng.apps.vehicles.models import Command, Terminal
from shuzheng.base.core.action import Write, action
from shuzheng.base.standards import resolve
from shuzheng.kernel.errors import Conflict, FieldFault, Invalid
from shuzheng.protocols.jt808 import ProtocolError

TOLD, MAY = "vehicles.terminal.commanded", "vehicles.terminal.command"


def _ask(
    w: Write, terminals: Sequence[Terminal], kind: Command.Sort, why: str, content: dict[str, Any] | None = None
) -> Sequence[Command]:
    """One command for each terminal, good for as long as the rule has it.

    Raises:
        Conflict: one is out of use, or has never registered.
    """
    now, held = timezone.now(), resolve.current()
    today = timezone.localdate(now)
    made = []
    for terminal in terminals:
        if not (terminal.in_use and terminal.code_hash):
            raise Conflict(_("终端 %(n)s 没有启用或还没有注册，不能下发指令。") % {"n": terminal.number})
        hours = rules.number("VEH-COMMAND-HOURS", today, terminal.path, held=held)
        row = Command(
            terminal=terminal, kind=kind, content=content or {}, why=why, by=w.actor.name,
            until=now + timedelta(hours=float(hours)),
        )  # fmt: skip
        row.node_id, row.path = terminal.node_id, terminal.path
        w.create(row)
        made.append(row)
    return made


@action("vehicles.terminal.say", permission=MAY, handover=True, event=TOLD)
def say_to_terminals(
    w: Write, terminals: Sequence[Terminal], *, text: str, why: str, spoken: bool = True
) -> Sequence[Command]:
    """Show a text on the terminals' screens, and have it read aloud.

    Raises:
        Invalid: it has characters that no terminal can show.
        Conflict: a terminal is out of use, or has never registered.
    """
    content = {"text": text.strip(), "spoken": spoken}
    try:
        message_of(Command.Sort.TEXT, content).write(Terminal.Edition.Y2019)  # type: ignore[arg-type]
    except ProtocolError as fault:
        raise Invalid.one("text", _("文本里有终端显示不了的字符。")) from fault
    return _ask(w, terminals, Command.Sort.TEXT, why, content)


@action("vehicles.terminal.locate", permission=MAY, handover=True, event=TOLD)
def locate_terminals(w: Write, terminals: Sequence[Terminal], *, why: str) -> Sequence[Command]:
    """Ask terminals where they are now; the answer goes the way of all positions.

    Raises:
        Conflict: a terminal is out of use, or has never registered.
    """
    return _ask(w, terminals, Command.Sort.LOCATE, why)


@action("vehicles.terminal.query", permission=MAY, handover=True, event=TOLD)
def query_terminals(w: Write, terminals: Sequence[Terminal], *, why: str) -> Sequence[Command]:
    """Ask terminals for their parameters.

    Raises:
        Conflict: a terminal is out of use, or has never registered.
    """
    return _ask(w, terminals, Command.Sort.READ, why)


@action("vehicles.terminal.inspect", permission=MAY, handover=True, event=TOLD)
def inspect_terminals(w: Write, terminals: Sequence[Terminal], *, why: str) -> Sequence[Command]:
    """Ask terminals what they are: maker, model, versions.

    Raises:
        Conflict: a terminal is out of use, or has never registered.
    """
    return _ask(w, terminals, Command.Sort.PROPERTIES, why)


@action("vehicles.terminal.set", handover=True, event=TOLD)
def set_terminals(
    w: Write, terminals: Sequence[Terminal], *, why: str, interval: int | None = None, asleep: int | None = None,
    speed: int | None = None, heartbeat: int | None = None,
) -> Sequence[Command]:  # fmt: skip
    """Set parameters of terminals; those that are not given stay as they are. Units and limits: ``SETTINGS``.

    Raises:
        Invalid: nothing is to be set, or a value is beyond its limits.
        Conflict: a terminal is out of use, or has never registered.
    """
    given = {"interval": interval, "asleep": asleep, "speed": speed, "heartbeat": heartbeat}
    wanted = {name: value for name, value in given.items() if value is not None}
    if not wanted:
        raise Invalid.one("interval", _("至少填一项要设置的参数。"))
    faults = [
        FieldFault(name, _("应在 %(least)d 到 %(most)d 之间。") % {"least": SETTINGS[name].least, "most": SETTINGS[name].most})
        for name, value in wanted.items() if not SETTINGS[name].least <= value <= SETTINGS[name].most
    ]  # fmt: skip
    if faults:
        raise Invalid(faults=faults)
    return _ask(w, terminals, Command.Sort.SET, why, {"parameters": wanted})


@action("vehicles.command.send", permission="", system_only=True)
def send_commands(w: Write, commands: Sequence[Command]) -> Sequence[Command]:
    """The gateway is about to send commands to terminals that are connected."""
    for row in commands:
        w.change(row, state=Command.State.SENT, tries=row.tries + 1, sent_at=timezone.now())
    return commands


@action("vehicles.command.answer", permission="", system_only=True)
def answer_commands(
    w: Write, commands: Sequence[Command], *, said: Mapping[UUID, tuple[Command.State, dict[str, Any]]]
) -> Sequence[Command]:
    """Note what terminals answered. What is over already stays as it is."""
    for row in commands:
        if row.state in Command.OPEN:
            state, answer = said[row.pk]
            w.change(row, state=state, answer=answer, answered_at=timezone.now())
    return commands


@action("vehicles.command.expire", permission="", system_only=True)
def expire_commands(w: Write, commands: Sequence[Command]) -> Sequence[Command]:
    """Give up commands whose time is over, or that their terminals never answer."""
    for row in commands:
        w.change(row, state=Command.State.EXPIRED, answer={"silent": True} if row.tries else {})
    return commands
