"""What waits for a post beside filling in and approving: returned cells, changes to confirm, requests to decide."""

from __future__ import annotations

from django.db.models import Count, Min
from django.urls import reverse
from django.utils.translation import gettext as _

from shuzheng.base.core.actor import Actor
from shuzheng.base.core.scope import Range
from shuzheng.base.forms import names
from shuzheng.base.forms.models import Allowance, Amendment, Round
from shuzheng.base.portal.parts import Todo


def beside(actor: Actor) -> list[Todo]:
    """One line for each returned submission of one's own organ, and for each round with something to confirm or decide."""
    found: list[Todo] = []
    if actor.may("forms.submission.submit", actor.organ_path):
        mine = Range.subtree(actor.organ_path)
        rows = Amendment.objects.filter(state=Amendment.State.ASKED, path__gte=mine.lo, path__lt=mine.hi)
        for row in rows.select_related("node", "round__definition").order_by("due_at", "pk"):
            title = _("答复退回的格：%(title)s") % {"title": names.round_title(row.round)}
            url, note = reverse("forms:amendment", args=[row.pk]), " · ".join((_("报送"), row.node.name))
            found.append(Todo(title, url, note, "table", row.due_at, _("答复")))
    if actor.may("forms.submission.approve", actor.division) and actor.scope.may_read("reporting", actor.division):
        span = Range.subtree(actor.division)
        waiting = Amendment.objects.filter(
            state=Amendment.State.ANSWERED, waiting_tier=actor.tier, path__gte=span.lo, path__lt=span.hi
        )
        found += _by_round(actor, waiting, "forms:amendments", _("确认改动的格：%(title)s（%(n)d 家）"), _("确认"))
    if actor.may("forms.allowance.decide", actor.division):
        asked = Allowance.objects.filter(state=Allowance.State.ASKED, decider=actor.division)
        found += _by_round(actor, asked, "forms:allowances", _("审批延期、免报：%(title)s（%(n)d 项）"), _("审批"))
    return found


def _by_round(actor: Actor, rows: object, page: str, words: str, verb: str) -> list[Todo]:
    groups = list(rows.order_by().values("round_id").annotate(n=Count("pk"), first=Min("asked_at")).order_by("first"))  # type: ignore[attr-defined]
    rounds = Round.objects.select_related("definition").in_bulk([g["round_id"] for g in groups]) if groups else {}
    return [
        Todo(
            words % {"title": names.round_title(rounds[g["round_id"]]), "n": g["n"]},
            f"{reverse(page, args=[g['round_id']])}?at={actor.division}", _("报送"), "checklist", None, verb,
        )
        for g in groups
    ]  # fmt: skip
