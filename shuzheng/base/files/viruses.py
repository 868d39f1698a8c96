"""ClamAV, where there is one: ``SZ_CLAMD`` names its socket (``/run/clamav/clamd.ctl``, or ``host:port``)."""

from __future__ import annotations

import os
import socket
import struct
from typing import IO

from django.utils.translation import gettext as _

from shuzheng.kernel.errors import Busy, Invalid

TIMEOUT = 60.0
CHUNK = 1 << 16


def is_present() -> bool:
    """Whether this deployment has a scanner."""
    return bool(os.environ.get("SZ_CLAMD"))


def scan(name: str, source: IO[bytes]) -> bool:
    """Whether the file was looked at and is clean; False where there is no scanner.

    Raises:
        Invalid: a virus, with its name.
        Busy: there is a scanner and it does not answer: nothing passes unseen because it is down.
    """
    if not is_present():
        return False
    try:
        answer = _ask(source)
    except OSError as error:
        raise Busy(_("病毒扫描服务没有应答，请稍后再传。")) from error
    if answer.endswith("FOUND"):
        virus = answer.removeprefix("stream: ").removesuffix(" FOUND")
        raise Invalid.one("file", _("文件含病毒 {virus}，已拒绝。").format(virus=virus), value=name)
    if not answer.endswith("OK"):
        raise Busy(_("病毒扫描没有完成（{answer}），请稍后再传。").format(answer=answer))
    return True


def _ask(source: IO[bytes]) -> str:
    address = os.environ["SZ_CLAMD"]
    if address.startswith("/"):
        connection = socket.socket(socket.AF_UNIX)
        target: str | tuple[str, int] = address
    else:
        host, _colon, port = address.rpartition(":")
        connection, target = socket.socket(), (host, int(port))
    with connection:
        connection.settimeout(TIMEOUT)
        connection.connect(target)
        connection.sendall(b"zINSTREAM\0")
        source.seek(0)
        while chunk := source.read(CHUNK):
            connection.sendall(struct.pack("!L", len(chunk)) + chunk)
        connection.sendall(struct.pack("!L", 0))
        answer = b""
        while not answer.endswith(b"\0") and (part := connection.recv(4096)):
            answer += part
    return answer.rstrip(b"\0").decode(errors="replace").strip()
