"""Definitions of processes, the cases that run by them, and what waits for whom.

A case is a *case* of the scope: its participants see it wherever they sit. What waits for somebody (``Task``) and what they
said (``Opinion``) belong to their own organ; the case, its steps and timers to the organ that started it.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from shuzheng.base.core.models import CaseRecord, Kind, Published, Record, Scoping
from shuzheng.base.portal.formats import in_language
from shuzheng.base.standards.models import Confidence


class Definition(Published):
    """One edition of a process: BPMN 2.0 with our particulars inside (``bpmn/words.py``), its decision tables beside it.

    The BPMN text is the only truth: form, steps and the simple designer's view are read from it.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("草稿")
        PUBLISHED = "published", _("已发布")
        RETIRED = "retired", _("已停用")

    scoping = Scoping(Kind.PUBLISHED)

    code = models.CharField(_("代码"), max_length=40, db_collation="C")
    edition = models.PositiveIntegerField(_("版次"), default=1)
    name = models.CharField(_("名称"), max_length=80)
    name_en = models.CharField(_("英文名"), max_length=80, blank=True)
    group = models.CharField(_("类别"), max_length=40, blank=True)
    about = models.CharField(_("说明"), max_length=300, blank=True)
    basis = models.CharField(_("依据"), max_length=300, blank=True)
    state = models.CharField(_("状态"), max_length=9, choices=State, default=State.DRAFT)
    bpmn = models.TextField("BPMN")
    tables = models.JSONField(_("决策表"), default=dict, blank=True)
    """DMN 1.3 texts by id of the decision."""
    trials = models.JSONField(_("测试用例"), default=list, blank=True)
    """Test cases (``trials.Trial``), carried on to the next edition; no part of what the process says."""
    digest = models.CharField(max_length=64, editable=False, db_collation="C")
    calls = models.JSONField(default=list, editable=False)
    """Codes of the definitions that it calls."""
    confidence = models.CharField(_("可信度"), max_length=2, choices=Confidence, blank=True)
    """How sure a standard process is; empty for what is no standard."""
    standard = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("所依规范")
    )
    """The edition of the standard that it adapts."""
    published_at = models.DateTimeField(_("发布时间"), null=True, editable=False)

    class Meta(Published.Meta):
        verbose_name = _("流程定义")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["node", "code", "edition"], name="flows_definition_edition"),
            models.UniqueConstraint(
                fields=["node", "code"], condition=models.Q(state="draft"), name="flows_definition_draft"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label} v{self.edition}"

    @property
    def is_unverified(self) -> bool:
        return self.confidence == Confidence.UNVERIFIED

    @property
    def label(self) -> str:
        """The name in the reader's language."""
        return in_language(self.name, self.name_en)


class Case(CaseRecord):
    """A request on its way (事项). ``case_id`` is its id; ``engine`` the state of the token, without the process itself."""

    class State(models.TextChoices):
        DRAFT = "draft", _("草稿")
        RUNNING = "running", _("办理中")
        DONE = "done", _("已通过")
        REFUSED = "refused", _("未通过")
        REVOKED = "revoked", _("已撤销")
        TERMINATED = "ended", _("已终止")

    OVER = (State.DONE, State.REFUSED, State.REVOKED, State.TERMINATED)

    scoping = Scoping(Kind.CASE)
    sensitive = frozenset({"engine"})

    definition = models.ForeignKey(
        Definition, on_delete=models.PROTECT, db_index=False, related_name="cases", verbose_name=_("流程定义")
    )
    number = models.CharField(_("编号"), max_length=40, blank=True, db_collation="C")
    title = models.CharField(_("标题"), max_length=120)
    state = models.CharField(_("状态"), max_length=8, choices=State, default=State.DRAFT)
    is_urgent = models.BooleanField(_("加急"), default=False)
    post_id = models.UUIDField(editable=False)
    person_id = models.UUIDField(editable=False)
    starter = models.CharField(_("发起人"), max_length=80)
    organ_name = models.CharField(_("发起单位"), max_length=120)
    values = models.JSONField(_("表单"), default=dict)
    """By code of the field: texts, exact numbers as texts, true or false, lists of texts."""
    facts = models.JSONField(default=dict, editable=False)
    """What steps, decision tables and scripts left behind, by name; ``chosen`` holds whom a step named for a later one."""
    engine = models.JSONField(default=dict, editable=False)
    links = models.JSONField(default=dict, editable=False)
    """By call activity: the edition that it took when the call began."""
    stands_at = models.CharField(_("当前环节"), max_length=200, blank=True)
    started_at = models.DateTimeField(_("发起时间"), null=True)
    ended_at = models.DateTimeField(_("办结时间"), null=True)
    urged_at = models.DateTimeField(_("最近催办"), null=True)

    class Meta(CaseRecord.Meta):
        verbose_name = _("流程事项")
        indexes: ClassVar = [
            *CaseRecord.Meta.indexes,
            models.Index(fields=["post_id", "-started_at"], name="flows_case_mine"),
            models.Index(fields=["case_id"], name="flows_case_of"),
            models.Index(fields=["definition", "started_at"], name="flows_case_counted"),
            models.Index(fields=["node", "number"], name="flows_case_number"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_running(self) -> bool:
        return self.state == self.State.RUNNING

    @property
    def is_over(self) -> bool:
        return self.state in self.OVER


class Step(CaseRecord):
    """One visit of a human step. ``token`` is the engine's id of it; empty when the starter mends what was sent back."""

    class State(models.TextChoices):
        OPEN = "open", _("办理中")
        PARKED = "parked", _("等退回处补正")
        PASSED = "passed", _("已通过")
        REFUSED = "refused", _("不同意")
        SKIPPED = "skipped", _("已跳过")
        RETURNED = "returned", _("已退回")
        DROPPED = "dropped", _("已取消")

    scoping = Scoping(Kind.CASE)

    element = models.CharField(max_length=80, db_collation="C")
    token = models.CharField(max_length=36, blank=True, db_collation="C")
    name = models.CharField(_("环节"), max_length=80)
    state = models.CharField(_("状态"), max_length=8, choices=State, default=State.OPEN)
    opened_at = models.DateTimeField(_("到达时间"))
    closed_at = models.DateTimeField(_("离开时间"), null=True)
    due = models.DateTimeField(_("时限"), null=True)
    mends = models.UUIDField(null=True, editable=False)
    """The parked step that sent it back here and takes it up again when it is mended."""
    rounds = models.PositiveIntegerField(default=1, editable=False)

    class Meta(CaseRecord.Meta):
        verbose_name = _("流程环节")
        indexes: ClassVar = [
            *CaseRecord.Meta.indexes,
            models.Index(fields=["case_id"], name="flows_step_of"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_open(self) -> bool:
        return self.state == self.State.OPEN


class Task(CaseRecord):
    """What waits for one post: a row of its inbox, complete in itself. The words of the case are copied into it."""

    class State(models.TextChoices):
        OPEN = "open", _("待办")
        QUEUED = "queued", _("未轮到")
        PARKED = "parked", _("等他人先办")
        DONE = "done", _("已办")
        DROPPED = "dropped", _("已取消")

    class Role(models.TextChoices):
        APPROVE = "approve", _("审批")
        HANDLE = "handle", _("办理")
        SIGN = "sign", _("加签")
        HELP = "help", _("委派")
        MEND = "mend", _("补正")
        READ = "read", _("传阅")
        COPY = "copy", _("抄送")

    class Verdict(models.TextChoices):
        PASS = "pass", _("同意")
        REFUSE = "refuse", _("不同意")
        READ = "read", _("已阅")
        MOVED = "moved", _("已转办")
        RETURNED = "back", _("退回")
        SKIPPED = "skip", _("自动跳过")
        TAKEN = "taken", _("他人已办")

    scoping = Scoping(Kind.CASE)

    step = models.ForeignKey(Step, on_delete=models.CASCADE, related_name="tasks")
    post_id = models.UUIDField(editable=False)
    person_id = models.UUIDField(editable=False)
    person = models.CharField(_("办理人"), max_length=80)
    post_name = models.CharField(_("岗位"), max_length=60, blank=True)
    organ_name = models.CharField(_("单位"), max_length=120, blank=True)
    behalf = models.CharField(_("代"), max_length=80, blank=True)
    """Whose task it is by the process, when a standing delegation brought it here."""
    role = models.CharField(_("事由"), max_length=8, choices=Role, default=Role.APPROVE)
    state = models.CharField(_("状态"), max_length=8, choices=State, default=State.OPEN)
    verdict = models.CharField(_("结果"), max_length=8, choices=Verdict, blank=True)
    place = models.PositiveIntegerField(default=0, editable=False)
    added_by = models.UUIDField(null=True, editable=False)
    """The task whose holder added this one."""
    is_before = models.BooleanField(default=False, editable=False)
    """Added before: the other waits until this one is done."""
    opened_at = models.DateTimeField(_("到达时间"))
    done_at = models.DateTimeField(_("办理时间"), null=True)
    due = models.DateTimeField(_("时限"), null=True)
    is_urgent = models.BooleanField(_("加急"), default=False)
    title = models.CharField(_("标题"), max_length=120)
    process = models.CharField(_("流程"), max_length=80)
    code = models.CharField(max_length=40, db_collation="C", editable=False)
    step_name = models.CharField(_("环节"), max_length=80)
    starter = models.CharField(_("发起人"), max_length=80)
    starter_organ = models.CharField(_("发起单位"), max_length=120)
    number = models.CharField(_("编号"), max_length=40, blank=True)

    TO_READ = (Role.READ, Role.COPY)

    class Meta(CaseRecord.Meta):
        verbose_name = _("流程待办")
        indexes: ClassVar = [
            *CaseRecord.Meta.indexes,
            models.Index(
                fields=["post_id", "-is_urgent", "-opened_at"],
                name="flows_task_inbox",
                condition=models.Q(state="open"),
            ),
            models.Index(fields=["post_id", "-done_at"], name="flows_task_done", condition=models.Q(state="done")),
            models.Index(fields=["case_id"], name="flows_task_of"),
        ]

    def __str__(self) -> str:
        return f"{self.title} · {self.step_name}"

    @property
    def is_open(self) -> bool:
        return self.state == self.State.OPEN

    @property
    def counts(self) -> bool:
        """Whether its verdict counts among those of the step: not a reader's, not what was only asked for help."""
        return self.role not in (*self.TO_READ, self.Role.HELP) and self.verdict not in (
            self.Verdict.MOVED, self.Verdict.TAKEN,
        )  # fmt: skip

    @property
    def is_late(self) -> bool:
        return bool(self.due and self.state == self.State.OPEN and self.due < timezone.now())


class Opinion(CaseRecord):
    """A line of the case's story: who did what, when, and what they wrote. Files hang on it. Only ever added."""

    scoping = Scoping(Kind.CASE)
    sensitive = frozenset({"given"})

    step_id = models.UUIDField(null=True, editable=False)
    task_id = models.UUIDField(null=True, editable=False)
    verb = models.CharField(_("动作"), max_length=12)
    step_name = models.CharField(_("环节"), max_length=80, blank=True)
    person_id = models.UUIDField(null=True, editable=False)
    person = models.CharField(_("办理人"), max_length=80)
    post_name = models.CharField(_("岗位"), max_length=60, blank=True)
    organ_name = models.CharField(_("单位"), max_length=120, blank=True)
    text = models.CharField(_("意见"), max_length=1000, blank=True)
    to = models.CharField(_("对象"), max_length=300, blank=True)
    at = models.DateTimeField(_("时间"))
    given = models.JSONField(default=dict, editable=False)
    """What was entered in the form with it, by field: so that a case can be played again (``replaying.py``)."""
    signature = models.UUIDField(null=True, editable=False)
    """The attachment of this opinion that shows the hand-written signature, as it was then."""

    class Meta(CaseRecord.Meta):
        verbose_name = _("流程意见")
        indexes: ClassVar = [
            *CaseRecord.Meta.indexes,
            models.Index(fields=["case_id", "at"], name="flows_opinion_of"),
        ]

    def __str__(self) -> str:
        return f"{self.person} {self.verb}"


class Timer(CaseRecord):
    """Something that falls due in a case: the time limit of a step, or a timer of the process."""

    class What(models.TextChoices):
        REMIND = "remind", _("催办")
        ESCALATE = "escalate", _("上报负责人")
        PASS = "pass", _("自动通过")
        RETURN = "return", _("自动退回")
        PROCESS = "process", _("流程定时")

    scoping = Scoping(Kind.CASE)

    step = models.ForeignKey(Step, on_delete=models.CASCADE, null=True, related_name="timers")
    what = models.CharField(_("到时"), max_length=8, choices=What)
    at = models.DateTimeField(_("时间"))
    every = models.CharField(max_length=12, blank=True)
    token = models.CharField(max_length=80, blank=True, db_collation="C")
    done_at = models.DateTimeField(null=True)

    class Meta(CaseRecord.Meta):
        verbose_name = _("流程定时")
        indexes: ClassVar = [
            *CaseRecord.Meta.indexes,
            models.Index(fields=["at"], name="flows_timer_due", condition=models.Q(done_at=None)),
            models.Index(fields=["case_id"], name="flows_timer_of"),
        ]

    def __str__(self) -> str:
        return f"{self.What(self.what).label} {self.at:%Y-%m-%d %H:%M}"


class Delegation(Record):
    """A standing delegation (委托授权): what comes to one post in these days goes to another, all of it or some kinds."""

    scoping = Scoping(Kind.INTERNAL)

    post_id = models.UUIDField(editable=False)
    principal = models.CharField(_("委托人"), max_length=80)
    to_post = models.UUIDField()
    deputy = models.CharField(_("受托人"), max_length=80)
    first = models.DateField(_("开始日期"))
    last = models.DateField(_("结束日期"))
    codes = models.JSONField(_("流程"), default=list, blank=True)
    """Codes of processes; empty for all."""
    reason = models.CharField(_("事由"), max_length=200, blank=True)
    ended_at = models.DateTimeField(_("提前结束"), null=True, editable=False)

    class Meta(Record.Meta):
        verbose_name = _("委托授权")
        indexes: ClassVar = [
            *Record.Meta.indexes,
            models.Index(fields=["post_id"], name="flows_delegation_post", condition=models.Q(ended_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.principal} → {self.deputy}"


class Phrase(Record):
    """A stock phrase (常用语) of one person, offered where opinions are written."""

    scoping = Scoping(Kind.INTERNAL)

    person_id = models.UUIDField(editable=False)
    text = models.CharField(_("常用语"), max_length=200)
    place = models.PositiveIntegerField(default=0, editable=False)

    class Meta(Record.Meta):
        verbose_name = _("常用语")
        indexes: ClassVar = [
            *Record.Meta.indexes,
            models.Index(fields=["person_id", "place"], name="flows_phrase_own"),
        ]

    def __str__(self) -> str:
        return self.text


class Signature(Record):
    """Somebody's hand-written signature; the picture is its attachment. What was signed keeps the picture of that day."""

    scoping = Scoping(Kind.INTERNAL)

    person_id = models.UUIDField(editable=False)
    person = models.CharField(_("签名人"), max_length=80)
    picture = models.UUIDField(null=True, editable=False)

    class Meta(Record.Meta):
        verbose_name = _("手写签名")
        constraints: ClassVar = [models.UniqueConstraint(fields=["node", "person_id"], name="flows_signature_person")]

    def __str__(self) -> str:
        return self.person
