"""A case as people see it: the form by their rights, the story, why it is waiting, and what they may do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shuzheng.base.core.action import Write
from shuzheng.base.core.actor import Actor
from shuzheng.base.files.models import Attachment
from shuzheng.base.flows.bpmn.words import Field
from shuzheng.base.flows.engine import Move
from shuzheng.base.flows.limits import took
from shuzheng.base.flows.models import Case, Opinion, Step, Task
from shuzheng.base.flows.turning import is_followed, places_back
from shuzheng.base.flows.values import label, rights, shown
from shuzheng.base.flows.verbs import START, to_choose
from shuzheng.base.portal import formats

VERBS: Mapping[str, Any] = {
    "start": gettext_lazy("发起"),
    "pass": gettext_lazy("同意"),
    "refuse": gettext_lazy("不同意"),
    "handle": gettext_lazy("办结"),
    "mend": gettext_lazy("补正后再报"),
    "read": gettext_lazy("已阅"),
    "copy": gettext_lazy("抄送"),
    "back": gettext_lazy("退回"),
    "transfer": gettext_lazy("转办"),
    "delegate": gettext_lazy("委派"),
    "sign_before": gettext_lazy("前加签"),
    "sign_after": gettext_lazy("后加签"),
    "unsign": gettext_lazy("减签"),
    "claim": gettext_lazy("抢办"),
    "urge": gettext_lazy("催办"),
    "remind": gettext_lazy("超时催办"),
    "escalate": gettext_lazy("超时上报"),
    "auto_pass": gettext_lazy("超时通过"),
    "auto_back": gettext_lazy("超时退回"),
    "skip": gettext_lazy("跳过"),
    "admin": gettext_lazy("转管理员"),
    "withdraw": gettext_lazy("撤回"),
    "undo": gettext_lazy("撤回意见"),
    "revoke": gettext_lazy("撤销"),
    "terminate": gettext_lazy("终止"),
    "migrate": gettext_lazy("迁到新版"),
    "call": gettext_lazy("调用操作"),
    "message": gettext_lazy("收到消息"),
    "early": gettext_lazy("消息没有用上"),
}
TONES = {
    "pass": "ok", "handle": "ok", "start": "ok", "mend": "ok", "auto_pass": "ok", "refuse": "over", "back": "warn",
    "auto_back": "warn", "revoke": "over", "terminate": "over", "escalate": "late", "remind": "late", "urge": "warn",
}  # fmt: skip
OF_THE_SYSTEM = ("skip", "admin", "remind", "escalate", "auto_pass", "auto_back")
STATE_TONES = {"draft": "mute", "running": "info", "done": "ok", "refused": "over", "revoked": "mute", "ended": "mute"}
PHRASES = (
    gettext_lazy("同意。"), gettext_lazy("拟同意，请领导批示。"), gettext_lazy("已阅。"), gettext_lazy("请按规定办理。"),
    gettext_lazy("情况属实，同意上报。"), gettext_lazy("材料不全，请补充后再报。"), gettext_lazy("已办结。"),
)  # fmt: skip


@dataclass(frozen=True)
class Line:
    """A line of the story, with the files that were put to it."""

    verb: str
    said: Any
    tone: str
    row: Opinion
    files: Sequence[Attachment]

    @property
    def person(self) -> str:
        return self.row.person if self.row.person_id else _(self.row.person)

    @property
    def text(self) -> str:
        """What was written; what the system says of itself, in the reader's language."""
        return _(self.row.text) if self.row.text and self.verb in OF_THE_SYSTEM else self.row.text

    @property
    def step(self) -> str:
        return _(self.row.step_name) if self.row.step_name else ""

    @property
    def to(self) -> str:
        return _(self.row.to) if self.row.to else ""


@dataclass(frozen=True)
class Shown:
    """A field with its value as this reader may see it."""

    field: Field
    label: str
    value: str


class CaseView:
    """What somebody sees of a case; made inside ``reaching.opened``."""

    def __init__(self, case: Case, actor: Actor) -> None:
        self.case, self.actor = case, actor
        # Nothing is written here: the rules of a move answer what could be done.
        self.move = Move(cast(Write, None), case, actor)
        self.outline = self.move.outline
        mine = [t for t in self.move.tasks if t.person_id == actor.person_id]
        self.open = [t for t in mine if t.is_open and case.state != Case.State.DRAFT]
        self.task = next((t for t in self.open if t.role not in Task.TO_READ), next(iter(self.open), None))
        self.added = [
            t for t in self.move.tasks if self.task and t.added_by == self.task.pk and t.state in ("open", "queued")
        ]
        self.done = next(
            (t for t in reversed(mine) if t.state == Task.State.DONE and t.verdict in ("pass", "refuse")), None
        )

    @property
    def is_starter(self) -> bool:
        return self.case.person_id == self.actor.person_id

    @cached_property
    def step(self) -> Step | None:
        return self.move.step(self.task) if self.task else None

    @cached_property
    def rights(self) -> dict[str, str]:
        """The reader's rights to the fields: of the step they stand at, else reading what no step of theirs hides."""
        if self.task is not None and self.task.role == Task.Role.MEND and self.step and self.step.element == START:
            return rights(self.outline, None)
        if self.task is not None and self.step is not None and self.task.role not in Task.TO_READ:
            return rights(self.outline, self.outline.steps.get(self.step.element))
        if self.is_starter:
            return {
                f.code: "hidden" if f.start == "hidden" and not self.case.is_over else "read"
                for f in self.outline.fields
            }
        visited = [s.element for s in self.move.steps for t in self.move.of(s) if t.person_id == self.actor.person_id]
        rules = [self.outline.steps[e] for e in visited if e in self.outline.steps]
        return {
            f.code: "hidden" if rules and all(r.right(f.code) == "hidden" for r in rules) else "read"
            for f in self.outline.fields
        }

    @property
    def fields(self) -> list[Shown]:
        """What is only to be read."""
        return [
            Shown(f, label(f), shown(f, self.case.values.get(f.code)))
            for f in self.outline.fields
            if self.rights.get(f.code, "read") == "read" and not (f.call and self.case.values.get(f.code) is None)
        ]

    @property
    def may_edit(self) -> bool:
        return any(right in ("edit", "required") for right in self.rights.values()) and self.task is not None

    @cached_property
    def story(self) -> list[Line]:
        rows = list(Opinion.objects.filter(case_id=self.case.pk).order_by("-at", "-pk"))
        files: dict[Any, list[Attachment]] = {}
        for file in Attachment.objects.filter(target_model="flows.opinion", target_id__in=[r.pk for r in rows]):
            files.setdefault(file.target_id, []).append(file)
        for row in rows:
            files[row.pk] = [f for f in files.get(row.pk, []) if f.pk != row.signature]
        return [Line(r.verb, VERBS[r.verb], TONES.get(r.verb, ""), r, files.get(r.pk, ())) for r in rows]

    @property
    def files(self) -> list[Attachment]:
        return list(Attachment.objects.filter(target_model="flows.case", target_id=self.case.pk).order_by("pk"))

    @property
    def readers(self) -> list[Task]:
        """To whom it was passed round or copied, and whether they have read it."""
        return [t for t in self.move.tasks if t.role in Task.TO_READ]

    @cached_property
    def why(self) -> list[str]:
        """Why it is waiting, in words."""
        if not self.case.is_running:
            return []
        said = []
        for step in self.move.open_steps():
            waits = [t for t in self.move.of(step) if t.is_open and t.role not in Task.TO_READ]
            words = {"who": "、".join(t.person for t in waits), "step": step.name, "long": took(step.opened_at)}
            if step.state == Step.State.PARKED:
                said.append(_("“%(step)s”已退回补正，补正后直接回到这一步。") % words)
            elif step.due:
                due = formats.due(step.due)
                said.append(_("等 %(who)s 办“%(step)s”，已等 %(long)s，时限 %(due)s。") % {**words, "due": due.text})
            else:
                said.append(_("等 %(who)s 办“%(step)s”，已等 %(long)s。") % words)
        if self.case.engine:
            said += [_("等消息“%(name)s”。") % {"name": name} for name in sorted(self.move.token.messages())]
            times = sorted(self.move.token.timers().values())
            said += [_("到 %(at)s 自动往下走。") % {"at": formats.full(at)} for at in times]
        return said

    @property
    def coming(self) -> list[str]:
        """Steps that may come after those that are open, by name."""
        at = [s.element for s in self.move.open_steps() if s.token]
        found = [self.outline.steps[n].name for e in at for n in self.outline.follows.get(e, ())]
        return list(dict.fromkeys(found))

    @property
    def back(self) -> list[tuple[str, str]]:
        """Where the reader may send it back to."""
        if self.task is None or self.step is None or self.task.role not in (Task.Role.APPROVE, Task.Role.HANDLE):
            return []
        return places_back(self.move, self.step)

    @property
    def choose(self) -> list[tuple[str, str]]:
        """Steps for which people are to be named now."""
        if self.task is None or self.step is None or not self.step.token:
            return []
        return [(e, self.outline.steps[e].name) for e in to_choose(self.move, self.step.element)]

    @property
    def may_claim(self) -> bool:
        return bool(
            self.task and self.step and self.move.rule(self.step).mode == "claim"
            and sum(t.is_open for t in self.move.of(self.step)) > 1
        )  # fmt: skip

    @property
    def may_undo(self) -> bool:
        """Whether the reader's last decision can still be taken back: nobody has decided after it."""
        if self.done is None or self.task is not None or not self.case.is_running:
            return False
        return not is_followed(self.move, self.done)

    @property
    def may_reassign(self) -> list[Task]:
        """Open tasks of one's own organ that one may give to somebody else."""
        waits = [t for t in self.move.tasks if t.is_open and t.role not in Task.TO_READ and self.case.is_running]
        return [t for t in waits if self.actor.may("flows.case.reassign", t.path) and t.path in self.actor.scope.write]

    @property
    def may_terminate(self) -> bool:
        return self.case.is_running and self.actor.may("flows.case.terminate", self.case.path)
