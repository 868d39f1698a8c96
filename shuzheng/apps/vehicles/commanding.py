"""Commands to terminals in the words of both sides: what a command says on the air, what an answer means, how a page tells it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shuzheng.apps.vehicles.models import Command
from shuzheng.protocols.jt808 import messages as m
from shuzheng.protocols.jt808.parameters import raw_of, value_of


@dataclass(frozen=True, slots=True)
class Setting:
    """A parameter that may be set from a page: its number in JT/T 808-2019 table 12, what it is called, and from where to where."""

    number: int
    label: Promise
    unit: Promise | str
    least: int
    most: int


SECONDS = gettext_lazy("秒")
SETTINGS: Mapping[str, Setting] = {
    "interval": Setting(0x0029, gettext_lazy("行驶时上报间隔"), SECONDS, 5, 600),
    "asleep": Setting(0x0027, gettext_lazy("休眠时上报间隔"), SECONDS, 10, 3600),
    "speed": Setting(0x0055, gettext_lazy("最高速度"), "km/h", 20, 180),
    # The gateway ends a connection that says nothing for a quarter of an hour.
    "heartbeat": Setting(0x0001, gettext_lazy("心跳间隔"), SECONDS, 10, 600),
}
REFUSALS: Mapping[int, Promise] = {
    m.FAILED: gettext_lazy("执行失败"), m.WRONG: gettext_lazy("消息有误"), m.UNSUPPORTED: gettext_lazy("终端不支持"),
}  # fmt: skip
PROPERTIES: Mapping[str, Promise] = {
    "maker": gettext_lazy("制造商"), "model": gettext_lazy("终端型号"), "terminal": gettext_lazy("终端 ID"),
    "hardware": gettext_lazy("硬件版本"), "firmware": gettext_lazy("固件版本"),
}  # fmt: skip


def message_of(kind: str, content: Mapping[str, Any]) -> m.Message:
    """What a command says to the terminal.

    Raises:
        ProtocolError: a value does not fit.
    """
    match kind:
        case Command.Sort.TEXT:
            return m.Text(content["text"], m.TEXT_SHOWN | (m.TEXT_SPOKEN if content["spoken"] else 0))
        case Command.Sort.LOCATE:
            return m.QueryLocation()
        case Command.Sort.READ:
            return m.QueryParameters()
        case Command.Sort.SET:
            return m.SetParameters(
                tuple(raw_of(SETTINGS[name].number, value) for name, value in content["parameters"].items())
            )
        case _:
            return m.QueryProperties()


def answer_of(kind: str, said: m.Message) -> tuple[Command.State, dict[str, Any]] | None:
    """What a terminal's message means to a command of that kind; None when it does not answer it (yet)."""
    match said:
        case m.TerminalReply(result=m.OK):
            # A text or a setting is done then; what was asked for is still to come.
            return (Command.State.DONE, {}) if kind in (Command.Sort.TEXT, Command.Sort.SET) else None
        case m.TerminalReply(result=result):
            return Command.State.REFUSED, {"result": result}
        case m.LocationAnswer(_, location) if kind == Command.Sort.LOCATE:
            return Command.State.DONE, {"at": location.at.isoformat() if location.at and location.fixed else None}
        case m.Parameters(_, parameters) if kind == Command.Sort.READ:
            return Command.State.DONE, _told(dict(parameters))
        case m.Properties() if kind == Command.Sort.PROPERTIES:
            return Command.State.DONE, {"properties": {name: getattr(said, name) for name in PROPERTIES}}
    return None


def _told(found: dict[int, bytes]) -> dict[str, Any]:
    """The parameters that may be set, and how many others there are; those of another size than they should be count as others."""
    known = {name: value_of(item.number, found.get(item.number, b"")) for name, item in SETTINGS.items()}
    told = {name: value for name, value in known.items() if isinstance(value, int)}
    return {"parameters": told, "others": len(found) - len(told)}


def said(command: Command) -> str:
    """What a command says, as a page tells it."""
    if command.kind == Command.Sort.TEXT:
        return str(command.content["text"])
    return "；".join(_values(command.content.get("parameters", {})))


def answered(command: Command) -> str:
    """What came of a command, as a page tells it; empty while nothing did."""
    answer = command.answer
    if "result" in answer:
        return str(REFUSALS.get(answer["result"], _("执行失败")))
    if "at" in answer:
        return _("位置已回报，见实时位置") if answer["at"] else _("终端没有定位")
    if "properties" in answer:
        return "；".join(f"{label} {answer['properties'].get(name) or '—'}" for name, label in PROPERTIES.items())
    if "parameters" in answer:
        others = [_("另有 %(n)d 项") % {"n": answer["others"]}] if answer["others"] else []
        return "；".join([*_values(answer["parameters"]), *others])
    if answer.get("silent"):
        return _("下发 %(n)d 次，终端没有应答") % {"n": command.tries}
    return ""


def _values(parameters: Mapping[str, int]) -> Iterator[str]:
    for name, item in SETTINGS.items():
        if name in parameters:
            yield f"{item.label} {parameters[name]} {item.unit}"
