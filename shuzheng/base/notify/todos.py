"""To-dos: opened when something starts to wait for somebody, closed when it no longer does.

They are opened and closed by the app that knows, in its event subscribers (``actor`` is then the system's), so that a
to-do of another organ needs no handover of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from shuzheng.base.accounts.models import Post
from shuzheng.base.core.action import Write, action
from shuzheng.base.core.actor import Actor
from shuzheng.base.core.models import plain
from shuzheng.base.notify import texts
from shuzheng.base.notify.models import Todo
from shuzheng.base.org.models import Node
from shuzheng.kernel.errors import Invalid


@action("notify.todo.open", system_only=True)
def open_todos(
    w: Write,
    addressees: Sequence[Node | Post],
    *,
    kind: str,
    source: tuple[str, Any],
    link: str,
    title: str = "",
    template: str = "",
    values: dict[str, Any] | None = None,
    permission: str = "",
    due: datetime | None = None,
) -> Sequence[Todo]:
    """A to-do for each organ (department, post), unless the same one is open already.

    Args:
        kind: what is to be done, ``<app>.<noun>.<verb>``; with the source it makes a to-do the same.
        source: model label and id of what waits (``("forms.submission", submission.pk)``).
        permission: only those who hold it there see it.

    Returns:
        the ones that are new.
    """
    if template:
        title = texts.fill(template, values or {})[0]
    model, source_id = source[0], str(source[1])
    known = set(
        Todo.objects.filter(source_model=model, source_id=source_id, kind=kind, closed_at=None).values_list(
            "node_id", "post_id"
        )
    )
    fresh = []
    for addressee in addressees:
        post_id: UUID | None = addressee.pk if isinstance(addressee, Post) else None
        node_id = addressee.node_id if isinstance(addressee, Post) else addressee.pk
        if (node_id, post_id) in known:
            continue
        todo = Todo(
            kind=kind, title=title[:120], template=template, values=plain(values or {}), link=link, due=due,
            permission=permission, post_id=post_id, source_model=model, source_id=source_id,
        )  # fmt: skip
        todo.node_id, todo.path = node_id, addressee.path
        w.create(todo)
        fresh.append(todo)
    return fresh


@action("notify.todo.close", system_only=True)
def close_todos(w: Write, todos: Sequence[Todo]) -> Sequence[Todo]:
    """What was waited for has happened, or no longer matters."""
    now = timezone.now()
    for todo in todos:
        w.change(todo, closed_at=now)
    return todos


def close_for(model: str, ids: Sequence[Any], *, actor: Actor, kinds: Sequence[str] = ()) -> None:
    """Close all open to-dos about records; ``kinds`` narrows them. The scope of ``actor`` is active."""
    found = Todo.objects.filter(source_model=model, source_id__in=[str(i) for i in ids], closed_at=None)
    if kinds:
        found = found.filter(kind__in=list(kinds))
    if rows := list(found):
        close_todos(rows, actor=actor)


@action("notify.todo.reassign")
def reassign(w: Write, todos: Sequence[Todo], *, post: Post | None) -> Sequence[Todo]:
    """Give to-dos to one post of the organ, or (``None``) back to all of it.

    Raises:
        Invalid: the post belongs to another organ.
    """
    for todo in todos:
        if post is not None and not post.path.startswith(w.actor.organ_path):
            raise Invalid.one("post", _("只能转交给本单位的岗位。"))
        w.change(todo, post_id=post.pk if post else None)
    return todos


def waiting(actor: Actor) -> QuerySet[Todo]:
    """What waits for the actor: their post's own, and their department's and organ's that they hold the right for."""
    mine = Q(post_id=actor.id) | Q(post_id=None, path__in={actor.organ_path, actor.path})
    allowed = Q(permission="") | Q(permission__in=[name for name in actor.grants if actor.may(name, actor.organ_path)])
    return Todo.objects.filter(mine, allowed, closed_at=None).order_by(F("due").asc(nulls_last=True), "-pk")
