"""How reporting follows a change of the tree (``base/org/handlers.py``).

What was submitted, approved or signed is sealed: it keeps the path of its time, and so do the totals made of it, so that a
tier reads for good what its own totals were made of. What is still being filled in goes along with the institution.
"""

from __future__ import annotations

from django.db.models import Q

from shuzheng.base.forms.models import Submission
from shuzheng.base.org.handlers import FIXED, Handler, register

CLOSED = [Submission.State.SUBMITTED, Submission.State.APPROVED]
WAITING = [Submission.State.TODO, Submission.State.DRAFT, Submission.State.RETURNED]

register(
    "forms.submission",
    Handler(sealed=Q(state__in=CLOSED), open=Q(state__in=WAITING), day="submitted_at__date"),
)
for part in ("cell", "explanation"):
    owner = "" if part == "cell" else "node"
    register(
        f"forms.{part}", Handler(owner=owner, sealed=Q(submission__in=Submission.objects.filter(state__in=CLOSED)))
    )
for made in ("edition", "rollup", "rollupdelta", "rollupmember", "rolluptotal"):
    register(f"forms.{made}", FIXED)
