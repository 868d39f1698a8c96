"""Collections count in the burden meter like forms do."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from django.urls import reverse
from django.utils import timezone

from shuzheng.base.collect.models import Collection
from shuzheng.base.collect.questions import load
from shuzheng.base.forms import burden


def lines(since: date) -> Iterator[burden.Line]:
    """A line for each collection of the actor's office that asked somebody by name."""
    rows = Collection.objects.filter(asked__gt=0, opened_at__date__gte=since).select_related("node").order_by("-pk")
    for row in rows:
        questions = len(load(row.questions))
        month = timezone.localtime(row.opened_at).date().replace(day=1)
        yield burden.Line(
            row.node_id, row.node.name, row.title, reverse("collect:results", args=[row.pk]), questions, row.asked, 1,
            {month: questions * row.asked},
        )  # fmt: skip


burden.provide(lines)
