"""Three signatures (统计法第二十四条): 填表人、统计负责人、单位负责人 sign in turn, or the filler writes down who they are.

A signature holds for the values it was given for: whoever changes a cell afterwards has to ask again. A round says which
way it goes (``Round.signing``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.utils import timezone
from django.utils.translation import gettext as _

from shuzheng.base.core.action import Write, action
from shuzheng.base.forms import states
from shuzheng.base.forms.digests import of_values
from shuzheng.base.forms.locking import lock
from shuzheng.base.forms.models import Round, Signature, Submission
from shuzheng.base.forms.values import stored_values
from shuzheng.kernel.errors import Invalid

Role = Signature.Role
BESIDE = (Role.STATISTICS, Role.HEAD)
"""Who signs beside the filler, in this order."""


@action("forms.submission.sign")
def sign(w: Write, submissions: Sequence[Submission], *, role: str) -> list[Signature]:
    """Sign with one's own account, before the submission is handed in: statistics first, then the head.

    Raises:
        Invalid: it can't be signed now: errors stand, it was handed in, or the one before has not signed yet.
    """
    if role not in BESIDE:
        raise Invalid.one("role", _("签署身份是统计负责人或单位负责人。"))
    lock(submissions, unchanged=True)
    made = []
    for row in submissions:
        states.require("submit", row)
        if row.errors or row.unexplained:
            raise Invalid(_("还有错误或待说明的检查，改好再签。"), code="forms.signature.errors")
        digest = of_values(stored_values(row))
        valid = held(row, digest)
        if role == Role.HEAD and Role.STATISTICS not in valid:
            raise Invalid(_("先由统计负责人签。"), code="forms.signature.turn")
        made.append(_put(w, row, role, w.actor.name, digest, own=True))
    return made


def held(submission: Submission, digest: str = "") -> dict[str, Signature]:
    """The signatures, by role, that stand for the values as they are now (before handing in)."""
    digest = digest or of_values(stored_values(submission))
    rows = submission.signatures.filter(edition=submission.edition + 1, digest=digest)
    return {row.role: row for row in rows}


def of_edition(submission: Submission) -> list[Signature]:
    """Who signed what was handed in last, in the order of the law."""
    rows = {s.role: s for s in submission.signatures.filter(edition=submission.edition)}
    return [rows[role] for role in (Role.FILLER, *BESIDE) if role in rows]


def on_submit(w: Write, submission: Submission, named: Mapping[str, str], digest: str) -> dict[str, str]:
    """Record who signs with this submission, whose values have this digest; returns the names by role.

    Called before its edition is counted up.

    Raises:
        Invalid: the round asks for own signatures and one is missing, or was given for other values.
    """
    way = submission.round.signing
    valid = held(submission, digest)
    if way == Round.Signing.OWN:
        missing = [str(Role(role).label) for role in BESIDE if role not in valid]
        if missing:
            raise Invalid(_("还缺签署：%(roles)s。") % {"roles": "、".join(missing)}, code="forms.signature.missing")
    names = {role: valid[role].name if role in valid else named.get(role, "") for role in BESIDE}
    _put(w, submission, Role.FILLER, w.actor.name, digest, own=True)
    for role, name in names.items():
        if name and role not in valid:
            _put(w, submission, role, name, digest, own=False)
    return {str(role): name for role, name in names.items() if name}


def _put(w: Write, submission: Submission, role: str, name: str, digest: str, *, own: bool) -> Signature:
    row = submission.signatures.filter(edition=submission.edition + 1, role=role).first()
    facts = {
        "name": name[:60], "post_id": w.actor.id if own else None, "recorded_by": w.actor.name, "at": timezone.now(),
        "digest": digest,
    }  # fmt: skip
    if row is not None:
        w.change(row, **facts)
        return row
    row = Signature(submission=submission, edition=submission.edition + 1, role=role, **facts)
    row.node_id, row.path = submission.node_id, submission.path
    w.create(row)
    return row


__all__ = ["BESIDE", "held", "of_edition", "on_submit", "sign"]
