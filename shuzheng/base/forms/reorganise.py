"""How submissions and roll-ups follow a change of the tree.

A submission, its cells, editions and explanations go with their institution: whoever supervises it now reads them, and
``sealed_path`` keeps where it stood when it was handed in. Roll-ups of rounds that have ended stay as they were counted
then; those of rounds in progress follow, and what stands above them is counted anew (``events.rebuild_moved``).
"""

from __future__ import annotations

from django.db.models import Q

from shuzheng.base.forms.models import Allowance, Amendment, Doubt, Round, Submission
from shuzheng.base.org.handlers import Handler, register

ENDED = Q(round__state=Round.State.CLOSED)

register("forms.submission", Handler(open=~Q(state=Submission.State.APPROVED) & ~ENDED))
register("forms.rollupdelta", Handler(owner="", paths=("member",), sealed=ENDED))
register("forms.rolluptotal", Handler(owner="", paths=("member",), sealed=ENDED))
register("forms.rollup", Handler(follows={"division": ""}))
register("forms.allowance", Handler(paths=("at", "decider"), open=Q(state=Allowance.State.ASKED)))
register("forms.doubt", Handler(open=Q(state=Doubt.State.OPEN)))
register("forms.amendment", Handler(open=Q(state__in=Amendment.OPEN)))
