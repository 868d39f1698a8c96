"""Trips and runs: made by asking, dispatching and driving, looked up here."""

from __future__ import annotations

from django.db.models import Q
from django.utils.translation import gettext_lazy

from shuzheng.apps.vehicles.models import (
    Run,
    Trip,
    TripState,
)
from shuzheng.base.registers.declare import (
    Column,
    Register,
    Related,
    Tab,
    register,
)

L = gettext_lazy
UNIT = Column("node", label=L("单位"))


STATES = {
    "01": "info", "02": "info", "03": "late", "04": "ok", "05": "warn", "06": "warn", "07": "ok", "08": "mute", "91": "over",
    "92": "mute", "93": "info",
}  # fmt: skip


@register
class Trips(Register):
    model, name, noun, icon, unit = Trip, "trips", "trip", "list-check", L("张")
    columns = (
        "number", Column("state", states=STATES), "begins", "destination", "applicant", UNIT, Column("people", total=True, shown=False),
        Column("purpose", shown=False), "car", Column("driver_name", shown=False), Column("km", unit="km", total=True), Column("cost", unit=L("元"), total=True),
        Column("rating", shown=False), Column("origin", shown=False), Column("ends", shown=False), Column("subject", shown=False),
        Column("reach", shown=False), Column("is_emergency", shown=False),
    )  # fmt: skip
    key = ("number",)
    ordering = ("-begins", "-id")
    search = ("number", "subject", "destination", "applicant", "car", "driver_name", "passengers")
    filters = ("state", "begins", "purpose", "reach", "is_emergency", "node", "km", "cost", "rating")
    tabs = (
        Tab("waiting", L("待派车"), Q(state=TripState.WAITING), "late"),
        Tab("road", L("在途"), Q(state=TripState.ON_ROAD), "warn"),
        Tab("confirm", L("待确认"), Q(state=TripState.BACK)),
        Tab("urgent", L("紧急用车"), Q(is_emergency=True)),
    )
    page = "vehicles:trip"
    without = frozenset({"create", "change", "delete", "import", "labels", "history"})
    help = L("在“用车申请”里提出；由调度派车。")


@register
class Runs(Register):
    model, name, noun, icon, unit = Run, "runs", "run", "route", L("趟")
    search = ("vehicle__plate", "driver__person__name")
    columns = (
        "vehicle", Column("state", states={"planned": "info", "accepted": "info", "out": "warn", "back": "ok", "dropped": "mute"}),
        Column("driver", joins=("driver__person",)), "begins", "ends", "out_at", "back_at",
        Column("odometer_out", unit="km", shown=False), Column("odometer_in", unit="km", shown=False),
        Column("km", label=L("里程"), unit="km", value=lambda r: r.km, places=1), Column("track_km", unit="km"),
    )  # fmt: skip
    key = ("vehicle", "begins")
    ordering = ("-begins", "-id")
    title = "vehicle"
    filters = ("state", "begins", "vehicle", "driver", "node")
    tabs = (Tab("road", L("在途"), Q(state=Run.State.OUT), "warn"),)
    related = (Related("trips", "run"), Related("fees", "run"))
    without = frozenset({"create", "change", "delete", "import", "labels"})
    help = L("由驾驶员出车、收车时形成。")
