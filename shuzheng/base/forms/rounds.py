"""What happens to a round beside filling in and approving: allowances, amendments of single cells, signatures, circulars."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from shuzheng.base.core.models import Kind, PathField, Published, Record, Scoped, Scoping
from shuzheng.base.forms.models import NOT_APPROVED, NUMBER, Round, Submission
from shuzheng.base.forms.numbers import exact
from shuzheng.base.org.models import Tier


class Allowance(Record):
    """An exception from the rules of a round: a later deadline, none at all, or filling in after the lock.

    ``at`` says for whom: an institution's path, or a division's for all below it. ``decider`` is the division whose
    authority grants it; what it granted by itself, without being asked, is granted from the beginning.
    """

    class What(models.TextChoices):
        EXTENSION = "extension", _("延期")
        EXEMPTION = "exemption", _("免报")
        UNLOCK = "unlock", _("补报")

    class State(models.TextChoices):
        ASKED = "asked", _("待批")
        GRANTED = "granted", _("已同意")
        REFUSED = "refused", _("未同意")

    scoping = Scoping(Kind.SUPERVISED, line="reporting")

    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="allowances", verbose_name=_("报送任务"))
    submission = models.ForeignKey(
        Submission, on_delete=models.PROTECT, null=True, related_name="allowances", verbose_name=_("填报")
    )
    what = models.CharField(_("事项"), max_length=10, choices=What)
    state = models.CharField(_("状态"), max_length=10, choices=State, default=State.ASKED)
    at = PathField(_("适用范围"))
    at_name = models.CharField(_("适用单位"), max_length=120)
    decider = PathField(_("审批区划"), blank=True)
    until = models.DateTimeField(_("延至"), null=True)
    reason = models.CharField(_("理由"), max_length=300)
    asked_by = models.CharField(_("申请人"), max_length=60, blank=True)
    asked_organ = models.CharField(_("申请单位"), max_length=120, blank=True)
    asked_at = models.DateTimeField(_("申请时间"), null=True)
    decided_by = models.CharField(_("审批人"), max_length=60, blank=True)
    decided_organ = models.CharField(_("审批单位"), max_length=120, blank=True)
    decided_at = models.DateTimeField(_("审批时间"), null=True)
    opinion = models.CharField(_("意见"), max_length=300, blank=True)
    touched = models.PositiveIntegerField(_("涉及填报"), default=0)

    class Meta(Record.Meta):
        verbose_name = _("报送例外")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["round", "at", "what"], condition=models.Q(state="asked"), name="forms_allowance_once"
            )
        ]
        indexes: ClassVar = [
            *Record.Meta.indexes,
            models.Index(fields=["round", "state"], name="forms_allowance_round"),
        ]

    def __str__(self) -> str:
        return f"{self.at_name} · {self.get_what_display()}"


class Amendment(Record):
    """A change of single cells of what was handed in: asked by a tier (逐格退回), or by the institution itself (订正).

    Approvals stay. The new values wait here until every tier that had approved has confirmed them, the lowest first; a
    tier's roll-up moves by the difference when that tier confirms, and the cells are written when the last one has.
    ``signatures`` is a chain: each entry's digest (SM3) covers the changes and the entry before it.
    """

    class What(models.TextChoices):
        RETURN = "return", _("逐格退回")
        CORRECTION = "correction", _("订正")

    class State(models.TextChoices):
        ASKED = "asked", _("待答复")
        ANSWERED = "answered", _("待确认")
        DONE = "done", _("已生效")
        REFUSED = "refused", _("未同意")
        WITHDRAWN = "withdrawn", _("已撤销")

    OPEN = (State.ASKED, State.ANSWERED)
    scoping = Scoping(Kind.SUPERVISED, line="reporting")

    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="+", verbose_name=_("报送任务"))
    submission = models.ForeignKey(
        Submission, on_delete=models.CASCADE, related_name="amendments", verbose_name=_("填报")
    )
    what = models.CharField(_("事项"), max_length=10, choices=What)
    state = models.CharField(_("状态"), max_length=10, choices=State)
    tier = models.PositiveSmallIntegerField(_("提出层级"), choices=Tier)
    asked_by = models.CharField(_("提出人"), max_length=60)
    asked_organ = models.CharField(_("提出单位"), max_length=120)
    asked_at = models.DateTimeField(_("提出时间"))
    due_at = models.DateTimeField(_("答复期限"), null=True)
    cells = models.JSONField(_("退回的格"), default=list)
    """One entry a cell: ``{"code": …, "reason": …, "text": …}``, the reason being that of whoever asked."""
    note = models.CharField(_("说明"), max_length=300, blank=True)
    answered_by = models.CharField(_("答复人"), max_length=60, blank=True)
    answered_at = models.DateTimeField(_("答复时间"), null=True)
    waiting_tier = models.PositiveSmallIntegerField(_("待确认层级"), null=True)
    confirmed_tier = models.PositiveSmallIntegerField(_("已确认至"), default=NOT_APPROVED)
    edition = models.PositiveIntegerField(_("提交次数"), default=0)
    facts = models.JSONField(_("检查结果"), default=dict)
    """What the submission's own columns become when the change takes effect: errors, filled, factors."""
    signatures = models.JSONField(_("签认"), default=list)
    refusal = models.CharField(_("退回意见"), max_length=300, blank=True)

    class Meta(Record.Meta):
        verbose_name = _("修订")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["submission"], condition=models.Q(state__in=["asked", "answered"]), name="forms_amendment_once"
            )
        ]
        indexes: ClassVar = [
            *Record.Meta.indexes,
            models.Index(fields=["round", "state", "waiting_tier", "path"], name="forms_amendment_turn"),
        ]

    def __str__(self) -> str:
        return f"{self.submission} · {self.get_what_display()}"

    @property
    def digest(self) -> str:
        """SM3 of the last signature: of the changes and of everybody who signed so far."""
        return self.signatures[-1]["digest"] if self.signatures else ""


class AmendmentCell(Scoped):
    """One changed cell of an amendment, typed or computed: its value before and after."""

    scoping = Scoping(Kind.SUPERVISED, line="reporting")

    pk = models.CompositePrimaryKey("amendment_id", "code")
    amendment = models.ForeignKey(Amendment, on_delete=models.CASCADE, related_name="changes")
    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="+")
    code = models.CharField(_("格"), max_length=40, db_collation="C")
    old = models.DecimalField(_("原值"), null=True, **NUMBER)
    new = models.DecimalField(_("新值"), null=True, **NUMBER)
    old_text = models.CharField(_("原文字"), max_length=2000, blank=True, default="")
    new_text = models.CharField(_("新文字"), max_length=2000, blank=True, default="")

    class Meta:
        verbose_name = _("修订的格")
        indexes: ClassVar = [models.Index(fields=["path", "round"], name="forms_amendmentcell_scope")]

    def __str__(self) -> str:
        return f"{self.code}: {self.said_old} → {self.said_new}"

    @property
    def said_old(self) -> str | None:
        """The value before as an exact text, as it is signed."""
        return self.old_text or exact(self.old)

    @property
    def said_new(self) -> str | None:
        """The value after as an exact text, as it is signed."""
        return self.new_text or exact(self.new)


class Doubt(Record):
    """One number of one submission that deserves a second look (疑点), and what was said about it.

    Two sorts are found by the platform: a check that no longer holds (a rule, a register or another form changed since it
    was handed in), and a number unlike the institution's earlier ones. The third is marked by hand, for following up.
    """

    class Sort(models.TextChoices):
        CHECK = "check", _("检查不通过")
        OUTLIER = "outlier", _("偏离以往")
        FLAG = "flag", _("人工标记")

    class State(models.TextChoices):
        OPEN = "open", _("待核实")
        SETTLED = "settled", _("已核实")
        OVER = "over", _("已消除")

    scoping = Scoping(Kind.SUPERVISED, line="reporting")

    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="+", verbose_name=_("报送任务"))
    submission = models.ForeignKey(Submission, on_delete=models.CASCADE, related_name="doubts", verbose_name=_("填报"))
    code = models.CharField(_("格"), max_length=40, db_collation="C")
    sort = models.CharField(_("类别"), max_length=8, choices=Sort)
    check_code = models.CharField(_("检查"), max_length=60, blank=True)
    state = models.CharField(_("状态"), max_length=8, choices=State, default=State.OPEN)
    value = models.DecimalField(_("值"), null=True, **NUMBER)
    """The number that was looked at: another one is another doubt, also after this one was settled."""
    facts = models.JSONField(_("依据"), default=dict)
    """Of an outlier: ``n`` periods, ``mean``, ``least``, ``most``, and ``z`` and ``modified`` where there are such."""
    thread = models.JSONField(_("留言"), default=list)
    """What was said about it, oldest first: ``{"by", "organ", "at", "text"}``."""
    settled_by = models.CharField(_("核实人"), max_length=60, blank=True)
    settled_at = models.DateTimeField(_("核实时间"), null=True)
    settled_note = models.CharField(_("核实结论"), max_length=300, blank=True)

    class Meta(Record.Meta):
        verbose_name = _("疑点")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["submission", "code", "sort", "check_code"], name="forms_doubt_once")
        ]
        indexes: ClassVar = [*Record.Meta.indexes, models.Index(fields=["round", "path"], name="forms_doubt_round")]

    def __str__(self) -> str:
        return f"{self.submission} · {self.code}"


class Signature(Record):
    """Who answers for the numbers of one submission (统计法第二十四条): signed by the person, or named by the filler.

    ``digest`` (SM3) is of the values that were signed; a signature before handing in holds while they stay as they are.
    """

    class Role(models.TextChoices):
        FILLER = "filler", _("填表人")
        STATISTICS = "statistics", _("统计负责人")
        HEAD = "head", _("单位负责人")

    scoping = Scoping(Kind.SUPERVISED, line="reporting")

    submission = models.ForeignKey(Submission, on_delete=models.CASCADE, related_name="signatures")
    edition = models.PositiveIntegerField(_("提交次数"))
    role = models.CharField(_("签署身份"), max_length=10, choices=Role)
    name = models.CharField(_("姓名"), max_length=60)
    post_id = models.UUIDField(_("签署岗位"), null=True)
    recorded_by = models.CharField(_("录入人"), max_length=60)
    at = models.DateTimeField(_("签署时间"))
    digest = models.CharField(_("摘要"), max_length=64)

    class Meta(Record.Meta):
        verbose_name = _("签署")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["submission", "edition", "role"], name="forms_signature_once")
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()} {self.name}"

    @property
    def is_own(self) -> bool:
        """Whether the person signed with their own account."""
        return self.post_id is not None


class Circular(Published):
    """A circular notice (通报) made from the ledger: the text may be edited, the figures are those of the day it was made."""

    class State(models.TextChoices):
        DRAFT = "draft", _("草稿")
        PUBLISHED = "published", _("已发布")

    scoping = Scoping(Kind.PUBLISHED, line="reporting")

    title = models.CharField(_("标题"), max_length=120)
    text = models.TextField(_("正文"), max_length=8000)
    state = models.CharField(_("状态"), max_length=10, choices=State, default=State.DRAFT)
    division = models.CharField(_("区划"), max_length=120)
    asked_for = models.JSONField(_("口径"), default=dict)
    """Form, first and last period and place that the figures are of."""
    table = models.JSONField(_("附表"), default=list)
    made_by = models.CharField(_("拟稿人"), max_length=60)
    published_at = models.DateTimeField(_("发布时间"), null=True)

    class Meta(Published.Meta):
        verbose_name = _("通报")

    def __str__(self) -> str:
        return self.title
