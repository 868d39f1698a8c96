"""What the pages of collections share: finding one of the own organ, its link, its questions in rows."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from shuzheng.base.collect.models import Collection
from shuzheng.base.core.actor import Actor, actor_of
from shuzheng.base.portal.links import whole
from shuzheng.base.portal.parts import Crumb, Tab
from shuzheng.kernel.errors import Missing


def asked(request: HttpRequest, permission: str) -> Actor:
    """Who asks, if they hold ``permission`` anywhere.

    Raises:
        Denied: they don't.
    """
    actor = actor_of(request)
    actor.require(permission)
    return actor


def find_own(pk: UUID, actor: Actor, permission: str) -> Collection:
    """A collection of the actor's organ.

    Raises:
        Missing: there is none, or it is another organ's.
        Denied: it is in sight, but the right is missing.
    """
    found = Collection.objects.select_related("node").filter(pk=pk).first()
    if found is None:
        raise Missing(_("没有这份收集表，或不归当前岗位看。"))
    actor.require(permission, found.path)
    return found


def link_of(request: HttpRequest, row: Collection) -> str:
    """The whole address of the page where answers are given."""
    return whole(request, reverse("collect:answer", args=[row.token]))


def crumbs(row: Collection, *more: Crumb) -> list[Crumb]:
    first = Crumb(_("收集表"), reverse("collect:index"))
    return (
        [first, Crumb(row.title, reverse("collect:results", args=[row.pk])), *more]
        if more
        else [first, Crumb(row.title)]
    )


def tabs(row: Collection, active: str, *, waiting: int | None = None) -> list[Tab]:
    """结果, 答卷 and, where somebody is asked by name, 谁没填."""
    found = [
        Tab(_("结果"), reverse("collect:results", args=[row.pk]), active == "results"),
        Tab(_("答卷"), reverse("collect:answers", args=[row.pk]), active == "answers"),
    ]
    if row.names_the_asked:
        found.append(Tab(_("谁没填"), reverse("collect:who", args=[row.pk]), active == "who", waiting))
    return found
