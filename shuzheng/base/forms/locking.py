"""Locking submissions before they change: what an action decides on is what is stored, not what its caller read earlier."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from shuzheng.base.forms.models import Submission
from shuzheng.kernel.errors import Conflict, Missing


def lock(submissions: Sequence[Submission], *, unchanged: bool) -> None:
    """Lock ``submissions`` until the transaction ends and bring them up to date, with their node, round and definition.

    One query for any number, in the order of their ids, so that two batches do not wait for each other.

    Args:
        unchanged: they must still be as the caller read them: a reviewer approves the numbers that were looked at.

    Raises:
        Missing: one is gone, or not the actor's to change.
        Conflict: somebody changed one since the caller read it (``unchanged``).
    """
    stored = {
        row.pk: row
        for row in Submission.objects.select_for_update(of=("self",), no_key=True)
        .select_related("node", "round__definition")
        .filter(pk__in=[s.pk for s in submissions])
        .order_by("pk")
    }
    for submission in submissions:
        now = stored.get(submission.pk)
        if now is None:
            raise Missing(_("没有这份填报。"))
        if unchanged and now.version != submission.version:
            raise Conflict(
                _("%(name)s的填报刚被别人办理：%(state)s。看过最新内容再办。")
                % {"name": now.node.name, "state": now.get_state_display()},
                seen={"id": str(now.pk), "version": submission.version},
                current={"version": now.version, "state": now.state},
            )
        for field in Submission._meta.concrete_fields:
            setattr(submission, field.attname, getattr(now, field.attname))
        submission.node, submission.round = now.node, now.round
