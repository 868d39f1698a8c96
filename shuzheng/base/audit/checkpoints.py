"""Checkpoints: lines outside the database, signed with SM2, that say how long the chain was and what its last digest.

One line of JSON each, in ``checkpoints.jsonl`` under ``SZ_AUDIT_DIR`` (default: ``audit`` in the data folder). Each line
holds the SM3 of the line before, so that the signature of the last one covers all. Whoever can change the database but
not this folder can't cut or rewrite the trail unseen; so copy the folder, and ``sm2.pub``, to where neither the
database's nor the program's administrators write (docs/threat-model.md).

``sm2.pub`` lists every public key this trail was ever signed with, one a line, the present one last: the private key is
in no backup, so a restored server makes a new pair and goes on, and what the former one signed still verifies.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from django.conf import settings
from django.utils import timezone
from gmalg import SM2

from shuzheng.base.audit.chain import START

SIGNER = b"shuzheng.audit"
"""The signer's distinguishing identifier (GB/T 32918.2, 5.5)."""


@dataclass(frozen=True)
class Checkpoint:
    """A line: the chain had ``seq`` links (numbers begin at 1 without gaps) and ended in ``digest`` at ``at``."""

    seq: int
    digest: str
    at: str
    before: str
    signature: str

    def body(self) -> bytes:
        """What is signed."""
        return f"{self.seq}:{self.digest}:{self.at}:{self.before}".encode()

    def line(self) -> str:
        return json.dumps(self.__dict__, separators=(",", ":"))


def folder() -> Path:
    return Path(os.environ.get("SZ_AUDIT_DIR") or Path(settings.VAR_DIR) / "audit")


def file() -> Path:
    return folder() / "checkpoints.jsonl"


def sm3(line: str) -> str:
    hasher = hashes.Hash(hashes.SM3())
    hasher.update(line.encode())
    return hasher.finalize().hex()


def _public_keys() -> list[str]:
    path = folder() / "sm2.pub"
    return path.read_text().split() if path.exists() else []


def _signer() -> SM2:
    """The server's signing key; made where there is none, readable by the program's user only."""
    path = folder() / "sm2.key"
    if not path.exists():
        secret, public = SM2().generate_keypair()
        # The public half first: broken off between the two, a key that signed nothing stands in the list, no more.
        (folder() / "sm2.pub").write_text("\n".join([*_public_keys(), public.hex()]) + "\n")
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as out:
            out.write(secret.hex())
    return SM2(bytes.fromhex(path.read_text()), SIGNER, bytes.fromhex(_public_keys()[-1]))


def is_genuine(checkpoint: Checkpoint) -> bool:
    """Whether the signature is by a key this server has or had. About 30 ms a key, the present one first."""
    try:
        raw = bytes.fromhex(checkpoint.signature)
    except ValueError:
        return False
    if len(raw) != 64:
        return False
    keys = (SM2(uid=SIGNER, pk=bytes.fromhex(key)) for key in reversed(_public_keys()))
    return any(key.verify(checkpoint.body(), raw[:32], raw[32:]) for key in keys)


def append(seq: int, digest: str) -> Checkpoint:
    """Sign and write one line, on the disk when this returns.

    Raises:
        OSError: the folder can't be written.
    """
    folder().mkdir(parents=True, exist_ok=True)
    with file().open("a+") as out:
        fcntl.flock(out, fcntl.LOCK_EX)  # two workers of one machine
        signer = _signer()
        before = _last_line(file())
        unsigned = Checkpoint(seq, digest, timezone.now().isoformat(), sm3(before) if before else START, "")
        r, s = signer.sign(unsigned.body())
        signed = Checkpoint(**{**unsigned.__dict__, "signature": (r.rjust(32, b"\0") + s.rjust(32, b"\0")).hex()})
        out.write(signed.line() + "\n")
        out.flush()
        os.fsync(out.fileno())
    return signed


def last() -> Checkpoint | None:
    """The newest line."""
    line = _last_line(file()) if file().exists() else ""
    return Checkpoint(**json.loads(line)) if line else None


def _last_line(path: Path) -> str:
    with path.open("rb") as source:
        source.seek(max(0, path.stat().st_size - 4096))
        lines = source.read().decode().splitlines()
    return lines[-1] if lines else ""


def read() -> Iterator[tuple[str, Checkpoint | None]]:
    """All lines, oldest first; None where a line can't be read."""
    if not file().exists():
        return
    with file().open() as source:
        for raw in source:
            line = raw.rstrip("\n")
            try:
                yield line, Checkpoint(**json.loads(line))
            except (ValueError, TypeError):
                yield line, None
