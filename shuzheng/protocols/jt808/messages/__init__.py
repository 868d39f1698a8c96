"""What frames say: one dataclass a message, with how it is read and written in each edition.

Names of the tables are those of JT/T 808-2019. ``decode`` gives ``Unknown`` for a message that is not here: it is
answered politely (result 3, not supported), multimedia uploads among them. ``terminal`` has what terminals say,
``platform`` what is said to them.
"""

from __future__ import annotations

from collections.abc import Callable

from shuzheng.protocols.jt808.errors import ProtocolError
from shuzheng.protocols.jt808.fields import Reader
from shuzheng.protocols.jt808.frames import BODY_MOST, Edition, Frame, pack
from shuzheng.protocols.jt808.messages.base import ALARM_CONFIRMED, FAILED, OK, UNSUPPORTED, WRONG, Message, Unknown
from shuzheng.protocols.jt808.messages.platform import (
    NO_TERMINAL,
    NO_VEHICLE,
    REGISTERED,
    TERMINAL_TAKEN,
    TEXT_SHOWN,
    TEXT_SPOKEN,
    TEXT_URGENT,
    VEHICLE_TAKEN,
    Follow,
    PlatformReply,
    QueryLocation,
    QueryParameters,
    QueryProperties,
    QuerySome,
    RegistrationReply,
    SendAgain,
    SetParameters,
    Text,
)
from shuzheng.protocols.jt808.messages.terminal import (
    CARD_IN,
    CARD_OUT,
    PROPERTY_WIDTHS,
    REGISTRATION_WIDTHS,
    Authentication,
    CameraReply,
    DriverIdentity,
    Heartbeat,
    LocationAnswer,
    LocationBatch,
    LocationReport,
    Logout,
    Parameters,
    Properties,
    Registration,
    TerminalReply,
)

KINDS: dict[int, type[Message]] = {
    kind.id: kind
    for kind in (
        TerminalReply, PlatformReply, Heartbeat, Logout, Registration, RegistrationReply, Authentication,
        LocationReport, LocationAnswer, LocationBatch, DriverIdentity, CameraReply, SetParameters, QueryParameters,
        QuerySome, Parameters, Text, QueryLocation, Follow, SendAgain, QueryProperties, Properties,
    )
}  # fmt: skip  # fmt: skip


def spoken(frame: Frame, edition: Edition | None) -> Edition:
    """The edition of a frame: whether it is 2019 its header says, whatever the register of terminals has."""
    return edition if edition is Edition.Y2011 and frame.version is None else frame.edition


def decode(frame: Frame, edition: Edition | None = None) -> Message:
    """What a frame (or a message put together of parts) says. ``edition``: the terminal's, where it is known.

    Raises:
        ProtocolError: the body is none of that message.
    """
    kind = KINDS.get(frame.id)
    if kind is None:
        return Unknown(frame.id, frame.body)
    return kind.read(Reader(frame.body), spoken(frame, edition))


def encode(
    message: Message, phone: str, next_serial: Callable[[], int], edition: Edition = Edition.Y2019, version: int = 1
) -> list[bytes]:
    """The frames that say ``message``: one, or as many as its length asks for.

    Raises:
        ProtocolError: a value does not fit its field, or the phone its header.
    """
    body = message.body if isinstance(message, Unknown) else message.write(edition)
    number = message.number if isinstance(message, Unknown) else message.id
    shown = version if edition is Edition.Y2019 else None
    if len(body) <= BODY_MOST:
        return [pack(Frame(number, phone, next_serial(), body, shown))]
    pieces = [body[at : at + BODY_MOST] for at in range(0, len(body), BODY_MOST)]
    if len(pieces) > 0xFFFF:
        raise ProtocolError("parts", f"{len(pieces)}")
    return [
        pack(Frame(number, phone, next_serial(), piece, shown, (n, len(pieces)))) for n, piece in enumerate(pieces, 1)
    ]


__all__ = [
    "ALARM_CONFIRMED", "CARD_IN", "CARD_OUT", "FAILED", "KINDS", "NO_TERMINAL", "NO_VEHICLE", "OK", "PROPERTY_WIDTHS",
    "REGISTERED", "REGISTRATION_WIDTHS", "TERMINAL_TAKEN", "TEXT_SHOWN", "TEXT_SPOKEN", "TEXT_URGENT", "UNSUPPORTED",
    "VEHICLE_TAKEN", "WRONG", "Authentication", "CameraReply", "DriverIdentity", "Follow", "Heartbeat", "LocationAnswer",
    "LocationBatch", "LocationReport", "Logout", "Message", "Parameters", "PlatformReply", "Properties", "QueryLocation",
    "QueryParameters", "QueryProperties", "QuerySome", "Registration", "RegistrationReply", "SendAgain", "SetParameters",
    "TerminalReply", "Text", "Unknown", "decode", "encode", "spoken",
]  # fmt: skip
