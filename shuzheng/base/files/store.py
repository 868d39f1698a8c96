"""Where contents lie: in the storage (a folder, or S3), each once, under its SM3 digest. Nothing there is served by itself."""

from __future__ import annotations

from datetime import timedelta
from typing import IO

from cryptography.hazmat.primitives import hashes
from django.core.files import File
from django.core.files.storage import default_storage
from django.utils import timezone

ROOT = "sm3"
SPARED = timedelta(days=1)
"""How old a file must be before it counts as an orphan: its attachment may just be on the way."""


def digest_of(source: IO[bytes]) -> str:
    """SM3 of the content, 64 hexadecimal digits."""
    sm3 = hashes.Hash(hashes.SM3())
    source.seek(0)
    while chunk := source.read(1 << 20):
        sm3.update(chunk)
    return sm3.finalize().hex()


def place(digest: str) -> str:
    return f"{ROOT}/{digest[:2]}/{digest}"


def put(source: IO[bytes], digest: str) -> None:
    """Keep the content. One that is there already is written again if it is old, so that no clean-up takes it away now."""
    name = place(digest)
    if default_storage.exists(name):
        if default_storage.get_modified_time(name) > timezone.now() - SPARED / 2:
            return
        default_storage.delete(name)
    source.seek(0)
    default_storage.save(name, File(source))


def get(digest: str) -> File:
    """The content, open for reading.

    Raises:
        FileNotFoundError: it is gone from the storage.
    """
    return default_storage.open(place(digest))
