from django.db import models

from shuzheng.base.core.models import Kind, Record, Scoping


class Meter(Record):
    scoping = Scoping(Kind.SUPERVISED)

    number = models.CharField("表号", max_length=20)
    kind = models.CharField("类型", max_length=8, choices=[("power", "电表"), ("water", "水表"), ("gas", "气表")])
    place = models.ForeignKey("masters.Place", on_delete=models.PROTECT, null=True, blank=True, verbose_name="安装位置")
    factor = models.DecimalField("倍率", max_digits=8, decimal_places=2, default=1)
    installed_on = models.DateField("安装日期", null=True, blank=True)
    in_use = models.BooleanField("在用", default=True)

    class Meta(Record.Meta):
        verbose_name = "表计"
        constraints = [models.UniqueConstraint(fields=["node", "number"], name="dummy_meter_number")]

    def __str__(self) -> str:
        return self.number
