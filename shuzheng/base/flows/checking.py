"""The check before publishing: what the kernel finds in the drawing, given what this process and its form know."""

from __future__ import annotations

from shuzheng.base.flows.bpmn.words import Field, Outline
from shuzheng.base.flows.models import Definition
from shuzheng.kernel import bpmn, dmn
from shuzheng.kernel.bpmn import BpmnError, Surroundings
from shuzheng.kernel.expr import NUMBER, Domain, Type
from shuzheng.kernel.findings import Finding
from shuzheng.kernel.xml import XmlError

COUNTED = (".agreed", ".refused")
"""Names that the engine provides and that count people."""


def findings(row: Definition, outline: Outline) -> list[Finding]:
    """Faults of how the process runs (dead ends, joins that never fire, gaps …); docs/flows-checks.md says each.

    Who does a step, and what the engine does not run, is read with the outline (``reading.look``), not here. Empty for a
    text that cannot be read at all: ``look`` has said that.
    """
    try:
        model = bpmn.read(row.bpmn.encode())
    except (BpmnError, XmlError):
        return []
    names = {name: _domain(name, type_, outline.field(name)) for name, type_ in outline.names.items()}
    around = Surroundings(
        names=names,
        decisions=frozenset(row.tables),
        assigned=lambda _node: True,
        collected=lambda _element: True,
    )
    found = [f for f in bpmn.check(model, around) if f.code != "unsupported"]
    for text in dict.fromkeys(row.tables.values()):
        found += dmn.check(dmn.read(text.encode()), names)
    return found


def _domain(name: str, type_: Type, field: Field | None) -> Domain:
    if field is None:
        return Domain(type_, low=0, whole=True) if type_ == NUMBER and name.endswith(COUNTED) else Domain(type_)
    return Domain(
        type_,
        values=field.options if field.kind == "choice" else None,
        optional=not field.required and field.kind != "boolean",
    )
