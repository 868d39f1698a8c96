"""How vehicles and trips follow a change of the tree: they go to the successor; what is over stays as it was."""

from django.db.models import Q

from shuzheng.apps.vehicles.models import Alert, Run, Tip, Trip
from shuzheng.base.org.handlers import Handler, register

register(
    "vehicles.trip",
    Handler(follows={"provider": ""}, sealed=~Q(state__in=Trip.OPEN), open=Q(state__in=Trip.OPEN), stays=False),
)
register(
    "vehicles.run",
    Handler(
        sealed=Q(state__in=(Run.State.BACK, Run.State.DROPPED)), open=~Q(state__in=(Run.State.BACK, Run.State.DROPPED))
    ),
)
register("vehicles.position", Handler())
register("vehicles.place", Handler())
register("vehicles.trackday", Handler())
register("vehicles.alert", Handler(sealed=Q(state=Alert.State.FINAL), open=~Q(state=Alert.State.FINAL)))
register("vehicles.tip", Handler(sealed=~Q(state=Tip.State.NEW), open=Q(state=Tip.State.NEW)))
