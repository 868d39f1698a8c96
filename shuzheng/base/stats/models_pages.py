"""What the pages of statistics keep: saved questions, briefs and their copies, rules of alerts and what they found.

A saved question is the query of the explorer's address: it holds no numbers, so whoever opens it sees their own.
"""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from shuzheng.base.core.models import Kind, Record, Scoping

QUERY = 2000
"""Characters that a saved question may have."""


class View(Record):
    """A saved question in a post's list, or in the list of all posts of an organ (``post_id`` empty)."""

    scoping = Scoping(Kind.INTERNAL)

    name = models.CharField(_("名称"), max_length=80)
    note = models.CharField(_("说明"), max_length=200, blank=True)
    query = models.CharField(max_length=QUERY, editable=False)
    post_id = models.UUIDField(null=True, editable=False)
    origin = models.UUIDField(null=True, editable=False)
    """The view that was shared; sharing it again brings this one up to date."""
    shared_by = models.CharField(_("分享人"), max_length=160, blank=True, editable=False)

    class Meta(Record.Meta):
        verbose_name = _("统计视图")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["origin", "node", "post_id"], name="stats_view_shared_once", nulls_distinct=False,
                condition=models.Q(origin__isnull=False),
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.name


class Brief(Record):
    """A question that is answered by schedule, for each recipient in their own scope."""

    class Every(models.TextChoices):
        WEEK = "week", _("每周一")
        MONTH = "month", _("每月 1 日")
        QUARTER = "quarter", _("每季首日")

    scoping = Scoping(Kind.INTERNAL)

    name = models.CharField(_("简报"), max_length=80)
    note = models.CharField(_("说明"), max_length=200, blank=True)
    query = models.CharField(max_length=QUERY, editable=False)
    every = models.CharField(_("频次"), max_length=8, choices=Every, default=Every.MONTH)
    posts = ArrayField(models.UUIDField(), verbose_name=_("收件岗位"), default=list)
    next_on = models.DateField(_("下次"))
    is_active = models.BooleanField(_("启用"), default=True)

    class Meta(Record.Meta):
        verbose_name = _("统计简报")
        indexes: ClassVar = [
            *Record.Meta.indexes,
            models.Index(fields=["next_on"], name="stats_brief_due", condition=models.Q(is_active=True)),
        ]

    def __str__(self) -> str:
        return self.name


class BriefCopy(Record):
    """A brief as one post got it: computed in that post's scope and kept as it was. Its files hang on it."""

    scoping = Scoping(Kind.INTERNAL)

    brief_id = models.UUIDField(editable=False)
    day = models.DateField(_("日期"))
    post_id = models.UUIDField(editable=False)
    name = models.CharField(_("简报"), max_length=80)
    query = models.CharField(max_length=QUERY, editable=False)
    sender = models.CharField(_("发送单位"), max_length=160)
    table = models.JSONField(default=dict, editable=False)
    """``{"head": [[text, unit]…], "rows": [[text…]…], "total": […]}``, numbers as they were shown."""
    as_of = models.DateTimeField(_("数据截至"), null=True)

    class Meta(Record.Meta):
        verbose_name = _("简报副本")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["brief_id", "day", "post_id"], name="stats_briefcopy_once")
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.day:%Y-%m-%d}"


class AlertRule(Record):
    """When a number deserves a look: a condition, or what departs from its own history."""

    class Way(models.TextChoices):
        CONDITION = "condition", _("条件")
        DEVIATION = "deviation", _("偏离以往（标准差）")
        RANGE = "range", _("超出以往范围")

    class Level(models.TextChoices):
        WARN = "warn", _("预警")
        OVER = "over", _("超标")

    scoping = Scoping(Kind.INTERNAL)

    name = models.CharField(_("预警"), max_length=80)
    indicator = models.CharField(_("指标"), max_length=60)
    by = models.CharField(_("看到哪一层"), max_length=12, blank=True)
    where = models.JSONField(default=dict, editable=False)
    kind = models.CharField(_("方式"), max_length=10, choices=Way, default=Way.CONDITION)
    condition = models.CharField(_("条件"), max_length=500, blank=True)
    factor = models.DecimalField(_("倍数"), max_digits=5, decimal_places=2, default=3)
    level = models.CharField(_("级别"), max_length=5, choices=Level, default=Level.WARN)
    made_by = models.UUIDField(editable=False)
    posts = ArrayField(models.UUIDField(), verbose_name=_("通知岗位"), default=list)
    is_active = models.BooleanField(_("启用"), default=True)
    checked_at = models.DateTimeField(_("最近检查"), null=True)
    checked = models.PositiveIntegerField(_("检查数"), default=0)

    class Meta(Record.Meta):
        verbose_name = _("预警规则")

    def __str__(self) -> str:
        return self.name


class Alert(Record):
    """What a rule found at one place in one period. Once the number is back in order it is over, and is kept."""

    class State(models.TextChoices):
        OPEN = "open", _("待处置")
        SEEN = "seen", _("已处置")
        OVER = "over", _("已恢复")

    scoping = Scoping(Kind.INTERNAL)

    rule = models.ForeignKey(AlertRule, on_delete=models.CASCADE, related_name="alerts")
    period = models.CharField(_("报告期"), max_length=24)
    key = models.CharField(max_length=64, blank=True)
    label = models.CharField(_("对象"), max_length=160)
    value = models.DecimalField(_("数值"), max_digits=30, decimal_places=10)
    reason = models.CharField(max_length=20)
    """Which sentence says why; ``values`` fills it in the reader's language."""
    values = models.JSONField(default=dict)
    level = models.CharField(_("级别"), max_length=5, choices=AlertRule.Level)
    state = models.CharField(_("状态"), max_length=5, choices=State, default=State.OPEN)
    seen_by = models.CharField(_("处置人"), max_length=80, blank=True)
    seen_at = models.DateTimeField(_("处置时间"), null=True)
    seen_note = models.CharField(_("处置说明"), max_length=300, blank=True)

    class Meta(Record.Meta):
        verbose_name = _("统计预警")
        constraints: ClassVar = [models.UniqueConstraint(fields=["rule", "period", "key"], name="stats_alert_once")]
        indexes: ClassVar = [
            *Record.Meta.indexes,
            models.Index(fields=["path"], name="stats_alert_open", condition=models.Q(state="open")),
        ]

    def __str__(self) -> str:
        return f"{self.label} {self.period}"


__all__ = ["Alert", "AlertRule", "Brief", "BriefCopy", "View"]
