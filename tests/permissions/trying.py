"""One try of a route: what is sent, and what each persona is expected to get."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

if TYPE_CHECKING:
    from tests.permissions.world import World

Values = Mapping[str, Any]


def put(value: Any, world: World) -> Any:
    """``@place`` in a value stands for the id of the world's place, ``@place.version`` for a value of it."""
    if isinstance(value, Mapping):
        return {k: put(v, world) for k, v in value.items()}
    if isinstance(value, list):
        return [put(v, world) for v in value]
    if not isinstance(value, str) or not value.startswith("@"):
        return value
    word, _, name = value[1:].partition(".")
    return str(getattr(world[word], name or "pk"))


@dataclass(frozen=True)
class Page:
    """A request to a page. ``expected`` has a letter for each persona: ``L`` sign in, ``o`` let in, ``x`` 403, ``n`` 404."""

    method: str
    expected: str
    names: Values = field(default_factory=dict)
    form: Values = field(default_factory=dict)
    json: str = ""
    files: Mapping[str, tuple[str, bytes]] = field(default_factory=dict)
    query: str = ""
    note: str = ""

    def kwargs(self, world: World) -> dict[str, Any]:
        return put(self.names, world)

    def sent(self, world: World) -> dict[str, Any]:
        if self.method == "GET":
            return {}
        if self.json:
            return {"data": self.json, "content_type": "application/json"}
        values = put(self.form, world)
        if self.files:
            values |= {name: SimpleUploadedFile(*file) for name, file in self.files.items()}
            return {"data": encode_multipart(BOUNDARY, values), "content_type": MULTIPART_CONTENT}
        return {"data": urlencode(values, doseq=True), "content_type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True)
class Call:
    """A call of the API: the record it is about, and what is sent."""

    expected: str
    thing: str = ""
    sent: Values | None = None
    query: str = ""
    code: str = ""
    files: Mapping[str, tuple[str, bytes]] = field(default_factory=dict)

    def address(self, path: str, world: World) -> str:
        thing = put(self.thing, world)
        return path.replace("{pk}", thing).replace("{other}", thing).replace("{code}", self.code) + self.query

    def body(self, world: World) -> Any:
        return None if self.sent is None else put(self.sent, world)

    def data(self, world: World) -> dict[str, Any]:
        """What a test client sends: JSON, or a form with files."""
        if self.files:
            values = {**(self.body(world) or {}), **{n: SimpleUploadedFile(*file) for n, file in self.files.items()}}
            return {"data": encode_multipart(BOUNDARY, values), "content_type": MULTIPART_CONTENT}
        body = self.body(world)
        return {} if body is None else {"data": json.dumps(body), "content_type": "application/json"}
