"""A process of ten steps with two countersignatures, on people of the demo; instances of it, and who acts in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from bench import stock
from shuzheng.base.core.action import new_key
from shuzheng.base.core.actor import Actor
from shuzheng.base.core.scope import system_scope
from shuzheng.base.flows import actions, defining, simple
from shuzheng.base.flows.models import Case, Definition, Task

SIGNERS = [1, 1, 3, 1, 1, 1, 3, 1, 1, 1]
"""How many decide each step: ten steps, two of them countersignatures."""
DECISIONS = sum(SIGNERS)
KEEPER, STARTER, CODE = "gj.admin", "sc.clerk", "bench-ten"


@dataclass
class House:
    """The published process, and the actors of its people by the id of their post."""

    definition: Definition
    starter: Actor
    people: dict[UUID, Actor] = field(default_factory=dict)

    def start(self, count: int = 1) -> list[Case]:
        """Instances handed in by the action."""
        return [self.begin(new_key()) for _ in range(count)]

    def begin(self, name: str) -> Case:
        """The instance of this name; asked for again, it is the same one."""
        with self.starter.scope.activate():
            case = Case(definition=self.definition)
            case.node_id, case.path = self.starter.organ_id, self.starter.organ_path
            [case] = actions.save_drafts([case], actor=self.starter, values={"subject": name}, key=f"{name}:d")
            if case.state == Case.State.DRAFT:
                [case] = actions.start([case], actor=self.starter, key=f"{name}:s")
        return case

    def decide(self, task: Task) -> None:
        """Whoever holds the task agrees."""
        actor = self.people.get(task.post_id) or self.people.setdefault(task.post_id, _actor(task.post_id))
        with actor.scope.activate(held=True):  # as a request has it
            actions.decide([task], actor=actor, verdict="pass", text="同意。", key=f"bench:{task.pk}")


def house(signers: Sequence[int] = SIGNERS, code: str = CODE) -> House:
    """Publish the process on people of the demo, unless it is published."""
    keeper = stock.actor(KEEPER)
    with system_scope("flows.engine").activate():
        numbers = [post.person.number for post in _posts(max(*signers, 3))]
        published = Definition.objects.filter(code=code, state=Definition.State.PUBLISHED).exists()
    if not published:
        publish(keeper, code, signers, numbers)
    return found(code, STARTER)


def found(code: str, starter: str) -> House:
    """The process that was published under a code, and who starts it."""
    with system_scope("flows.engine").activate():
        definition = Definition.objects.get(code=code, state=Definition.State.PUBLISHED)
    return House(definition, stock.actor(starter))


def _posts(count: int) -> list[Any]:
    from django.utils import timezone

    from shuzheng.base.accounts.models import Post

    found = Post.objects.filter(valid__contains=timezone.localdate(), person__is_active=True, is_main=True)
    return list(found.select_related("person").order_by("pk")[:count])


def _actor(post: UUID) -> Actor:
    from shuzheng.base.access.actors import identify_post

    found = identify_post(post)
    if found is None:
        raise LookupError("a post of the demo that nobody holds")
    return found.actor


def publish(keeper: Actor, code: str, signers: Sequence[int], numbers: Sequence[str]) -> Definition:
    """Publish the process: its people are named by their numbers, in turn."""
    steps = [
        {"type": "step", "id": f"t{n}", "name": f"第 {n + 1} 步", "mode": "all" if many > 1 else "single", "due": "2d",
         "who": [f"person:{numbers[(n + k) % len(numbers)]}" for k in range(many)]}
        for n, many in enumerate(signers)
    ]  # fmt: skip
    fields = [{"code": "subject", "label": "事由", "required": True}]
    text = simple.to_bpmn({"code": code, "name": "十步流程", "title": "{subject}", "fields": fields, "steps": steps})
    row = Definition(code=code)
    row.node_id, row.path = keeper.organ_id, keeper.organ_path
    with keeper.scope.activate():
        [draft] = defining.save_definitions([row], actor=keeper, bpmn=text)
        [published] = defining.publish([draft], actor=keeper)
    return published


def open_tasks(case: UUID) -> list[Task]:
    """What waits in an instance."""
    with system_scope("flows.engine").activate(held=True):
        return list(Task.objects.filter(case_id=case, state=Task.State.OPEN).order_by("pk"))
