"""Building the actor of a request, a job, a token or a socket message: one question to the database."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils import timezone

from shuzheng.base.core.actor import Actor
from shuzheng.base.core.registry import LINES, PERMISSIONS, ROLE_PERMISSIONS
from shuzheng.base.core.scope import NOTHING, SLOTS, Range, Scope, ancestors, make_reads, merge

EVERY_POST = "staff"
"""The role that each post holds in its own organ."""

OFFICERS_SEE = frozenset(
    {"org", "accounts", "access", "audit", "notify", "portal", "search", "standards", "events", "core"}
)
"""Apps of the platform itself. Of what every post may do, an officer's post keeps what belongs to these, and no business."""


@dataclass(frozen=True)
class HeldPost:
    """A post that the person may act in."""

    id: UUID
    name: str
    organ: str
    tier: int


@dataclass(frozen=True)
class Identity:
    """The actor, the posts that the person may switch to, and the shipped roles held in the post with where they hold."""

    actor: Actor
    posts: tuple[HeldPost, ...]
    roles: tuple[tuple[str, Range], ...] = ()


def identify(account_id: UUID, post_id: UUID | None = None, origin: Mapping[str, str] | None = None) -> Identity | None:
    """The identity of an account acting in a post (its main post if the asked one is not held today).

    None when the account is disabled, its person has left, or holds no post today.
    """
    return _identity(account_id, post_id, origin)


def identify_post(post_id: UUID, origin: Mapping[str, str] | None = None) -> Identity | None:
    """The identity of whoever holds a post today, without an account: for service tokens and for asking what a post may.

    None when the post is not held today, or its person has left.
    """
    return _identity(None, post_id, origin)


def _identity(account_id: UUID | None, post_id: UUID | None, origin: Mapping[str, str] | None) -> Identity | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT sz_actor(%s, %s, %s)", [account_id, post_id, timezone.localdate()])
        answer = cursor.fetchone()[0]
    facts: dict[str, Any] = json.loads(answer) if isinstance(answer, str) else answer
    if facts["post"] is None:
        return None
    posts = tuple(HeldPost(UUID(p["id"]), p["name"], p["organ"], p["tier"]) for p in facts["posts"])
    roles = tuple((g["role"], Range.subtree(g["at"])) for g in facts["grants"] or () if g["shipped"])
    return Identity(_actor(facts, origin or {}), posts, roles)


def _actor(facts: Mapping[str, Any], origin: Mapping[str, str]) -> Actor:
    post = facts["post"]
    organ = Range.subtree(post["organ_path"])
    held = facts["grants"] or ()
    officer = next((grant["officer"] for grant in held if grant["officer"]), "")
    grants = _grants(post["organ_path"], held, officer)
    reads = _officer_reads(organ, held, officer) if officer else _reads(organ, facts)
    return Actor(
        id=UUID(post["id"]),
        person_id=UUID(facts["person"]["id"]),
        name=facts["person"]["name"],
        node_id=UUID(post["node_id"]),
        organ_id=UUID(post["organ_id"]),
        organ_name=post["organ_name"],
        post_name=post["name"],
        path=post["path"],
        organ_path=post["organ_path"],
        division=post["division"],
        tier=post["tier"],
        grants=grants,
        scope=Scope(
            actor=post["id"],
            organ=organ,
            reads=reads,
            write=organ,
            audiences=ancestors(post["organ_path"]),
        ),
        officer=officer,
        origin=dict(origin),
    )


def _grants(organ_path: str, held: Sequence[Mapping[str, Any]], officer: str) -> dict[str, tuple[Range, ...]]:
    """For each permission where it holds."""
    grants: dict[str, list[Range]] = defaultdict(list)
    for name in ROLE_PERMISSIONS.get(EVERY_POST, ()):
        if not officer or name.split(".", 1)[0] in OFFICERS_SEE:
            grants[name].append(Range.subtree(organ_path))
    for grant in held:
        names = ROLE_PERMISSIONS.get(grant["role"], ()) if grant["shipped"] else grant["permissions"]
        for name in names:
            # A permission of an app that is switched off is none; one of an officer belongs to that officer only.
            if name in PERMISSIONS and PERMISSIONS[name].officer in ("", grant["officer"]):
                grants[name].append(Range.subtree(grant["at"]))
    return {name: merge(ranges) for name, ranges in grants.items()}


def _reads(organ: Range, facts: Mapping[str, Any]) -> dict[str, tuple[Range, ...]]:
    """What is supervised by line, then what others share; the trail of a record is seen by those who see records."""
    lines: dict[str, list[Range]] = defaultdict(list)
    for item in facts["competence"] or ():
        if item["line"] in LINES:
            lines[item["line"]].append(Range.subtree(item["path"]))
    for item in facts["shared"] or ():
        # Sharing is refused when it would not fit (access.sharing); what a later competence left no room for waits.
        if item["line"] in LINES and item["line"] != "audit":
            fits = [organ, *lines[item["line"]], Range.subtree(item["path"])]
            if len(merge(fits)) <= SLOTS:
                lines[item["line"]].append(Range.subtree(item["path"]))
    seen = merge([organ, *(r for ranges in lines.values() for r in ranges)])
    if len(seen) <= SLOTS:
        lines["audit"] = list(seen)
    return make_reads(organ, lines)


def _officer_reads(organ: Range, held: Sequence[Mapping[str, Any]], officer: str) -> dict[str, tuple[Range, ...]]:
    """An officer sees the organisation line where the role holds, the audit officer the trail, and no business at all."""
    at = [Range.subtree(grant["at"]) for grant in held if grant["officer"]]
    reads: dict[str, tuple[Range, ...]] = dict.fromkeys(LINES, (NOTHING,))
    reads |= make_reads(organ, {"org": at})
    if officer == "audit":
        reads |= make_reads(organ, {"audit": at})
    return reads
