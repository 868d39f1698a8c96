"""Definitions that call one another: which edition is taken, what must fit, and who calls whom.

A call names the other definition by its code. The nearest one in force above the caller's owner is taken; a case takes it when
the call begins, and keeps it (``Case.links``).
"""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from django.utils.translation import gettext as _

from shuzheng.base.core.actor import system_actor
from shuzheng.base.flows.bpmn.compiling import MOST, Compiled, edition, linked
from shuzheng.base.flows.bpmn.linking import Part
from shuzheng.base.flows.bpmn.reading import look
from shuzheng.base.flows.bpmn.words import KINDS, Call, Field, Outline
from shuzheng.base.flows.models import Definition
from shuzheng.base.org.places import division_path
from shuzheng.kernel.errors import FieldFault, Invalid
from shuzheng.kernel.expr import ExprError, compile

_editions: dict[UUID, Definition] = {}
"""Editions that cases have taken: what was published never changes."""


def process_of(row: Definition, links: Mapping[str, str] | None = None) -> Compiled:
    """A definition ready to run, with those that it calls.

    Args:
        links: editions that were taken, by call activity; where it says nothing, what is in force.

    Raises:
        Invalid: one of them is not in force, or cannot be run.
    """
    process = _alone(row)
    return linked(_part(row, links or {})) if process.outline.calls else process


def drawing_of(row: Definition, links: Mapping[str, str] | None = None) -> str:
    """Its diagram, with those of the definitions that it calls beside it; its own alone while it cannot call them yet."""
    try:
        return process_of(row, links).drawing or row.bpmn
    except Invalid:
        return row.bpmn


def _alone(row: Definition) -> Compiled:
    return edition(row.digest, lambda: (row.bpmn, row.tables))


def _part(row: Definition, links: Mapping[str, str], before: str = "", chain: tuple[str, ...] = ()) -> Part:
    calls = {}
    for at, call in _alone(row).outline.calls.items():
        called = _taken(links[before + at]) if before + at in links else None
        if called is None or called.code != call.code:  # not begun yet, or by an edition that called another one there
            called = current(call.code, row.path) or current(call.code, row.path, Definition.State.RETIRED)
        if called is None or called.code in (*chain, row.code):
            raise Invalid(_("“%(code)s”现在不能调用，请找流程管理员。") % {"code": call.code})
        calls[at] = _part(called, links, f"{before}{at}.", (*chain, row.code))
    told = row.digest or f"{row.bpmn}{sorted(row.tables.items())}"
    return Part(told, lambda: (row.bpmn, row.tables), row.name, row.name_en, str(row.pk), calls)


def _taken(pk: str) -> Definition:
    found = _editions.get(UUID(pk))
    if found is None:
        if len(_editions) >= MOST:
            _editions.clear()
        with system_actor("flows.engine").scope.activate():
            found = _editions[UUID(pk)] = Definition.objects.get(pk=pk)
    return found


def current(code: str, path: str, state: str = Definition.State.PUBLISHED) -> Definition | None:
    """What a definition of ``path`` that calls ``code`` gets: the nearest in force there.

    A case that began while there was one goes on with the last that was (``state`` retired).
    """
    with system_actor("flows.engine").scope.activate():
        rows = Definition.objects.filter(code=code, state=state)
        found = [r for r in rows if path.startswith(r.audience)]
    return max(found, key=lambda r: (len(r.audience), r.path == path, r.edition), default=None)


def called_by(row: Definition, outline: Outline) -> list[tuple[str, str]]:
    """Its calls: the name of each, and the name of the definition that it would get, or the code where there is none."""
    found = ((at, current(call.code, row.path) or call.code) for at, call in outline.calls.items())
    return [(outline.elements[at][1] or at, getattr(called, "label", called)) for at, called in found]


# what must fit


def faults(row: Definition, outline: Outline) -> list[FieldFault]:
    """What keeps a definition from calling those that it names, in words."""
    found = []
    for at, call in outline.calls.items():
        name = outline.elements[at][1] or at
        called = current(call.code, row.path) if call.code else None
        if call.code == row.code:
            found.append(FieldFault(at, _("“%(name)s”不能调用自己这个流程。") % {"name": name}))
        elif called is None:
            why = _("“%(name)s”调用的流程“%(code)s”没有发布，或本单位不能用。") % {"name": name, "code": call.code}
            found.append(FieldFault(at, why))
        elif circle := _circle(called, (row.code,)):
            found.append(
                FieldFault(at, _("“%(name)s”绕回到自己：%(way)s。") % {"name": name, "way": " → ".join(circle)})
            )
        else:
            found += [
                FieldFault(at, f"{_('“%(name)s”：') % {'name': name}}{why}") for why in misfits(outline, call, called)
            ]
    return found


def _circle(row: Definition, chain: tuple[str, ...]) -> tuple[str, ...]:
    """The way back to one of a chain of calls; empty when there is none."""
    way = (*chain, row.code)
    if row.code in chain:
        return way
    nested = (current(code, row.path) for code in row.calls)
    return next((found for one in nested if one is not None and (found := _circle(one, way))), ())


def misfits(outline: Outline, call: Call, called: Definition) -> list[str]:
    """Where the form of a caller and what it says of the call do not fit the form of the called one."""
    theirs, _unfinished = look(called.bpmn, called.tables)
    found = []
    for field in theirs.fields:
        ours = outline.field(field.code)
        if field.code in call.inputs:
            found += _worked_out(call.inputs[field.code], outline, field)
        elif ours is None and field.required and field.start == "edit":
            found.append(_("“%(name)s”要填“%(field)s”，没有给它。") % {"name": called.name, "field": field.label})
        elif ours is not None and (ours.kind, ours.unit, ours.options) != (field.kind, field.unit, field.options):
            found.append(_("同名字段“%(field)s”两边的类型、单位或选项不同，写明给它什么。") % {"field": field.code})
    for name in call.inputs:
        if theirs.field(name) is None:
            found.append(_("“%(name)s”没有字段“%(field)s”。") % {"name": called.name, "field": name})
    for name, text in call.outputs.items():
        if (ours := outline.field(name)) is not None:
            found += _worked_out(text, theirs, ours)
    return found


def _worked_out(text: str, outline: Outline, field: Field) -> list[str]:
    try:
        compile(text, outline.names, KINDS[field.kind])
    except ExprError as fault:
        return [f"{field.label}：{fault.message}"]
    return []


def callers(row: Definition) -> list[Definition]:
    """Definitions in force that would get this one, or its next edition, for what they call."""
    reach = division_path(row.path)
    with system_actor("flows.engine").scope.activate():
        asking = Definition.objects.filter(state=Definition.State.PUBLISHED, calls__contains=[row.code])
        rows = [r for r in asking if r.path.startswith(reach)]
    found = []
    for one in rows:
        now = current(row.code, one.path)
        nearer = now is None or (len(reach), row.path == one.path) > (len(now.audience), now.path == one.path)
        if nearer or (now is not None and now.node_id == row.node_id):
            found.append(one)
    return found


def breaks(row: Definition) -> list[FieldFault]:
    """What an edition that is to be published would break for those who call it."""
    found = []
    for caller in callers(row):
        outline = _alone(caller).outline
        for call in outline.calls.values():
            whys = misfits(outline, call, row) if call.code == row.code else ()
            found += [
                FieldFault("process", _("“%(name)s”在调用它：%(why)s") % {"name": caller.name, "why": w}) for w in whys
            ]
    return found


def needed(row: Definition) -> list[str]:
    """Names of those who could no longer call it, were it retired."""
    return sorted({r.name for r in callers(row) if (now := current(row.code, r.path)) is not None and now.pk == row.pk})
