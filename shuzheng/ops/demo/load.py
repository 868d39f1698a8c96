"""Loading the demo nation, set-wise, under one system scope."""

from __future__ import annotations

from datetime import date

from django.utils import timezone

from shuzheng.base.access.shipped import sync_roles
from shuzheng.base.core.actor import system_actor
from shuzheng.base.core.manifest import modules
from shuzheng.base.core.scope import system_scope
from shuzheng.base.flows.shipped import load_flows
from shuzheng.base.forms import rollup
from shuzheng.base.forms.models import Definition
from shuzheng.base.forms.shipped import load_forms
from shuzheng.base.org.models import Node
from shuzheng.base.search.reindex import reindex
from shuzheng.base.standards.load import load_standards
from shuzheng.base.stats import exporting
from shuzheng.ops.demo.analysis import analyse
from shuzheng.ops.demo.beside import go_on
from shuzheng.ops.demo.collecting import collect
from shuzheng.ops.demo.flowing import adapt, flow
from shuzheng.ops.demo.nation import SCALES, Tick, build
from shuzheng.ops.demo.people import populate
from shuzheng.ops.demo.reporting import report
from shuzheng.ops.demo.things import announce, furnish


def load(scale: str, tick: Tick, today: date | None = None) -> bool:
    """Load the demo at a scale; False when the database holds a nation already.

    One transaction for all records: a load that is broken off leaves nothing behind. Notices, the search index and the lake follow.
    """
    today = today or timezone.localdate()
    actor = system_actor("demo.load")
    with actor.scope.activate():
        if Node.objects.exists():
            return False
        nation = build(SCALES[scale], tick)
        root = nation.offices[""]
        sync_roles(actor)
        load_standards(actor)
        load_forms(actor, root)
        load_flows(actor, root)
        if nation.institutions:
            populate(nation, tick)
            furnish(nation)
            collect(nation)
            adapt()
            flow()
            definition = Definition.objects.get(code="energy-quarterly", state=Definition.State.PUBLISHED)
            report(nation, definition, today, tick)
            for _manifest, module in modules("demo"):
                module.load(nation, today)
            while rollup.fold():
                pass
            analyse(today)
    if nation.institutions:
        announce()
        go_on(nation, today)
    counted = reindex()
    tick("检索", sum(counted.values()), sum(counted.values()))
    if nation.institutions:
        exporting.export_all(system_scope("stats.export"), lambda done, total: tick("数据湖", done, total))
    return True
