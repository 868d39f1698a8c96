"""Telling those who review secrecy that an upload was blocked."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from shuzheng.base.access.models import Grant
from shuzheng.base.accounts.models import Post
from shuzheng.base.core.actor import Actor
from shuzheng.base.core.registry import ROLE_PERMISSIONS
from shuzheng.base.core.scope import Range
from shuzheng.base.events.models import Event
from shuzheng.base.events.subscribers import subscribe
from shuzheng.base.files.models import Block
from shuzheng.base.notify import texts
from shuzheng.base.notify.actions import send

texts.declare(
    "files.blocked",
    _("疑似涉密文件被拦截：{name}"),
    _("{organ} {person} 上传的“{name}”含有“{words}”，已拦截，未保存。请核查；确属误判的，在“保密拦截”中解除。"),
)
REVIEW = "files.block.release"


@subscribe("files.upload.blocked", scope="files.alert")
def alert(event: Event, actor: Actor) -> None:
    """A notice to the posts that may release it; the nearest ones to the organ."""
    for block in Block.objects.filter(pk__in=event.ids).select_related("node"):
        if reviewers := _reviewers(block.path):
            values = {
                "name": block.name,
                "organ": str(block.node),
                "person": block.person_name,
                "words": "、".join(block.words),
            }
            key = f"files.blocked:{block.pk}"
            send(reviewers, actor=actor, key=key, template="files.blocked", values=values, link="/files/blocks/")


def _reviewers(path: str) -> list[Post]:
    roles = [role for role, permissions in ROLE_PERMISSIONS.items() if REVIEW in permissions]
    today = timezone.localdate()
    grants = Grant.objects.filter(valid__contains=today, post__valid__contains=today).select_related("role", "post")
    # Holders above or at the organ: their range is one of the beginnings of its path.
    beginnings = [path[:n] for n in range(len(path) + 1) if n == 0 or path[n - 1] == "/"]
    held = [
        grant
        for grant in grants.filter(at_path__in=beginnings)
        if path in Range.subtree(grant.at_path)
        and (grant.role.code in roles if grant.role.is_shipped else REVIEW in grant.role.permissions)
    ]
    nearest = max((len(grant.at_path) for grant in held), default=0)
    return list({grant.post_id: grant.post for grant in held if len(grant.at_path) == nearest}.values())
