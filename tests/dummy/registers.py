from django.db.models import Q

from shuzheng.base.registers.declare import Column, Register, Tab, register
from tests.dummy.models import Meter


@register
class Meters(Register):
    model, name, noun, icon, unit = Meter, "meters", "meter", "gauge", "块"
    columns = ("number", "kind", "place", Column("factor", total=True), "installed_on", "in_use", "node")
    key = ("number",)
    search = ("number",)
    tabs = (Tab("power", "电表", Q(kind="power")), Tab("idle", "停用", Q(in_use=False), "warn"))
