"""How vehicles and trips follow a change of the tree: they go to the successor; what is over stays as it was.

Bills, runs and decided warnings stay with who paid, drove and answered for them. A vehicle goes on with the successor, and what it
was until then is kept (``standing``). A quota in force ends, and counts for the successor until the authority decides anew.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from django.db.models import Model, Q

from shuzheng.apps.vehicles import standing
from shuzheng.apps.vehicles.models import Alert, Quota, Repair, Run, Tip, Trip
from shuzheng.base.org.handlers import Handler, register
from shuzheng.base.org.models import Node

OVER = Q(state__in=(Run.State.BACK, Run.State.DROPPED))


@dataclass(frozen=True)
class Past(Handler):
    """Rows that are ``over`` stay with an organ that ends, and move along with one that moves: its reports are made of them."""

    over: Q = field(default_factory=Q)

    def merge(self, model: type[Model], absorbed: Node, successor: Node, on: date) -> int:
        return Handler(sealed=self.over).merge(model, absorbed, successor, on)


class Vehicles(Handler):
    """A vehicle remembers who held it before."""

    def merge(self, model: type[Model], absorbed: Node, successor: Node, on: date) -> int:
        standing.pass_on(absorbed, successor, on)
        return super().merge(model, absorbed, successor, on)


class Quotas(Handler):
    """Quotas in force end with their organ; the successor may hold as many more."""

    def merge(self, model: type[Model], absorbed: Node, successor: Node, on: date) -> int:
        rows = list(Quota.objects.filter(Q(until=None) | Q(until__gt=on), node=absorbed))
        for row in rows:
            if row.since < on:
                self._add(successor, row, on)
                Quota.objects.filter(pk=row.pk).update(until=on)
            else:
                self._add(successor, row, row.since)
                row.delete()
        return len(rows)

    @staticmethod
    def _add(successor: Node, row: Quota, begin: date) -> None:
        own = Quota.objects.filter(node=successor, use=row.use, until=None).first()
        amount, documents = row.amount, {row.document: None}
        if own is not None:
            amount, documents = own.amount + row.amount, {own.document: None, row.document: None}
        document = "、".join(documents)[:80]
        if own is not None and own.since >= begin:
            Quota.objects.filter(pk=own.pk).update(amount=amount, document=document)
            return
        if own is not None:
            Quota.objects.filter(pk=own.pk).update(until=begin)
        made = Quota(use=row.use, amount=amount, document=document, since=begin)
        made.until = row.until if own is None else None
        made.own(successor)
        made.save(force_insert=True)


register("vehicles.vehicle", Vehicles())
register("vehicles.former", Handler(owner="", keeps=frozenset({"node"})))
register("vehicles.quota", Quotas())
for _bill in ("refuel", "fee", "insurance", "inspection", "fine", "accident", "rental"):
    register(f"vehicles.{_bill}", Handler(stays=True))
register("vehicles.repair", Past(over=Q(state=Repair.State.DONE), open=~Q(state=Repair.State.DONE)))
register(
    "vehicles.trip",
    Handler(follows={"provider": ""}, sealed=~Q(state__in=Trip.OPEN), open=Q(state__in=Trip.OPEN), stays=False),
)
register("vehicles.run", Past(over=OVER, open=~OVER))
register("vehicles.position", Handler())
register("vehicles.place", Handler())
register("vehicles.trackday", Handler())
register("vehicles.alert", Handler(sealed=Q(state=Alert.State.FINAL), open=~Q(state=Alert.State.FINAL)))
register("vehicles.tip", Handler(sealed=~Q(state=Tip.State.NEW), open=Q(state=Tip.State.NEW)))
