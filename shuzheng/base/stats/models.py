"""What statistics keep in PostgreSQL: short numbers of nodes, what is stale in the lake, indicators of users."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from shuzheng.base.core.models import Kind, Published, Scoping
from shuzheng.base.stats.declare import HIGHER, LOWER, NEITHER


class NodeKey(models.Model):
    """The number that stands for a node in the lake: four bytes in place of sixteen, in 152 million facts. Never reused."""

    node = models.UUIDField(primary_key=True)
    key = models.IntegerField(unique=True)

    class Meta:
        verbose_name = _("节点编号")

    def __str__(self) -> str:
        return f"{self.key} {self.node}"


class Partition(models.Model):
    """A part of the lake: the facts of one round in one province (``bucket``: the first segment of the path today).

    It is stale while ``wanted`` is ahead of ``written``; each change of its cells moves ``wanted`` on.
    """

    pk = models.CompositePrimaryKey("round", "bucket")
    round = models.UUIDField()
    bucket = models.CharField(max_length=24, db_collation="C")
    wanted = models.BigIntegerField(default=1)
    written = models.BigIntegerField(default=0)
    facts = models.BigIntegerField(default=0)
    wanted_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("数据湖分区")

    def __str__(self) -> str:
        return f"{self.round} {self.bucket}"


class OwnIndicator(Published):
    """A user's own indicator, in the expression language over the cells of a form; those below the definer may ask it, too."""

    class Direction(models.TextChoices):
        LOWER = LOWER, _("越低越好")
        HIGHER = HIGHER, _("越高越好")
        NEITHER = NEITHER, _("无所谓高低")

    class State(models.TextChoices):
        ACTIVE = "active", _("在用")
        RETIRED = "retired", _("已停用")

    scoping = Scoping(Kind.PUBLISHED, line="reporting")

    code = models.CharField(_("代码"), max_length=40)
    name = models.CharField(_("指标"), max_length=80)
    name_en = models.CharField(_("英文名"), max_length=120, blank=True)
    unit = models.CharField(_("单位"), max_length=24, blank=True)
    places = models.PositiveSmallIntegerField(_("小数位数"), default=2)
    form = models.CharField(_("报表"), max_length=40)
    formula = models.CharField(_("算式"), max_length=2000)
    direction = models.CharField(_("方向"), max_length=6, choices=Direction, blank=True, default=Direction.NEITHER)
    target = models.DecimalField(_("目标值"), max_digits=24, decimal_places=6, null=True, blank=True)
    target_year = models.PositiveSmallIntegerField(_("目标年份"), null=True, blank=True)
    note = models.CharField(_("说明"), max_length=300, blank=True)
    state = models.CharField(_("状态"), max_length=8, choices=State, default=State.ACTIVE)

    class Meta(Published.Meta):
        verbose_name = _("自定义指标")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["node", "code"], condition=models.Q(state="active"), name="stats_ownindicator_once"
            )
        ]

    def __str__(self) -> str:
        return self.name


from shuzheng.base.stats.models_pages import Alert, AlertRule, Brief, BriefCopy, View  # noqa: E402, F401 -- Django looks here
