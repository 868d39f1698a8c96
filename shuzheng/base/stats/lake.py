"""The lake: Parquet files in a folder or an object store, and the manifest that says which of them count.

A file is written under a name of its own and never changed. It belongs to the lake from the moment a manifest names it,
and one manifest takes the place of another in a single step: a reader sees the lake before or after, never between, and
an export that is killed leaves what was there.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from functools import cache
from typing import IO, Any
from uuid import UUID, uuid4

import fsspec
from django.conf import settings
from django.utils import timezone
from fsspec.implementations.local import LocalFileSystem

MANIFEST = "manifest.json"
KEEP = 3600
"""Seconds that a file stays after the last manifest that named it: somebody may be reading it."""


@dataclass(frozen=True)
class FactFile:
    """The facts of one round in one province."""

    path: str
    round: str
    bucket: str
    form: str
    period: str
    title: str
    rows: int
    at: str
    factors: dict[str, str] = field(default_factory=dict)
    """Version of the conversion factors used, by kind and method."""

    @property
    def taken(self) -> datetime:
        return datetime.fromisoformat(self.at)

    @property
    def key(self) -> str:
        return f"{self.round}/{self.bucket}"


@dataclass(frozen=True)
class NodeFile:
    """The tree on a day (``day`` is ISO), or today's (``now``). ``stamp`` tells whether the tree changed since."""

    path: str
    day: str
    stamp: str


@dataclass(frozen=True)
class Manifest:
    """What the lake holds."""

    files: dict[str, FactFile] = field(default_factory=dict)
    nodes: dict[str, NodeFile] = field(default_factory=dict)
    at: str = ""

    @property
    def as_of(self) -> datetime | None:
        """When the lake was last brought up to date."""
        return datetime.fromisoformat(self.at) if self.at else None

    def with_files(self, *files: FactFile, without: Iterable[str] = ()) -> Manifest:
        kept = {k: f for k, f in self.files.items() if k not in set(without)}
        return replace(self, files={**kept, **{f.key: f for f in files}})

    def with_nodes(self, *files: NodeFile) -> Manifest:
        return replace(self, nodes={**self.nodes, **{f.day: f for f in files}})

    def text(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True, indent=1)

    @classmethod
    def read(cls, text: str) -> Manifest:
        raw = json.loads(text)
        return cls(
            {k: FactFile(**f) for k, f in raw["files"].items()},
            {k: NodeFile(**f) for k, f in raw["nodes"].items()},
            raw["at"],
        )


class Lake:
    """A lake at ``root``: a folder, or whatever address ``fsspec`` knows (``s3://bucket/lake``, with its package)."""

    def __init__(self, root: str) -> None:
        self.fs, self.root = fsspec.url_to_fs(root)
        self.is_local = isinstance(self.fs, LocalFileSystem)
        self._held: tuple[Any, Manifest] | None = None

    def at(self, path: str) -> str:
        """The place of a file of the lake, in the file system's terms."""
        return f"{self.root.rstrip('/')}/{path}"

    def address(self, path: str) -> str:
        """The place of a file as an engine opens it."""
        return self.at(path) if self.is_local else str(self.fs.unstrip_protocol(self.at(path)))

    def manifest(self) -> Manifest:
        """What the lake holds now; read again only when it changed."""
        place = self.at(MANIFEST)
        try:
            info = self.fs.info(place)
        except FileNotFoundError:
            return Manifest()
        stamp = (info.get("ino"), info.get("mtime") or info.get("LastModified") or info.get("created"), info["size"])
        held = self._held
        if held is not None and held[0] == stamp:
            return held[1]
        found = Manifest.read(self.fs.cat_file(place).decode())
        self._held = (stamp, found)
        return found

    def swap(self, manifest: Manifest) -> Manifest:
        """Make ``manifest`` the lake's, in one step."""
        manifest = replace(manifest, at=timezone.now().isoformat())
        data = manifest.text().encode()
        self.fs.makedirs(self.root, exist_ok=True)
        if self.is_local:
            draft = self.at(f".{MANIFEST}.{uuid4().hex}")
            with open(draft, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(draft, self.at(MANIFEST))
        else:
            self.fs.pipe_file(self.at(MANIFEST), data)  # an object store shows an object whole or not at all
        self._held = None
        return manifest

    @contextmanager
    def write(self, folder: str) -> Iterator[tuple[str, IO[bytes]]]:
        """A new file in ``folder``: its path in the lake, and where to write. Removed again if the writer fails."""
        path = f"{folder}/{uuid4().hex}.parquet"
        self.fs.makedirs(self.at(folder), exist_ok=True)
        try:
            with self.fs.open(self.at(path), "wb") as file:
                yield path, file
        except BaseException:
            if self.fs.exists(self.at(path)):
                self.fs.rm_file(self.at(path))
            raise

    def tidy(self, keep: float = KEEP) -> int:
        """Remove files that no manifest names and that are older than ``keep`` seconds; returns how many."""
        manifest = self.manifest()
        named = {self.at(f.path) for f in (*manifest.files.values(), *manifest.nodes.values())}
        if not self.fs.exists(self.root):
            return 0
        old = [
            path
            for path, info in self.fs.find(self.root, detail=True).items()
            if path.endswith(".parquet") and path not in named and _age(info) > keep
        ]
        for path in old:
            self.fs.rm_file(path)
        return len(old)


def _age(info: dict[str, Any]) -> float:
    made = info.get("mtime") or info.get("LastModified") or info.get("created")
    seconds = made.timestamp() if isinstance(made, datetime) else float(made or 0)
    return time.time() - seconds


@cache
def _lake(root: str) -> Lake:
    return Lake(root)


def current() -> Lake:
    """The lake of this deployment (``SZ_LAKE``)."""
    return _lake(str(settings.SZ_LAKE))


def round_id(file: FactFile) -> UUID:
    return UUID(file.round)
