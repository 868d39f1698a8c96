"""Who may open a case, and what waits for whom: the questions that pages, the API and the workbench ask."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from shuzheng.base.core.actor import Actor, system_actor
from shuzheng.base.core.scope import case_scope
from shuzheng.base.flows.models import Case, Definition, Task
from shuzheng.kernel.errors import Denied, Missing

FACES = ("todo", "read", "started", "done", "drafts")


def takes_part(actor: Actor, case_id: UUID) -> bool:
    """Whether something of the case came to the person, in whatever post they hold in this organ."""
    return Task.objects.filter(case_id=case_id, person_id=actor.person_id).exclude(state=Task.State.QUEUED).exists()


@contextmanager
def opened(actor: Actor, case_id: UUID) -> Iterator[Case]:
    """The case, with the rows of its participants in sight, for somebody who started it, takes part, or answers for the organ.

    Raises:
        Missing: there is none, or it is none of theirs.
        Denied: it is another's of one's own organ.
    """
    if takes_part(actor, case_id):
        with case_scope(case_id):
            yield _with_definition(Case.objects.select_related("node").get(pk=case_id))
        return
    case = Case.objects.select_related("node").filter(pk=case_id).first()
    if case is None:
        raise Missing()
    is_starter = case.person_id == actor.person_id
    if not is_starter and (case.state == Case.State.DRAFT or not actor.may("flows.case.view", case.path)):
        raise Denied(_("这是他人的事项，只有参与的人能看。"), code="flows.case.view")
    with case_scope(case_id):
        yield _with_definition(case)


def _with_definition(case: Case) -> Case:
    """That they take part is what lets them read the process, wherever it was published."""
    with system_actor("flows.engine").scope.activate():
        case.definition = Definition.objects.get(pk=case.definition_id)
    return case


def inbox(actor: Actor) -> QuerySet[Task]:
    """What the actor's post is to do, urgent ones first, the latest first. One question of one index."""
    return Task.objects.filter(post_id=actor.id, state=Task.State.OPEN).order_by("-is_urgent", "-opened_at")


def face(actor: Actor, name: str) -> QuerySet[Task] | QuerySet[Case]:
    """The rows of one tab of the inbox."""
    if name == "todo":
        return inbox(actor).exclude(role__in=Task.TO_READ)
    if name == "read":
        mine = Task.objects.filter(post_id=actor.id, role__in=Task.TO_READ)
        return mine.filter(state__in=(Task.State.OPEN, Task.State.DONE)).order_by("-opened_at")
    if name == "done":
        mine = Task.objects.filter(post_id=actor.id, state=Task.State.DONE).exclude(role__in=Task.TO_READ)
        return mine.order_by("-done_at")
    cases = Case.objects.filter(post_id=actor.id).defer("engine", "values", "facts")
    if name == "drafts":
        return cases.filter(state=Case.State.DRAFT).order_by("-updated_at")
    return cases.exclude(state=Case.State.DRAFT).order_by("-started_at")


def narrowed(rows: QuerySet[Task], words: str, code: str, late: bool) -> QuerySet[Task]:
    """Tasks whose title, starter or number has these words; of one process; past their limit."""
    if words:
        rows = rows.filter(Q(title__icontains=words) | Q(starter__icontains=words) | Q(number__icontains=words))
    if code:
        rows = rows.filter(code=code)
    return rows.filter(due__lt=timezone.now()) if late else rows


def startable(actor: Actor) -> list[Definition]:
    """Processes that the actor can start: the latest edition of each published to them; the nearest issuer's of a code."""
    rows = Definition.objects.filter(state=Definition.State.PUBLISHED).defer("bpmn").order_by("code", "-edition")
    found: dict[str, Definition] = {}
    for row in rows:
        if not actor.organ_path.startswith(row.audience) and row.node_id != actor.organ_id:
            continue  # seen because it is supervised; it is for others
        held = found.get(row.code)
        if held is None or len(row.audience) > len(held.audience):
            found[row.code] = row
    return sorted(found.values(), key=lambda d: (d.group, d.code))
