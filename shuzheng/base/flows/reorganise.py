"""How cases follow a change of the tree: unfinished ones are shown before it, and go on with the successor."""

from __future__ import annotations

from django.db.models import Q

from shuzheng.base.flows.models import Case, Task
from shuzheng.base.org.handlers import Handler, register

register("flows.case", Handler(open=Q(state=Case.State.RUNNING)))
register("flows.task", Handler(open=Q(state=Task.State.OPEN)))
