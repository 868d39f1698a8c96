"""Asking: what an actor finds for what they typed."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import connection

from shuzheng.base.core.actor import Actor
from shuzheng.base.core.models import Kind
from shuzheng.base.core.scope import EVERYTHING, merge
from shuzheng.base.org.models import Node
from shuzheng.base.search.index import quote
from shuzheng.base.search.sources import SOURCES, Source
from shuzheng.kernel.text import cut, fold

CAP = 1000
"""Hits that are ranked and counted; of more, the newest."""
LONGEST = 100
"""Characters of a question that count."""
_LETTERS = re.compile(r"[a-z0-9][a-z0-9-]*")


@dataclass(frozen=True)
class Hit:
    """A record that was found."""

    source: Source
    id: UUID
    label: str
    sub: str
    path: str

    @property
    def url(self) -> str:
        return self.source.url(self.id)


@dataclass(frozen=True)
class Found:
    """Hits, best first; how many of each kind (``CAP`` at most in all), and whether there are more."""

    hits: list[Hit] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    total: int = 0

    @property
    def is_capped(self) -> bool:
        return self.total > CAP


def tsquery(text: str) -> str | None:
    """The words of a question, all of which must be there; each also as a beginning. None if there is no word in it."""
    words = list(dict.fromkeys(cut(text)))
    # A long word comes with the words inside it; those are in every text that the long one is in, and in more.
    plain = [w for w in words if not any(v != w and v in w for v in words)]
    return " & ".join(f"{quote(word)}:*" for word in plain) or None


def question(text: str) -> dict[str, Any]:
    """What ``sz_search`` is asked of a text that somebody typed."""
    folded = fold(text)[:LONGEST].lower()
    asked: dict[str, Any] = {"words": tsquery(folded), "exact": folded}
    if _LETTERS.fullmatch(folded):
        # Letters may be pinyin initials, or the beginning of a number (浙A…, 2026-0031).
        asked |= {"low": folded, "high": folded + "\U0010ffff"}
    return asked


def search(actor: Actor, text: str, *, kinds: Sequence[str] = (), most: int = 50) -> Found:
    """What the actor finds, in the running scope.

    Args:
        kinds: model labels to look among; all that the actor may see unless given.
    """
    text = text.replace("\0", "")
    if not fold(text):
        return Found()
    allowed, narrow = narrowed(actor, kinds)
    if not allowed:
        return Found()
    asked = question(text) | {
        "narrow": narrow,
        "directory": any(s.model.scoping.kind is Kind.DIRECTORY for s in allowed),
        "published": any(s.model.scoping.kind is Kind.PUBLISHED for s in allowed),
        "most": most,
        "cap": CAP,
    }
    with connection.cursor() as cursor:
        cursor.execute("SELECT sz_search(%s::jsonb)", [json.dumps(asked)])
        answer = cursor.fetchone()[0]
    found = json.loads(answer) if isinstance(answer, str) else answer
    hits = [
        Hit(SOURCES[row["model"]], UUID(row["object_id"]), row["label"], row["sub"], row["path"])
        for row in found["rows"]
        if row["model"] in SOURCES  # its app may have been taken off since
    ]
    return Found(_with_owners(hits), found["counts"], found["total"])


def narrowed(actor: Actor, kinds: Sequence[str] = ()) -> tuple[list[Source], list[dict[str, Any]] | None]:
    """The kinds that the actor may look for, and where: roles narrow what the scope shows, never widen it.

    None for the second when nothing needs narrowing.
    """
    allowed: list[Source] = []
    where: dict[tuple[tuple[str, str], ...] | None, list[str]] = {}
    for source in SOURCES.values():
        if kinds and source.name not in kinds:
            continue
        ranges = _where(actor, source)
        if ranges is None or ranges:
            allowed.append(source)
            where.setdefault(ranges, []).append(source.name)
    if not kinds and len(allowed) == len(SOURCES) and set(where) <= {None}:
        return allowed, None
    return allowed, [{"models": sorted(m), "ranges": r} for r, m in where.items()]


def _where(actor: Actor, source: Source) -> tuple[tuple[str, str], ...] | None:
    """Where the actor may view records of a kind; None: wherever the scope shows them; empty: nowhere."""
    if not source.permission:
        return None
    held = merge(actor.grants.get(source.permission, ()))
    scoping = source.model.scoping
    if scoping.kind is not Kind.SUPERVISED and held:
        return None
    if held == (EVERYTHING,) or (
        held and all(any(h.covers(r) for h in held) for r in actor.scope.ranges(scoping.line))
    ):
        return None
    return tuple((r.lo, r.hi) for r in held)


def _with_owners(hits: list[Hit]) -> list[Hit]:
    """Hits without a sub-title get their owner's name."""
    paths = {hit.path for hit in hits if not hit.sub}
    names = dict(Node.objects.filter(path__in=paths).values_list("path", "name")) if paths else {}
    return [hit if hit.sub else Hit(hit.source, hit.id, hit.label, names.get(hit.path, ""), hit.path) for hit in hits]
