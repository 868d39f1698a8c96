"""Moving a running case to another edition of its process: what was passed is passed there, and it stands where it stood."""

from __future__ import annotations

from collections import Counter

from django.utils.translation import gettext as _

from shuzheng.base.flows.bpmn import running
from shuzheng.base.flows.calling import process_of
from shuzheng.base.flows.engine import Move, verb
from shuzheng.base.flows.models import Definition, Step
from shuzheng.base.flows.values import context
from shuzheng.kernel.errors import Invalid

PASSED = (Step.State.PASSED, Step.State.SKIPPED, Step.State.REFUSED)


def walk(m: Move, target: Definition) -> tuple[running.Token, dict[str, str], list[str], list[str]]:
    """Walk the new edition as far as the case has come, without writing anything.

    Returns:
        the token there; by id of each open step its visit there; steps that are new on the way and will be opened; and, in
        words, why it cannot be moved (empty when it can).
    """
    process = process_of(target, m.case.links)
    values = context(process.outline, m.case.values, {**m.case.facts, "is_urgent": m.case.is_urgent})
    token = running.Token(process, running.Context(values))
    passed = Counter(s.element for s in m.steps if s.state in PASSED and s.token)
    open_steps = [s for s in m.open_steps() if s.token]
    wanted = {s.element for s in open_steps}
    for _round in range(len(m.steps) + 1):
        token.run()
        done = [w for w in token.waiting() if w.element not in wanted and passed[w.element] > 0]
        if not done:
            break
        for visit in done:
            passed[visit.element] -= 1
            token.complete(visit.token)
    found = {w.element: w.token for w in token.waiting()}
    places = {str(s.pk): found[s.element] for s in open_steps if s.element in found}
    fresh = [process.outline.steps[e].name for e in found if e not in wanted]
    faults = [_("新版里走不到“%(step)s”。") % {"step": s.name} for s in open_steps if s.element not in found]
    if not open_steps:
        faults.append(_("正由发起人补正，补正后再迁移。"))
    return token, places, fresh, faults


@verb
def migrate(m: Move, *, target: Definition) -> None:
    """Go on by another edition.

    Raises:
        Invalid: a step where it stands is not reached there, or it stands nowhere.
    """
    token, places, fresh, faults = walk(m, target)
    if faults:
        raise Invalid("".join(faults))
    for step in m.open_steps():
        if str(step.pk) in places:
            m.w.change(step, token=places[str(step.pk)])
    before = m.case.definition
    m.w.change(m.case, definition=target)
    m.process, m.outline = token.process, token.process.outline
    m._token = token
    m.say("migrate", "、".join(fresh), to=f"v{before.edition} → v{target.edition}")
    m.settle()
