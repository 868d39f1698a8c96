"""The organisation tree: nodes with dated versions, the path as a cache of today, and who is competent where."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import DateRangeField
from django.contrib.postgres.fields.ranges import RangeEndsWith, RangeStartsWith
from django.db import models
from django.utils.translation import gettext_lazy as _

from shuzheng.base.core.models import Kind, Record, Scoped, Scoping
from shuzheng.kernel.ids import uuid7


class NodeKind(models.TextChoices):
    DIVISION = "division", _("行政区划")
    ORGAN = "organ", _("机关单位")
    DEPARTMENT = "department", _("内设机构")


class Tier(models.IntegerChoices):
    NATION = 1, _("国家")
    PROVINCE = 2, _("省级")
    PREFECTURE = 3, _("市级")
    COUNTY = 4, _("县级")


class InstitutionType(models.TextChoices):
    """Kinds of public institution in energy statistics (domain §1.3; classes of 公共机构节能条例 Art. 4, codes ours)."""

    STATE_ORGAN = "1", _("国家机关")
    EDUCATION = "21", _("教育类事业单位")
    SCIENCE = "22", _("科技类事业单位")
    CULTURE = "23", _("文化类事业单位")
    HEALTH = "24", _("卫生类事业单位")
    SPORT = "25", _("体育类事业单位")
    OTHER_SERVICE = "29", _("其他事业单位")
    ORGANISATION = "3", _("团体组织")


class NodeFacts(Scoped):
    """What is dated about a node: shared by the node (today) and its versions (always)."""

    name = models.CharField(_("名称"), max_length=120)
    short_name = models.CharField(_("简称"), max_length=40, blank=True)
    kind = models.CharField(_("类别"), max_length=12, choices=NodeKind)
    type = models.CharField(_("机构类型"), max_length=4, blank=True, choices=InstitutionType)
    level = models.CharField(_("机构规格"), max_length=8, blank=True)
    uscc = models.CharField(_("统一社会信用代码"), max_length=18, blank=True)

    class Meta:
        abstract = True


class Node(NodeFacts):
    """A place in the tree, as it is today. Its id never changes; ``NodeVersion`` holds the truth over time.

    ``code`` is the path segment. ``path`` of a division is ``33/11/``, of an organ ``33/11/0/<code>/``. ``division`` is the
    division an organ or department belongs to, ``organ`` the organ of a department (of an organ: itself).
    """

    scoping = Scoping(Kind.DIRECTORY, line="org")
    FACTS: ClassVar = ("name", "short_name", "kind", "type", "level", "uscc")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    code = models.CharField(_("代码"), max_length=24)
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("上级")
    )
    division = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("所在区划")
    )
    organ = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("所属机关"))
    tier = models.PositiveSmallIntegerField(_("层级"), choices=Tier)
    is_reporting = models.BooleanField(_("公共机构名录"), default=False)
    valid_from = models.DateField(_("启用日期"))
    valid_to = models.DateField(_("停用日期"), null=True, blank=True)
    home = models.CharField(_("主站"), max_length=40, blank=True, editable=False)
    pinyin = models.CharField(max_length=400, blank=True, editable=False, db_collation="C")
    initials = models.CharField(_("拼音首字母"), max_length=120, blank=True, editable=False, db_collation="C")
    version = models.PositiveIntegerField(_("版本"), default=1, editable=False)

    class Meta:
        verbose_name = _("节点")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["path"], name="org_node_path"),
            models.UniqueConstraint(
                fields=["uscc"], condition=~models.Q(uscc="") & models.Q(valid_to=None), name="org_node_uscc"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["parent", "pinyin"], name="org_node_children"),
            models.Index(fields=["initials"], name="org_node_initials"),
            models.Index(fields=["kind", "path"], name="org_node_kind"),
        ]

    def __str__(self) -> str:
        return self.name


class NodeVersion(NodeFacts):
    """A node over a span of days (from included, to excluded). ``path`` is the node's today, for the row policy."""

    scoping = Scoping(Kind.DIRECTORY, line="org")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    node = models.ForeignKey(Node, on_delete=models.CASCADE, related_name="versions")
    parent = models.ForeignKey(Node, on_delete=models.PROTECT, null=True, related_name="+")
    code = models.CharField(max_length=24)
    valid = DateRangeField(_("有效期"))
    recorded_at = models.DateTimeField(auto_now_add=True)
    successor = models.ForeignKey(Node, on_delete=models.PROTECT, null=True, related_name="predecessors")
    """The node that took this one over, in the version that a merger or split ended."""

    class Meta:
        verbose_name = _("节点版本")
        # Spans of one node follow one another; two that begin or end together would be two truths.
        constraints: ClassVar = [
            models.UniqueConstraint("node", RangeStartsWith("valid"), name="org_nodeversion_from"),
            models.UniqueConstraint("node", RangeEndsWith("valid"), name="org_nodeversion_to", nulls_distinct=False),
        ]
        indexes: ClassVar = [
            models.Index(fields=["path"], name="org_nodeversion_path"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.valid}"


class OrganProfile(Record):
    """Staffing and contact of an organ (domain §1.4): scoped, unlike its name and place."""

    scoping = Scoping(Kind.SUPERVISED, line="org")

    staff_admin = models.PositiveIntegerField(_("行政编制"), default=0)
    staff_civil = models.PositiveIntegerField(_("参公编制"), default=0)
    staff_public = models.PositiveIntegerField(_("事业编制"), default=0)
    staff_worker = models.PositiveIntegerField(_("工勤编制"), default=0)
    staff_actual = models.PositiveIntegerField(_("编制内实有人数"), default=0)
    staff_contract = models.PositiveIntegerField(_("编外聘用"), default=0)
    staff_retired = models.PositiveIntegerField(_("离退休"), default=0)
    energy_headcount = models.PositiveIntegerField(_("用能人数"), default=0)
    floor_area = models.DecimalField(_("建筑面积"), max_digits=14, decimal_places=2, default=0)
    address = models.CharField(_("地址"), max_length=200, blank=True)
    contact = models.CharField(_("联系人"), max_length=40, blank=True)
    telephone = models.CharField(_("联系电话"), max_length=40, blank=True)

    class Meta(Record.Meta):
        verbose_name = _("机构信息")
        constraints: ClassVar = [models.UniqueConstraint(fields=["node"], name="org_organprofile_node")]

    def __str__(self) -> str:
        return str(self.node)


class Competence(Scoped):
    """The competent authority (主管部门) of a business line in a division, over a span of days: data, not derived (domain §1.1)."""

    scoping = Scoping(Kind.DIRECTORY, line="org")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    division = models.ForeignKey(Node, on_delete=models.PROTECT, related_name="+", verbose_name=_("区划"))
    line = models.CharField(_("业务条线"), max_length=30)
    organ = models.ForeignKey(Node, on_delete=models.PROTECT, related_name="+", verbose_name=_("主管部门"))
    valid = DateRangeField(_("有效期"))
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("主管部门")

    def __str__(self) -> str:
        return f"{self.division} {self.line} {self.organ}"


class Reorganisation(Record):
    """A dated change of the tree (建立、更名、划转、合并、拆分、撤销): asked for, previewed, and applied on its day."""

    class State(models.TextChoices):
        PLANNED = "planned", _("待生效")
        APPLIED = "applied", _("已生效")
        CANCELLED = "cancelled", _("已取消")

    class Verb(models.TextChoices):
        CREATE = "create", _("建立")
        RENAME = "rename", _("更名")
        MOVE = "move", _("划转")
        MERGE = "merge", _("合并")
        SPLIT = "split", _("拆分")
        ABOLISH = "abolish", _("撤销")

    scoping = Scoping(Kind.SUPERVISED, line="org")

    verb = models.CharField(_("事项"), max_length=8, choices=Verb)
    on = models.DateField(_("生效日期"))
    state = models.CharField(_("状态"), max_length=10, choices=State, default=State.PLANNED)
    values = models.JSONField(_("内容"), default=dict)
    result = models.JSONField(_("结果"), default=dict)
    basis = models.CharField(_("依据"), max_length=200, blank=True)

    class Meta(Record.Meta):
        verbose_name = _("机构调整")

    def __str__(self) -> str:
        return f"{self.get_verb_display()} {self.node} {self.on}"
