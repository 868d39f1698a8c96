"""The fleet: vehicles, those who drive them, how many an organ may hold, what it plans to buy, and where one drives to."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from shuzheng.base.core.keys import EncryptedTextField
from shuzheng.base.core.models import Kind, Record, Scoping

LINE = "vehicles"
"""Business line of official vehicles: whoever is competent for it in a region supervises them there (办法第六条)."""


class Use(models.TextChoices):
    """Uses of official vehicles (code set ``vehicle_use``; 《党政机关公务用车管理办法》第三条)."""

    COURIER = "1", _("机要通信用车")
    EMERGENCY = "2", _("应急保障用车")
    ENFORCEMENT = "3", _("执法执勤用车")
    SPECIAL = "4", _("特种专业技术用车")
    OTHER = "5", _("其他按照规定配备的公务用车")


class Body(models.TextChoices):
    """Body types (code set ``vehicle_body``)."""

    CAR = "1", _("轿车")
    SMALL = "2", _("其他小型客车")
    MEDIUM = "3", _("中型客车")
    LARGE = "4", _("大型客车")
    OFF_ROAD = "5", _("越野车")
    OTHER = "9", _("其他")


class Fuel(models.TextChoices):
    """Kinds of fuel (code set ``fuel_kind``)."""

    PETROL = "1", _("汽油")
    DIESEL = "2", _("柴油")
    HYBRID = "3", _("混合动力")
    PLUG_IN = "4", _("插电式混合动力")
    ELECTRIC = "5", _("纯电动")
    CELL = "6", _("燃料电池")
    OTHER = "9", _("其他")


NEW_ENERGY = (Fuel.PLUG_IN, Fuel.ELECTRIC, Fuel.CELL)


class VehicleState(models.TextChoices):
    """States of a vehicle (code set ``vehicle_state``)."""

    IN_USE = "1", _("在用")
    LOCKED = "2", pgettext_lazy("vehicle", "封存")
    REPAIR = "3", _("维修")
    LAID_UP = "4", _("停驶")
    TO_DISPOSE = "5", pgettext_lazy("vehicle", "待处置")
    DISPOSED = "6", pgettext_lazy("vehicle", "已处置")


class Acquisition(models.TextChoices):
    BOUGHT = "1", _("购置")
    ALLOCATED = "2", _("调拨")
    OTHER = "9", _("其他")


class Disposal(models.TextChoices):
    """Ways to dispose of a vehicle (code set ``vehicle_disposal``; 办法第二十二条)."""

    AUCTION = "1", _("拍卖")
    MAKER = "2", _("厂家回收")
    SCRAP = "3", _("报废")
    OTHER = "9", _("其他")


class Marking(models.TextChoices):
    MARKED = "marked", _("已喷涂标识")
    DUE = "due", _("待喷涂")
    EXEMPT = "exempt", _("免标识")


class Spot(Record):
    """A place one drives from and to: a lot, an office, a station. Coordinates are WGS-84 (CGCS2000 agrees within decimetres)."""

    class Sort(models.TextChoices):
        LOT = "lot", _("停放点")
        OFFICE = "office", _("办公地点")
        HUB = "hub", _("车站机场")
        STATION = "station", _("加油充电站")
        SITE = "site", _("现场")
        OTHER = "other", _("其他")

    scoping = Scoping(Kind.SUPERVISED, line=LINE)

    name = models.CharField(_("名称"), max_length=60)
    kind = models.CharField(_("类别"), max_length=8, choices=Sort, default=Sort.OFFICE)
    address = models.CharField(_("地址"), max_length=200, blank=True)
    lon = models.DecimalField(
        _("经度"), max_digits=9, decimal_places=6, validators=[MinValueValidator(73), MaxValueValidator(136)],
        help_text=_("WGS-84 坐标。"),
    )  # fmt: skip
    lat = models.DecimalField(
        _("纬度"), max_digits=8, decimal_places=6, validators=[MinValueValidator(3), MaxValueValidator(54)]
    )
    chargers = models.PositiveSmallIntegerField(_("充电桩数"), default=0)

    class Meta(Record.Meta):
        verbose_name = _("常用地点")
        constraints: ClassVar = [models.UniqueConstraint(fields=["node", "name"], name="vehicles_spot_name")]

    def __str__(self) -> str:
        return self.name


class Driver(Record):
    """Somebody who drives official vehicles. Licence and certificate number and telephone are kept encrypted."""

    class State(models.TextChoices):
        ON_DUTY = "duty", _("在岗")
        LEAVE = "leave", _("请假")
        GONE = "gone", _("离岗")

    scoping = Scoping(Kind.SUPERVISED, line=LINE)
    sensitive = frozenset({"licence_number", "certificate", "mobile"})

    person = models.ForeignKey("accounts.Person", on_delete=models.PROTECT, related_name="+", verbose_name=_("人员"))
    licence_class = models.CharField(
        _("准驾车型"), max_length=2, choices=[(c, c) for c in ("A1", "A2", "A3", "B1", "B2", "C1", "C2")]
    )
    licence_number = EncryptedTextField(_("驾驶证号"), blank=True, kind="identity")
    licence_to = models.DateField(_("驾驶证有效期止"))
    certificate = EncryptedTextField(
        _("从业资格证号"), blank=True, kind="identity", help_text=_("填了才能与车上刷的驾驶员卡核对。")
    )
    mobile = EncryptedTextField(_("联系电话"), blank=True, kind="mobile")
    state = models.CharField(_("状态"), max_length=6, choices=State, default=State.ON_DUTY)
    note = models.CharField(_("备注"), max_length=200, blank=True)

    class Meta(Record.Meta):
        verbose_name = _("驾驶员")
        constraints: ClassVar = [models.UniqueConstraint(fields=["node", "person"], name="vehicles_driver_once")]

    def __str__(self) -> str:
        return str(self.person)


class Duty(Record):
    """A span of time in which a driver is on duty, or away."""

    class Sort(models.TextChoices):
        DUTY = "duty", _("值班")
        LEAVE = "leave", _("请假")
        TRAINING = "training", _("培训")

    scoping = Scoping(Kind.SUPERVISED, line=LINE)

    driver = models.ForeignKey(Driver, on_delete=models.CASCADE, related_name="duties", verbose_name=_("驾驶员"))
    kind = models.CharField(_("类别"), max_length=8, choices=Sort, default=Sort.DUTY)
    begins = models.DateTimeField(_("起"))
    ends = models.DateTimeField(_("止"))
    note = models.CharField(_("备注"), max_length=200, blank=True)

    class Meta(Record.Meta):
        verbose_name = _("驾驶员排班")
        constraints: ClassVar = [models.CheckConstraint(condition=Q(ends__gt=F("begins")), name="vehicles_duty_span")]
        indexes: ClassVar = [*Record.Meta.indexes, models.Index(fields=["driver", "begins"], name="vehicles_duty_when")]

    def __str__(self) -> str:
        return f"{self.driver} {self.begins:%Y-%m-%d}"


class Vehicle(Record):
    """A vehicle, with the fields of domain §3.7. ``node`` is the organ that uses it; ``title_holder`` is who it is registered to."""

    scoping = Scoping(Kind.SUPERVISED, line=LINE)

    plate = models.CharField(_("号牌号码"), max_length=15, help_text=_("例如 浙K0A123。"))
    plate_kind = models.CharField(
        _("号牌种类"), max_length=2, default="02",
        choices=[("01", _("大型汽车号牌")), ("02", _("小型汽车号牌")), ("51", _("大型新能源汽车号牌")),
                 ("52", _("小型新能源汽车号牌")), ("23", _("警用汽车号牌"))],
    )  # fmt: skip
    vin = models.CharField(
        _("车辆识别代号"), max_length=17, help_text=_("17 位，行驶证上的代号。"),
        validators=[RegexValidator(r"^[A-HJ-NPR-Z0-9]{17}$", _("车辆识别代号是 17 位数字和大写字母，没有 I、O、Q。"))],
    )  # fmt: skip
    engine_number = models.CharField(_("发动机号"), max_length=30, blank=True)
    body = models.CharField(_("车型"), max_length=2, choices=Body)
    brand = models.CharField(_("品牌型号"), max_length=60)
    colour = models.CharField(_("颜色"), max_length=10, blank=True)
    seats = models.PositiveSmallIntegerField(
        _("座位数"), validators=[MinValueValidator(1), MaxValueValidator(99)], help_text=_("含驾驶员座位。")
    )
    displacement = models.DecimalField(
        _("排气量"), max_digits=4, decimal_places=1, null=True, blank=True, validators=[MinValueValidator(0)],
        help_text=_("新能源汽车可不填。"),
    )  # fmt: skip
    fuel = models.CharField(_("燃料种类"), max_length=2, choices=Fuel)
    tank = models.DecimalField(
        _("油箱容积"), max_digits=5, decimal_places=1, null=True, blank=True, validators=[MinValueValidator(0)]
    )
    range_km = models.PositiveIntegerField(_("续航里程"), null=True, blank=True, help_text=_("纯电动汽车填写。"))
    baseline = models.DecimalField(
        _("百公里能耗基线"), max_digits=6, decimal_places=2, null=True, blank=True, validators=[MinValueValidator(0)],
        help_text=_("升或千瓦时；不填则取同型车的中位数。"),
    )  # fmt: skip
    price = models.DecimalField(
        _("购置价格"), max_digits=14, decimal_places=2, validators=[MinValueValidator(0)], help_text=_("裸车价，元。")
    )
    purchased_on = models.DateField(_("购置日期"), null=True, blank=True)
    registered_on = models.DateField(_("注册登记日期"))
    title_holder = models.CharField(_("产权单位"), max_length=120)
    use = models.CharField(_("用途类型"), max_length=2, choices=Use)
    is_special_case = models.BooleanField(
        _("情况特殊"), default=False, help_text=_("因工作需要按较高标准配备，须有批准文号。")
    )
    approval = models.CharField(_("批准文号"), max_length=60, blank=True)
    quota_number = models.CharField(_("编制号"), max_length=32, blank=True)
    acquisition = models.CharField(_("取得方式"), max_length=2, choices=Acquisition, default=Acquisition.BOUGHT)
    asset_number = models.CharField(_("资产编号"), max_length=40, blank=True)
    marking = models.CharField(_("标识"), max_length=6, choices=Marking, default=Marking.DUE)
    marking_number = models.CharField(_("标识编号"), max_length=32, blank=True)
    home = models.ForeignKey(
        Spot, on_delete=models.PROTECT, null=True, blank=True, related_name="vehicles", verbose_name=_("定点停放处")
    )
    usual_driver = models.ForeignKey(
        Driver, on_delete=models.SET_NULL, null=True, blank=True, related_name="vehicles", verbose_name=_("常用驾驶员")
    )
    compulsory_to = models.DateField(_("交强险到期"), null=True, blank=True)
    commercial_to = models.DateField(_("商业险到期"), null=True, blank=True)
    inspection_to = models.DateField(_("年检有效期止"), null=True, blank=True)
    mileage = models.DecimalField(
        _("累计里程"), max_digits=10, decimal_places=1, default=0, validators=[MinValueValidator(0)]
    )
    state = models.CharField(_("状态"), max_length=2, choices=VehicleState, default=VehicleState.IN_USE)
    disposed_on = models.DateField(_("处置日期"), null=True, blank=True, editable=False)
    disposal = models.CharField(_("处置方式"), max_length=2, choices=Disposal, blank=True, editable=False)
    proceeds = models.DecimalField(
        _("处置收入"), max_digits=14, decimal_places=2, null=True, blank=True, editable=False
    )
    case_id = models.UUIDField(null=True, editable=False)
    """The case that decides on its disposal."""
    note = models.CharField(_("备注"), max_length=200, blank=True)

    class Meta(Record.Meta):
        verbose_name = _("车辆")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["plate"], condition=~Q(state="6"), name="vehicles_vehicle_plate"),
            models.UniqueConstraint(fields=["vin"], condition=~Q(state="6"), name="vehicles_vehicle_vin"),
        ]
        indexes: ClassVar = [
            *Record.Meta.indexes,
            models.Index(fields=["state", "path"], name="vehicles_vehicle_state"),
            models.Index(fields=["registered_on", "path"], name="vehicles_vehicle_age"),
            models.Index(fields=["case_id"], name="vehicles_vehicle_case"),
        ]

    def __str__(self) -> str:
        return self.plate

    @property
    def is_new_energy(self) -> bool:
        return self.fuel in NEW_ENERGY

    @property
    def road_papers(self) -> list[tuple[date, Any]]:
        """Insurance and inspection without which it may not go out, where they are known: the last day, and what it is called."""
        known = ((self.compulsory_to, _("交强险")), (self.inspection_to, _("年检")))
        return [(until, what) for until, what in known if until is not None]

    @property
    def is_held(self) -> bool:
        """Whether it counts against the quota: until it has been disposed of."""
        return self.state != VehicleState.DISPOSED

    @property
    def places_for_passengers(self) -> int:
        return self.seats - 1


class Quota(Record):
    """How many vehicles of a use an organ may hold (编制), from a day on until the next decision."""

    scoping = Scoping(Kind.SUPERVISED, line=LINE)

    use = models.CharField(_("用途类型"), max_length=2, choices=Use)
    amount = models.PositiveIntegerField(_("编制数"))
    since = models.DateField(_("生效日期"))
    until = models.DateField(_("失效日期"), null=True, blank=True)
    document = models.CharField(_("批准文号"), max_length=80)

    class Meta(Record.Meta):
        verbose_name = _("公务用车编制")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["node", "use"], condition=Q(until=None), name="vehicles_quota_once"),
            models.CheckConstraint(condition=Q(until=None) | Q(until__gt=F("since")), name="vehicles_quota_span"),
        ]

    def __str__(self) -> str:
        return f"{self.node} {self.get_use_display()}"

    @classmethod
    def in_force(cls, on: date) -> models.QuerySet[Quota]:
        """Those that hold on a day."""
        return cls.objects.filter(Q(until=None) | Q(until__gt=on), since__lte=on)


class Plan(Record):
    """One vehicle of a year's allocation and renewal plan (年度配备更新计划), on its way from request to platform."""

    class Sort(models.TextChoices):
        NEW = "new", _("新增")
        RENEWAL = "renewal", _("更新")

    class State(models.TextChoices):
        DRAFT = "draft", _("草拟")
        ASKED = "asked", _("审批中")
        APPROVED = "approved", _("已批准")
        REFUSED = "refused", _("未批准")
        BOUGHT = "bought", _("已购置")
        DONE = "done", _("已入平台")

    scoping = Scoping(Kind.SUPERVISED, line=LINE)

    year = models.PositiveSmallIntegerField(_("年度"), validators=[MinValueValidator(2018), MaxValueValidator(2100)])
    kind = models.CharField(_("类别"), max_length=8, choices=Sort)
    use = models.CharField(_("用途类型"), max_length=2, choices=Use)
    body = models.CharField(_("车型"), max_length=2, choices=Body)
    fuel = models.CharField(_("燃料种类"), max_length=2, choices=Fuel)
    displacement = models.DecimalField(_("排气量"), max_digits=4, decimal_places=1, null=True, blank=True)
    price = models.DecimalField(_("预算价格"), max_digits=14, decimal_places=2, validators=[MinValueValidator(0)])
    is_special_case = models.BooleanField(_("情况特殊"), default=False)
    replaces = models.ForeignKey(
        Vehicle, on_delete=models.PROTECT, null=True, blank=True, related_name="plans", verbose_name=_("被更新车辆")
    )
    reason = models.CharField(_("理由"), max_length=300)
    state = models.CharField(_("状态"), max_length=8, choices=State, default=State.DRAFT, editable=False)
    case_id = models.UUIDField(null=True, editable=False)
    vehicle = models.ForeignKey(
        Vehicle, on_delete=models.PROTECT, null=True, blank=True, editable=False, related_name="+",
        verbose_name=_("购得车辆"),
    )  # fmt: skip

    class Meta(Record.Meta):
        verbose_name = _("配备更新计划")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["replaces"], condition=~Q(state="refused") & ~Q(replaces=None), name="vehicles_plan_once"
            ),
        ]
        indexes: ClassVar = [*Record.Meta.indexes, models.Index(fields=["case_id"], name="vehicles_plan_case")]

    def __str__(self) -> str:
        return f"{self.year} {self.get_kind_display()} {self.get_body_display()}"
