"""Saved views: the verbs. A view is a question; sharing lays the question into another's list, and no number with it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from shuzheng.base.accounts.models import Post
from shuzheng.base.core.action import Write, action
from shuzheng.base.core.actor import Actor
from shuzheng.base.org.models import Node
from shuzheng.base.stats.models_pages import QUERY, View
from shuzheng.kernel.errors import Invalid


def mine(actor: Actor) -> QuerySet[View]:
    """Views of the actor's post, and those laid into its organ's list."""
    return View.objects.filter(Q(post_id=actor.id) | Q(post_id=None), path=actor.organ_path)


@action("stats.view.save")
def save_views(w: Write, views: Sequence[View]) -> Sequence[View]:
    """Keep questions in the actor's list.

    Raises:
        Invalid: no name, or a question too long to keep.
    """
    for view in views:
        if not view.name.strip():
            raise Invalid.one("name", _("写一个名称。"))
        if len(view.query) > QUERY:
            raise Invalid(_("条件太多，存不下。减少指标或条件。"))
    w.create(*views)
    return views


@action("stats.view.remove", permission="stats.view.save")
def remove_views(w: Write, views: Sequence[View]) -> Sequence[View]:
    """Take views off the list. What was shared from them stays with those who got it."""
    w.delete(*views)
    return views


@action("stats.view.share", handover=True, event="stats.view.shared")
def share(w: Write, targets: Sequence[Post | Node], *, view: View) -> Sequence[View]:
    """Lay a view into the lists of posts and organs; one that is there already is brought up to date.

    Raises:
        Invalid: nobody to share with.
    """
    if not targets:
        raise Invalid(_("写明分享给谁。"))
    by = f"{w.actor.organ_name} {w.actor.name}"[:160]
    found = []
    for target in targets:
        node, post = (target.node_id, target.pk) if isinstance(target, Post) else (target.pk, None)
        held = View.objects.filter(origin=view.pk, node_id=_home(target, node)[0], post_id=post).first()
        if held is not None:
            w.change(held, name=view.name, note=view.note, query=view.query, shared_by=by)
        else:
            held = View(name=view.name, note=view.note, query=view.query, post_id=post, origin=view.pk, shared_by=by)
            held.node_id, held.path = _home(target, node)
            w.create(held)
        found.append(held)
    return found


def _home(target: Post | Node, node: UUID) -> tuple[UUID, str]:
    """Owner and path of a shared view: the organ of the post, so that its list is looked for in one place."""
    if isinstance(target, Post):
        organ = target.node.organ or target.node
        return organ.pk, organ.path
    return node, target.path
