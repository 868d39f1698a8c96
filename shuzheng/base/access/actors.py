"""Building the actor of a request, a job, a token or a socket message: one question to the database."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils import timezone

from shuzheng.base.core.actor import Actor
from shuzheng.base.core.registry import LINES, PERMISSIONS, ROLE_PERMISSIONS
from shuzheng.base.core.scope import SLOTS, Range, Scope, ancestors, make_reads, merge

EVERY_POST = "staff"
"""The role that each post holds in its own organ."""


@dataclass(frozen=True)
class HeldPost:
    """A post that the person may act in."""

    id: UUID
    name: str
    organ: str
    tier: int


@dataclass(frozen=True)
class Identity:
    """The actor, and the posts that the person may switch to."""

    actor: Actor
    posts: tuple[HeldPost, ...]


def identify(account_id: UUID, post_id: UUID | None = None, origin: Mapping[str, str] | None = None) -> Identity | None:
    """The identity of an account acting in a post (its main post if the asked one is not held today).

    None when the account is disabled, its person has left, or holds no post today.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT sz_actor(%s, %s, %s)", [account_id, post_id, timezone.localdate()])
        answer = cursor.fetchone()[0]
    facts: dict[str, Any] = json.loads(answer) if isinstance(answer, str) else answer
    if facts["post"] is None:
        return None
    posts = tuple(HeldPost(UUID(p["id"]), p["name"], p["organ"], p["tier"]) for p in facts["posts"])
    return Identity(_actor(facts, origin or {}), posts)


def _actor(facts: Mapping[str, Any], origin: Mapping[str, str]) -> Actor:
    post = facts["post"]
    organ = Range.subtree(post["organ_path"])
    grants: dict[str, list[Range]] = defaultdict(list)
    lines: dict[str, list[Range]] = defaultdict(list)
    officer = ""
    held = [{"role": EVERY_POST, "shipped": True, "officer": "", "at": post["organ_path"]}, *(facts["grants"] or ())]
    for grant in held:
        at = Range.subtree(grant["at"])
        names = ROLE_PERMISSIONS.get(grant["role"], ()) if grant["shipped"] else grant["permissions"]
        for name in names:
            # A permission of an app that is switched off is none; one of an officer belongs to that officer only.
            if name in PERMISSIONS and PERMISSIONS[name].officer in ("", grant["officer"]):
                grants[name].append(at)
        if grant["officer"]:
            officer = grant["officer"]
            lines["audit" if officer == "audit" else "org"].append(at)
    for item in [*(facts["competence"] or ()), *(facts["shared"] or ())]:
        if item["line"] in LINES:
            lines[item["line"]].append(Range.subtree(item["path"]))
    # The trail of a record is seen by those who see records: what is supervised on any line.
    seen = merge([r for ranges in lines.values() for r in ranges])
    lines["audit"] = [*lines["audit"], *(seen if len(seen) < SLOTS else [])]
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
        grants={name: merge(ranges) for name, ranges in grants.items()},
        scope=Scope(
            actor=post["id"],
            organ=organ,
            reads=make_reads(organ, lines),
            write=organ,
            audiences=ancestors(post["organ_path"]),
        ),
        officer=officer,
        origin=dict(origin),
    )
