"""Receipts: writing them for addressees, and asking what is unread."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils import timezone

from shuzheng.base.accounts.models import Post
from shuzheng.base.core.actor import Actor
from shuzheng.base.core.bulk import insert_many
from shuzheng.base.core.scope import Range
from shuzheng.base.notify.models import Notice, Receipt
from shuzheng.base.org.models import Node

CHANNEL = "sz_notice"
UNREAD_CAP = 100
NAMED = 50
"""Organs a wake-up names; with more, every stream looks for itself."""


def tell(notice: Notice, nodes: Iterable[Node]) -> int:
    """A receipt for each node that has none yet; returns how many."""
    rows = [_receipt(notice, node.id, node.path) for node in nodes]
    insert_many(rows, ignore_conflicts=True)
    wake([row.node_id for row in rows], notice)
    return len(rows)


def spread_posts(notice: Notice, posts: Sequence[Post]) -> None:
    """A receipt for each post."""
    rows = [_receipt(notice, post.node_id, post.path, post) for post in posts]
    insert_many(rows, ignore_conflicts=True)
    wake([post.node_id for post in posts], notice)


def _receipt(notice: Notice, node_id: object, path: str, post: Post | None = None) -> Receipt:
    row = Receipt(
        notice=notice, case_id=notice.id, title=notice.title, template=notice.template, values=notice.values,
        link=notice.link, must_read=notice.must_read, sender_organ=notice.sender_organ, sent_at=timezone.now(),
        post_id=post.id if post else None, post_name=str(post)[:120] if post else "",
    )  # fmt: skip
    row.node_id, row.path = node_id, path
    return row


def wake(nodes: Sequence[object], notice: Notice | None = None) -> None:
    """Wake the open pages of these organs once this commits (``sz:live``). Ids only: each page asks in its own scope."""
    if nodes:
        named = sorted({str(node) for node in nodes}) if len(nodes) <= NAMED else None
        payload = json.dumps({"notice": str(notice.id) if notice else None, "nodes": named})
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, payload])


def inbox(actor: Actor) -> QuerySet[Receipt]:
    """What was addressed to the actor's post, department or organ."""
    own = Range.subtree(actor.organ_path)
    return Receipt.objects.filter(path__gte=own.lo, path__lt=own.hi).filter(_mine(actor))


def _mine(actor: Actor) -> Q:
    # A department's notice is its people's own; the organ's is everybody's.
    upward = [actor.organ_path, actor.path] if actor.path != actor.organ_path else [actor.organ_path]
    return Q(post_id=actor.id) | Q(post_id=None, path__in=upward)


def unread(actor: Actor) -> int:
    """How many unread ones, up to ``UNREAD_CAP``."""
    return inbox(actor).filter(read_at=None)[:UNREAD_CAP].count()
