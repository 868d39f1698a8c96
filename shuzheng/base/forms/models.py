"""Reporting: definitions, rounds, submissions with one typed row a cell, and roll-ups.

A number counts at a tier once that tier approved it. ``Submission.approved_tier`` says the highest tier that did
(5: none, 4: county … 1: nation); ``waiting_tier`` whose turn it is. Each approval appends deltas to the roll-up of the
approving tier's division, so no approval waits for another; a recount from the cells always gives the same total.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from shuzheng.base.core.models import Kind, Published, Record, Scoped, Scoping
from shuzheng.base.org.models import Node, Tier

NOT_APPROVED = 5
"""``approved_tier`` of what no tier has approved yet: one more than the lowest tier."""

NUMBER = {"max_digits": 24, "decimal_places": 6}
"""Cells are exact decimals: 18 digits before the point hold the nation's total in the smallest unit."""


class Definition(Published):
    """One version of a form. ``spec`` is read by ``forms.spec``; a published version is never changed."""

    class State(models.TextChoices):
        DRAFT = "draft", _("草稿")
        PUBLISHED = "published", _("已发布")
        RETIRED = "retired", _("已停用")

    scoping = Scoping(Kind.PUBLISHED, line="reporting")

    code = models.CharField(_("代码"), max_length=40)
    name = models.CharField(_("报表"), max_length=120)
    name_en = models.CharField(_("英文名"), max_length=160, blank=True)
    edition = models.PositiveIntegerField(_("版次"), default=1)
    state = models.CharField(_("状态"), max_length=10, choices=State, default=State.DRAFT)
    period_kind = models.CharField(_("周期"), max_length=10)
    basis = models.CharField(_("依据"), max_length=200, blank=True)
    spec = models.JSONField(_("表样"))

    class Meta(Published.Meta):
        verbose_name = _("报表")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["node", "code", "edition"], name="forms_definition_edition")
        ]

    def __str__(self) -> str:
        return self.name


class Round(Published):
    """A form asked of a part of the tree for one period: ``audience`` is the division below which institutions report."""

    class State(models.TextChoices):
        OPENING = "opening", _("下达中")
        OPEN = "open", _("进行中")
        CLOSED = "closed", _("已结束")

    class Signing(models.TextChoices):
        NAMED = "named", _("填表人写明三人姓名")
        OWN = "own", _("三人各用自己的账号签")
        FILLER = "filler", _("只由填表人签")

    scoping = Scoping(Kind.PUBLISHED, line="reporting")

    definition = models.ForeignKey(Definition, on_delete=models.PROTECT, related_name="rounds", verbose_name=_("报表"))
    title = models.CharField(_("任务"), max_length=160)
    period = models.CharField(_("报告期"), max_length=24)
    due_at = models.DateTimeField(_("截止时间"))
    tier_due = models.JSONField(_("各级截止"), default=dict)
    tier = models.PositiveSmallIntegerField(_("下达层级"), choices=Tier)
    types = models.JSONField(_("机构类型"), default=list, blank=True)
    tiers = models.JSONField(_("机构层级"), default=list, blank=True)
    nodes = models.JSONField(_("指定机构"), default=list, blank=True)
    """Ids of institutions where single ones are asked; empty: all below ``audience`` that tiers and types let through."""
    node_due = models.JSONField(_("各地截止"), default=dict, blank=True)
    """Deadlines of their own, by the path of a division or institution; the longest path that fits counts."""
    locks_at = models.DateTimeField(_("锁定时间"), null=True, blank=True)
    """From then on nothing more is filled in without an allowance; empty: when the round is closed."""
    signing = models.CharField(_("签署方式"), max_length=10, choices=Signing, default=Signing.NAMED)
    instructions = models.TextField(_("填报说明"), blank=True)
    state = models.CharField(_("状态"), max_length=10, choices=State, default=State.OPENING)
    asked = models.PositiveIntegerField(_("应报"), default=0)

    class Meta(Published.Meta):
        verbose_name = _("报送任务")
        indexes: ClassVar = [*Published.Meta.indexes, models.Index(fields=["state", "due_at"], name="forms_round_due")]

    def __str__(self) -> str:
        return self.title


class Submission(Record):
    """What one institution reports in one round."""

    class State(models.TextChoices):
        TODO = "todo", _("未开始")
        DRAFT = "draft", _("填报中")
        SUBMITTED = "submitted", _("待审核")
        RETURNED = "returned", _("已退回")
        APPROVED = "approved", _("已审核")
        EXEMPT = "exempt", _("免报")

    scoping = Scoping(Kind.SUPERVISED, line="reporting")

    round = models.ForeignKey(
        Round, on_delete=models.PROTECT, db_index=False, related_name="submissions", verbose_name=_("报送任务")
    )
    state = models.CharField(_("状态"), max_length=10, choices=State, default=State.TODO)
    own_tier = models.PositiveSmallIntegerField(_("所在层级"), choices=Tier)
    approved_tier = models.PositiveSmallIntegerField(_("已审至"), default=NOT_APPROVED)
    waiting_tier = models.PositiveSmallIntegerField(_("待审层级"), null=True)
    sealed_path = models.CharField(_("报送时路径"), max_length=255, blank=True, db_collation="C")
    edition = models.PositiveIntegerField(_("提交次数"), default=0)
    submitted_at = models.DateTimeField(_("提交时间"), null=True)
    is_late = models.BooleanField(_("迟报"), default=False)
    filler = models.CharField(_("填表人"), max_length=60, blank=True)
    returned_reason = models.CharField(_("退回原因"), max_length=300, blank=True)
    returned_cells = models.JSONField(_("退回的格"), default=list)
    due_at = models.DateTimeField(_("截止时间"))
    reminded_at = models.DateTimeField(_("催报时间"), null=True)
    open_until = models.DateTimeField(_("补报至"), null=True)
    """Filling in is possible until then although the round is locked."""
    exempt_reason = models.CharField(_("免报理由"), max_length=300, blank=True)
    behalf = models.CharField(_("代报单位"), max_length=120, blank=True)
    """Name of the office that fills this in for the institution; empty: the institution itself."""
    behalf_reason = models.CharField(_("代报理由"), max_length=300, blank=True)
    is_nil = models.BooleanField(_("零报告"), default=False)
    returns = models.PositiveSmallIntegerField(_("退回次数"), default=0)
    corrections = models.PositiveSmallIntegerField(_("订正次数"), default=0)
    errors = models.PositiveIntegerField(_("错误"), default=0)
    unexplained = models.PositiveIntegerField(_("待说明"), default=0)
    filled = models.PositiveIntegerField(_("已填格数"), default=0)
    saved_at = models.DateTimeField(_("保存时间"), null=True)
    unread = models.JSONField(_("未读懂的格"), default=dict, blank=True)
    """What was typed and is no number, by cell: kept until it is mended, as nobody's work is lost."""
    signers = models.JSONField(_("签署"), default=dict, blank=True)
    """Names beside the filler's: ``statistics`` (统计负责人) and ``head`` (单位负责人), as 统计法 asks for."""
    factors = models.JSONField(_("折算系数"), default=dict)
    """Factors the computed cells used: ``{name: {"value": "0.1229", "version": "…"}}``; kept with the result."""

    class Meta(Record.Meta):
        verbose_name = _("填报")
        constraints: ClassVar = [models.UniqueConstraint(fields=["round", "node"], name="forms_submission_once")]
        indexes: ClassVar = [
            *Record.Meta.indexes,
            models.Index(fields=["round", "path", "state", "approved_tier"], name="forms_submission_board"),
        ]

    def __str__(self) -> str:
        return f"{self.node} · {self.round}"


class Edition(Record):
    """What was submitted, as it was submitted: evidence, and the other side when two submissions are compared."""

    scoping = Scoping(Kind.SUPERVISED, line="reporting")

    submission = models.ForeignKey(Submission, on_delete=models.CASCADE, db_index=False, related_name="editions")
    number = models.PositiveIntegerField(_("提交次数"))
    values = models.JSONField(_("数值"))
    factors = models.JSONField(_("折算系数"), default=dict)
    by = models.CharField(_("填表人"), max_length=60)
    at = models.DateTimeField(_("提交时间"))

    class Meta(Record.Meta):
        verbose_name = _("提交")
        constraints: ClassVar = [models.UniqueConstraint(fields=["submission", "number"], name="forms_edition_number")]

    def __str__(self) -> str:
        return f"{self.submission} #{self.number}"


class Cell(Scoped):
    """One typed cell of a submission. ``code`` is the cell's name in the form's expressions, such as ``e01_m1``.

    Numbers stand in ``value`` (yes and no as 1 and 0), texts, codes of choices and days in ``text`` (``forms.values``).
    """

    class Source(models.TextChoices):
        HAND = "hand", _("手工填写")
        SHEET = "sheet", _("表格上传")
        METER = "meter", _("表计采集")
        BILL = "bill", _("账单导入")
        API = "api", _("接口报送")
        COMPUTED = "computed", _("自动计算")
        REGISTER = "register", _("台账带入")
        PREVIOUS = "previous", _("上期带入")
        NIL = "nil", _("零报告")

    scoping = Scoping(Kind.SUPERVISED, line="reporting")

    pk = models.CompositePrimaryKey("submission_id", "code")
    submission = models.ForeignKey(Submission, on_delete=models.CASCADE, db_index=False, related_name="cells")
    round = models.ForeignKey(Round, on_delete=models.PROTECT, db_index=False, related_name="+")
    code = models.CharField(_("格"), max_length=40, db_collation="C")
    value = models.DecimalField(_("值"), null=True, **NUMBER)
    text = models.CharField(_("文字"), max_length=2000, blank=True, default="", db_default="")
    source = models.CharField(_("来源"), max_length=10, choices=Source, default=Source.HAND)
    version = models.PositiveIntegerField(default=0, editable=False)
    """Version of the submission that this value came with: tells who changed the same cell meanwhile."""

    class Meta:
        verbose_name = _("填报格")
        indexes: ClassVar = [models.Index(fields=["round", "code", "path"], name="forms_cell_drill")]

    def __str__(self) -> str:
        return f"{self.code} = {self.value}"


class Explanation(Record):
    """Why a warning is right as it stands. It belongs to the check and to the values that the check saw."""

    scoping = Scoping(Kind.SUPERVISED, line="reporting")

    submission = models.ForeignKey(Submission, on_delete=models.CASCADE, db_index=False, related_name="explanations")
    check_code = models.CharField(_("检查"), max_length=60)
    text = models.CharField(_("说明"), max_length=300)
    by = models.CharField(_("说明人"), max_length=60)

    class Meta(Record.Meta):
        verbose_name = _("说明")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["submission", "check_code"], name="forms_explanation_once")
        ]

    def __str__(self) -> str:
        return f"{self.check_code}：{self.text}"


class RollupDelta(Scoped):
    """What one approval (or return) added to the roll-up of a division; folded into ``RollupTotal`` by a job.

    ``member`` is what stands just below ``path`` where the numbers came from: a division, or ``…/0/`` for the own level.
    """

    scoping = Scoping(Kind.SUPERVISED, line="reporting")

    id = models.BigAutoField(primary_key=True)
    round = models.ForeignKey(Round, on_delete=models.PROTECT, db_index=False, related_name="+")
    member = models.CharField(max_length=255, db_collation="C")
    code = models.CharField(max_length=40, db_collation="C")
    value = models.DecimalField(**NUMBER)
    units = models.IntegerField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["round", "path"], name="forms_rollupdelta_scope")]

    def __str__(self) -> str:
        return f"{self.path} {self.code} {self.value:+}"


class Recount(models.Model):
    """What the last nightly recount of a round's roll-ups came to: how many divisions, how many differ from their cells.

    Figures of the platform's own health, for ``/metrics`` and ``shuzheng doctor``: no number that an office reported.
    """

    round = models.OneToOneField(Round, on_delete=models.PROTECT, primary_key=True, related_name="+")
    at = models.DateTimeField(_("核对时间"))
    divisions = models.PositiveIntegerField(_("核对区划数"))
    wrong = models.PositiveIntegerField(_("不一致区划数"))
    first = models.CharField(max_length=255, blank=True)
    """Path of the first division that differs."""

    class Meta:
        verbose_name = _("汇总核对")

    def __str__(self) -> str:
        return f"{self.round_id} {self.wrong}/{self.divisions}"


class RollupTotal(Scoped):
    """Folded deltas: by division, member and cell. Readers add what is still pending."""

    scoping = Scoping(Kind.SUPERVISED, line="reporting")

    pk = models.CompositePrimaryKey("round_id", "path", "member", "code")
    round = models.ForeignKey(Round, on_delete=models.PROTECT, db_index=False, related_name="+")
    member = models.CharField(max_length=255, db_collation="C")
    code = models.CharField(max_length=40, db_collation="C")
    value = models.DecimalField(**NUMBER)
    units = models.IntegerField()

    def __str__(self) -> str:
        return f"{self.path} {self.code} {self.value}"


class Rollup(Record):
    """The roll-up (综合表) of a division as its authority signed it: which versions it summed, and what they came to."""

    class State(models.TextChoices):
        SIGNED = "signed", _("已签署")
        REOPENED = "reopened", _("须重签")

    scoping = Scoping(Kind.SUPERVISED, line="reporting")

    round = models.ForeignKey(
        Round, on_delete=models.PROTECT, db_index=False, related_name="rollups", verbose_name=_("报送任务")
    )
    division = models.ForeignKey(Node, on_delete=models.PROTECT, related_name="+", verbose_name=_("区划"))
    tier = models.PositiveSmallIntegerField(_("层级"), choices=Tier)
    state = models.CharField(_("状态"), max_length=10, choices=State, default=State.SIGNED)
    edition = models.PositiveIntegerField(_("签署次数"), default=1)
    asked = models.PositiveIntegerField(_("应报"))
    counted = models.PositiveIntegerField(_("已汇总"))
    values = models.JSONField(_("汇总数"))
    factors = models.JSONField(_("折算系数"), default=dict)
    members_digest = models.CharField(_("成员摘要"), max_length=64)
    signed_by = models.CharField(_("签署人"), max_length=60)
    signed_at = models.DateTimeField(_("签署时间"))

    class Meta(Record.Meta):
        verbose_name = _("综合表")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["round", "division"], name="forms_rollup_once"),
        ]

    def __str__(self) -> str:
        return f"{self.division} · {self.round}"


class RollupMember(Scoped):
    """A submission, in the version that a signed roll-up summed."""

    scoping = Scoping(Kind.SUPERVISED, line="reporting")

    pk = models.CompositePrimaryKey("rollup_id", "submission_id")
    rollup = models.ForeignKey(Rollup, on_delete=models.CASCADE, db_index=False, related_name="members")
    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, related_name="+")
    edition = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.submission_id} @ {self.edition}"


from shuzheng.base.forms.rounds import (  # noqa: E402 -- they build on the models above
    Allowance,
    Amendment,
    AmendmentCell,
    Circular,
    Doubt,
    Signature,
)

__all__ = [
    "NOT_APPROVED",
    "NUMBER",
    "Allowance",
    "Amendment",
    "AmendmentCell",
    "Cell",
    "Circular",
    "Definition",
    "Doubt",
    "Edition",
    "Explanation",
    "Rollup",
    "RollupDelta",
    "RollupMember",
    "RollupTotal",
    "Round",
    "Signature",
    "Submission",
]
