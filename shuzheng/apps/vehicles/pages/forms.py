"""Forms that people fill in: a request for a car, its confirmation, and the readings of a driver."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from shuzheng.apps.vehicles.models import Body, Spot, Trip

HALF = timedelta(minutes=30)


class Moment(forms.DateTimeInput):
    """Day and time by the device's own picker."""

    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%dT%H:%M", attrs={"step": "300"})


def next_half_hour(now: datetime | None = None) -> datetime:
    """The half hour that begins at least a quarter of an hour from now: what most people mean by 'soon'."""
    local = timezone.localtime(now) + HALF / 2
    floor = local.replace(minute=local.minute // 30 * 30, second=0, microsecond=0)
    return floor if floor == local else floor + HALF


class TripForm(forms.ModelForm):
    """A request. Places may be typed freely; known ones carry their coordinates along."""

    class Meta:
        model = Trip
        fields = (
            "purpose", "subject", "begins", "ends", "origin", "destination", "via", "people", "passengers", "reach", "body",
            "planned_km", "mobile", "may_pool", "is_emergency",
        )  # fmt: skip
        widgets: ClassVar = {"begins": Moment(), "ends": Moment(), "mobile": forms.TextInput(attrs={"type": "tel"})}

    ROAD = ("begins", "ends", "destination", "via", "people", "passengers", "planned_km")
    """What may still be changed once the request has been handed in."""

    def __init__(self, *args: Any, spots: Sequence[Spot], only: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.spots = {spot.name: spot for spot in spots}
        for name in ("origin", "destination", "via"):
            self.fields[name].widget.attrs["list"] = "spots"
        self.fields["body"].choices = [("", _("不限")), *Body.choices]
        if only:
            for name in set(self.fields) - set(only):
                del self.fields[name]

    def clean(self) -> dict[str, Any]:
        found = super().clean() or self.cleaned_data
        begins = found.get("begins") or self.instance.begins
        if (ends := found.get("ends")) and begins and ends <= begins:
            self.add_error("ends", _("返回要晚于出发。"))
        return found

    def stops(self) -> list[dict[str, Any]]:
        """The known ones of origin, stops on the way and destination, in order, with their coordinates."""
        said = {
            **{name: getattr(self.instance, name) for name in ("origin", "via", "destination")},
            **self.cleaned_data,
        }
        names = [said["origin"], *[v.strip() for v in said["via"].replace("、", "，").split("，")], said["destination"]]
        known = [self.spots[name] for name in names if name in self.spots]
        return [{"name": s.name, "lon": float(s.lon), "lat": float(s.lat)} for s in known]


class CancelForm(forms.Form):
    why = forms.CharField(label=_("原因"), max_length=200)


class ConfirmForm(forms.Form):
    rating = forms.TypedChoiceField(
        label=_("评分"), coerce=int, initial=5, widget=forms.RadioSelect,
        choices=[(5, _("5 很好")), (4, _("4 好")), (3, _("3 一般")), (2, _("2 差")), (1, _("1 很差"))],
    )  # fmt: skip
    remark = forms.CharField(label=_("评价"), max_length=200, required=False)


def _percent(label: Any) -> forms.IntegerField:
    return forms.IntegerField(label=label, min_value=0, max_value=100, required=False, help_text=_("百分数。"))


def _yuan(label: Any) -> forms.DecimalField:
    return forms.DecimalField(label=label, min_value=0, max_digits=10, decimal_places=2, required=False)


class StartForm(forms.Form):
    odometer = forms.DecimalField(label=_("出车里程表读数"), min_value=0, max_digits=10, decimal_places=1)
    energy = _percent(_("油（电）量"))
    photo = forms.FileField(
        label=_("仪表照片"),
        required=False,
        widget=forms.FileInput(attrs={"accept": "image/*", "capture": "environment"}),
    )


class EndForm(StartForm):
    tolls = _yuan(_("过路费"))
    parking = _yuan(_("停车费"))
    voucher = forms.CharField(label=_("凭证号"), max_length=40, required=False)
    note = forms.CharField(label=_("备注"), max_length=200, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["odometer"].label = _("收车里程表读数")
