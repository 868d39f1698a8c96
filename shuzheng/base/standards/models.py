"""Standards as living data: what is published for a region from a day on, with its citation and how sure it is.

A published row is never rewritten: another value is another row (a later ``effective_from``, or a higher ``edition`` of the
same day). So a past year is computed with that year's rules, and the id a result keeps always leads to what was used.
"""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from shuzheng.base.core.models import Kind, PathField, Published, Scoping
from shuzheng.base.core.questions import Question
from shuzheng.base.portal.formats import in_language
from shuzheng.base.standards.numbers import shown
from shuzheng.kernel.ids import uuid7


class Confidence(models.TextChoices):
    """How sure a shipped value is. ``C`` must be checked by each deployment's administrators."""

    SEEN = "A*", _("确定（见原文）")
    SURE = "A", _("确定")
    LIKELY_SEEN = "B*", _("可能（见二手资料）")
    LIKELY = "B", _("可能")
    UNVERIFIED = "C", _("待核")


class State(models.TextChoices):
    DRAFT = "draft", _("草稿")
    REVIEW = "review", _("待审")
    PUBLISHED = "published", _("已发布")
    WITHDRAWN = "withdrawn", _("已撤回")


class Standard(Published):
    """What all standards share. ``node`` (the owner) is the organ that answers for the row.

    ``region`` is the division it holds in (its path; the nation's is empty); ``audience`` repeats it once the row is
    published and is the owner's own path before, so that nobody below sees a draft. In effect from ``effective_from``
    (included) to ``effective_to`` (excluded; open when empty).
    """

    scoping = Scoping(Kind.PUBLISHED, line="general")
    IDENTITY: ClassVar[tuple[str, ...]] = ("code",)
    """Fields that, with the region, say which thing it is; rows that share them are its editions."""
    WORDING: ClassVar[tuple[str, ...]] = ("name", "name_en", "note", "source", "article", "confidence")
    """Fields that change no result; an upgrade may correct them in place."""

    name = models.CharField(_("名称"), max_length=120)
    name_en = models.CharField(_("英文名称"), max_length=160, blank=True)
    region = PathField(_("适用区域"), blank=True, default="")
    edition = models.PositiveIntegerField(_("版次"), default=1, editable=False)
    state = models.CharField(_("状态"), max_length=10, choices=State, default=State.PUBLISHED)
    effective_from = models.DateField(_("生效日期"))
    effective_to = models.DateField(_("失效日期"), null=True, blank=True)
    source = models.CharField(_("来源文件"), max_length=200, blank=True)
    article = models.CharField(_("条款"), max_length=80, blank=True)
    confidence = models.CharField(_("可信度"), max_length=2, choices=Confidence, default=Confidence.UNVERIFIED)
    note = models.CharField(_("备注"), max_length=400, blank=True)
    is_shipped = models.BooleanField(_("内置"), default=False, editable=False)
    drafted_by = models.ForeignKey(
        "accounts.Person", models.SET_NULL, null=True, editable=False, related_name="+", verbose_name=_("起草人")
    )
    reviewed_by = models.ForeignKey(
        "accounts.Person", models.SET_NULL, null=True, editable=False, related_name="+", verbose_name=_("审核人")
    )
    reviewed_at = models.DateTimeField(_("审核时间"), null=True, editable=False)
    review_note = models.CharField(_("审核意见"), max_length=300, blank=True, editable=False)

    class Meta(Published.Meta):
        abstract = True

    def __str__(self) -> str:
        return self.name

    @property
    def label(self) -> str:
        return in_language(self.name, self.name_en)

    @property
    def identity(self) -> tuple[object, ...]:
        return (self.region, *(getattr(self, name) for name in self.IDENTITY))

    @property
    def is_unverified(self) -> bool:
        """Whether the row is still to be checked (待核)."""
        return self.confidence == Confidence.UNVERIFIED

    def publish(self) -> None:
        self.state, self.audience = State.PUBLISHED, self.region

    def withhold(self, state: State = State.DRAFT) -> None:
        """Keep the row to its owner until it is published."""
        self.state, self.audience = state, self.path


def _editions(name: str, *fields: str) -> models.UniqueConstraint:
    return models.UniqueConstraint(fields=["region", *fields, "edition"], name=f"standards_{name}_edition")


class Unit(Standard):
    """A unit of measure. ``factor`` counts base units of the dimension (kernel.units does the converting)."""

    WORDING: ClassVar = (*Standard.WORDING, "aliases")

    code = models.CharField(_("代码"), max_length=24)
    dimension = models.CharField(_("量纲"), max_length=40, blank=True)
    factor = models.DecimalField(_("换算系数"), max_digits=30, decimal_places=12)
    aliases = ArrayField(models.CharField(max_length=24), verbose_name=_("别名"), default=list, blank=True)

    class Meta(Standard.Meta):
        verbose_name = _("计量单位")
        constraints: ClassVar = [_editions("unit", "code")]

    @property
    def shown_factor(self) -> str:
        return shown(self.factor)


class CodeSet(Standard):
    """One edition of a list of codes; its items are fixed once it is published."""

    code = models.CharField(_("代码"), max_length=60)

    class Meta(Standard.Meta):
        verbose_name = _("代码集")
        constraints: ClassVar = [_editions("codeset", "code")]


class CodeItem(Published):
    """A code of one edition of a set. ``std_code`` is the code of the national standard, to be filled from its text.

    ``successors`` are the codes of the next edition that take this one's place: none, one, or several after a split.
    """

    scoping = Scoping(Kind.PUBLISHED, line="general")

    code_set = models.ForeignKey(CodeSet, on_delete=models.CASCADE, related_name="items", verbose_name=_("代码集"))
    code = models.CharField(_("代码"), max_length=40)
    parent_code = models.CharField(_("上级代码"), max_length=40, blank=True)
    name = models.CharField(_("名称"), max_length=120)
    name_en = models.CharField(_("英文名称"), max_length=160, blank=True)
    std_code = models.CharField(_("国标代码"), max_length=40, blank=True)
    order = models.PositiveIntegerField(_("序号"), default=0)
    effective_from = models.DateField(_("生效日期"), null=True, blank=True)
    effective_to = models.DateField(_("失效日期"), null=True, blank=True)
    successors = ArrayField(models.CharField(max_length=40), verbose_name=_("后续代码"), default=list, blank=True)
    attributes = models.JSONField(_("属性"), default=dict, blank=True)
    note = models.CharField(_("备注"), max_length=400, blank=True)

    class Meta(Published.Meta):
        verbose_name = _("代码")
        constraints: ClassVar = [models.UniqueConstraint(fields=["code_set", "code"], name="standards_codeitem_code")]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"

    @property
    def label(self) -> str:
        return in_language(self.name, self.name_en)


class DataElement(Standard):
    """A data element with the columns of GB/T 43243: 数据项名称 (``name``)、数据类型、数据格式、值域、备注 (``note``).

    ``authority`` is the one authoritative source (一数一源); ``code_set`` and ``unit`` are codes of those standards;
    ``dataset`` is the table that it belongs to (a code of the set ``element_dataset``), where ``required`` ones must be filled.
    """

    class Type(models.TextChoices):
        TEXT = "text", _("字符型")
        NUMBER = "number", _("数值型")
        DATE = "date", _("日期型")
        DATETIME = "datetime", _("日期时间型")
        BOOLEAN = "boolean", _("布尔型")
        CODE = "code", _("代码型")
        BINARY = "binary", _("二进制型")

    class Group(models.TextChoices):
        PERSON = "person", _("人员基础类")
        ORGAN = "organ", _("机构基础类")
        GEOGRAPHY = "geography", _("地理信息基础类")
        ASSET = "asset", _("资产管理类")
        VEHICLE = "vehicle", _("公务用车类")
        SPACE = "space", _("办公用房类")
        COST = "cost", _("机关运行成本类")
        ENERGY = "energy", _("公共机构节能管理类")
        LOGISTICS = "logistics", _("后勤服务类")
        SHARING = "sharing", _("政务数据共享类")

    IDENTITY: ClassVar = ("identifier",)
    WORDING: ClassVar = (*Standard.WORDING, "authority", "group", "dataset")

    identifier = models.CharField(_("标识符"), max_length=80)
    group = models.CharField(_("类别"), max_length=12, choices=Group)
    dataset = models.CharField(_("数据集"), max_length=40, blank=True)
    data_type = models.CharField(_("数据类型"), max_length=10, choices=Type)
    data_format = models.CharField(_("数据格式"), max_length=40, blank=True)
    value_domain = models.CharField(_("值域"), max_length=200, blank=True)
    code_set = models.CharField(_("代码集"), max_length=60, blank=True)
    unit = models.CharField(_("计量单位"), max_length=24, blank=True)
    authority = models.CharField(_("数源"), max_length=80, blank=True)
    required = models.BooleanField(_("必填"), default=False)

    class Meta(Standard.Meta):
        verbose_name = _("数据元")
        constraints: ClassVar = [_editions("element", "identifier")]
        indexes: ClassVar = [
            models.Index(fields=["path", "id"], name="standards_dataelement_scope"),
            models.Index(fields=["group", "dataset", "identifier"], name="standards_element_group"),
        ]


class ConversionFactor(Standard):
    """How many ``to_unit`` one ``from_unit`` of an energy is worth, by a named method, from a day on, in a region.

    ``low`` and ``high`` bound what a region may set in its place. ``energy`` is a code of the set ``energy_kind``.
    """

    class Method(models.TextChoices):
        ANY = "", _("不分口径")
        EQUIVALENT_HEAT = "equivalent_heat", _("当量值")
        EQUAL_VALUE = "equal_value", _("等价值")
        NATIONAL_AVERAGE = "national_average", _("全国平均")
        PROVINCIAL_AVERAGE = "provincial_average", _("省级平均")

    IDENTITY: ClassVar = ("energy", "to_unit", "method")

    energy = models.CharField(_("能源品种"), max_length=40)
    method = models.CharField(_("口径"), max_length=20, choices=Method, blank=True, default=Method.ANY)
    value = models.DecimalField(_("系数"), max_digits=18, decimal_places=8)
    from_unit = models.CharField(_("原单位"), max_length=24)
    to_unit = models.CharField(_("折算为"), max_length=24)
    low = models.DecimalField(_("下限"), max_digits=18, decimal_places=8, null=True, blank=True)
    high = models.DecimalField(_("上限"), max_digits=18, decimal_places=8, null=True, blank=True)

    class Meta(Standard.Meta):
        verbose_name = _("折算系数")
        indexes: ClassVar = [models.Index(fields=["path", "id"], name="standards_factor_scope")]
        constraints: ClassVar = [_editions("factor", "energy", "to_unit", "method")]

    @property
    def shown_value(self) -> str:
        return shown(self.value)

    @property
    def shown_low(self) -> str:
        return shown(self.low)

    @property
    def shown_high(self) -> str:
        return shown(self.high)


class RulePack(Standard):
    """A set of rules that belong together (one regulation, one field of work)."""

    code = models.CharField(_("代码"), max_length=60)

    class Meta(Standard.Meta):
        verbose_name = _("规则包")
        constraints: ClassVar = [_editions("rulepack", "code")]


class Rule(Standard):
    """A limit, threshold or deadline: one number with its unit, for a region and, if given, one tier and one subject.

    ``key`` tells apart the subjects of one rule (a position, a kind of vehicle, a kind of energy). ``bound`` says what a
    region below may do: only lower an upper limit, only raise a lower one, nothing, or anything.
    Units beside those of measure: ``MMDD`` (a day of the year as month × 100 + day), ``月``, ``工作日``, ``日``.
    """

    class Bound(models.TextChoices):
        AT_MOST = "at_most", _("上限（下级只可更低）")
        AT_LEAST = "at_least", _("下限（下级只可更高）")
        FIXED = "fixed", _("固定（下级不可调整）")
        FREE = "free", _("可调（下级可自定）")

    IDENTITY: ClassVar = ("code", "key", "scope_level")

    pack = models.ForeignKey(RulePack, on_delete=models.PROTECT, related_name="rules", verbose_name=_("规则包"))
    code = models.CharField(_("规则代码"), max_length=60)
    key = models.CharField(_("适用对象"), max_length=80, blank=True, default="")
    scope_level = models.PositiveSmallIntegerField(_("适用层级"), default=0, help_text=_("0 为各级"))
    value = models.DecimalField(_("值"), max_digits=20, decimal_places=6)
    unit = models.CharField(_("单位"), max_length=24, blank=True)
    bound = models.CharField(_("约束方向"), max_length=10, choices=Bound, default=Bound.FREE)

    class Meta(Standard.Meta):
        verbose_name = _("规则")
        constraints: ClassVar = [_editions("rule", "code", "key", "scope_level")]

    @property
    def shown_value(self) -> str:
        """The value; a day of the year as ``03-31``."""
        if self.unit == "MMDD":
            return f"{int(self.value) // 100:02d}-{int(self.value) % 100:02d}"
        return shown(self.value)


class CalendarYear(Published):
    """A year whose arrangement of holidays was loaded. A year without one counts Monday to Friday, with a visible mark."""

    scoping = Scoping(Kind.PUBLISHED, line="general")

    region = PathField(_("适用区域"), blank=True, default="")
    year = models.PositiveSmallIntegerField(_("年份"))
    source = models.CharField(_("来源文件"), max_length=200)
    confidence = models.CharField(_("可信度"), max_length=2, choices=Confidence, default=Confidence.UNVERIFIED)
    is_shipped = models.BooleanField(_("内置"), default=False, editable=False)

    class Meta(Published.Meta):
        verbose_name = _("工作日历年度")
        constraints: ClassVar = [models.UniqueConstraint(fields=["region", "year"], name="standards_year")]

    def __str__(self) -> str:
        return str(self.year)


class CalendarDay(Published):
    """A day that differs from Monday to Friday: a holiday (休), or a weekend day that is worked (班).

    A row of a region takes the place of the nation's on that day there (holidays of autonomous regions).
    """

    class DayKind(models.TextChoices):
        HOLIDAY = "holiday", _("休")
        WORKING = "working", _("班")

    scoping = Scoping(Kind.PUBLISHED, line="general")

    region = PathField(_("适用区域"), blank=True, default="")
    day = models.DateField(_("日期"))
    kind = models.CharField(_("类别"), max_length=8, choices=DayKind)
    name = models.CharField(_("名称"), max_length=60)
    name_en = models.CharField(_("英文名称"), max_length=80, blank=True)
    source = models.CharField(_("来源文件"), max_length=200, blank=True)
    is_shipped = models.BooleanField(_("内置"), default=False, editable=False)

    class Meta(Published.Meta):
        verbose_name = _("工作日历")
        constraints: ClassVar = [models.UniqueConstraint(fields=["region", "day"], name="standards_day")]

    def __str__(self) -> str:
        return f"{self.day} {self.name}"

    @property
    def year(self) -> int:
        return self.day.year


class Stamp(models.Model):
    """One row whose value differs after every change of a standard; processes compare it with what they have cached.

    Random, not counted: a change that is rolled back must not leave a number that the next one uses again.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    value = models.UUIDField(default=uuid7)

    class Meta:
        verbose_name = _("标准版本戳")

    def __str__(self) -> str:
        return str(self.value)

    @classmethod
    def touch(cls) -> None:
        """Say that standards changed. Waits for another change that is under way."""
        cls.objects.update_or_create(id=1, defaults={"value": uuid7()})

    @classmethod
    def now(cls) -> UUID | None:
        return next(iter(STAMP()), None)


STAMP = Question(lambda: Stamp.objects.filter(id=1).values_list("value", flat=True))
"""Asked before everything that goes by a standard."""
