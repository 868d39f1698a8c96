"""The check before publishing: all that is wrong with a BPMN model, in words, with its place."""

from __future__ import annotations

from collections.abc import Iterator

from shuzheng.kernel.bpmn.conditions import check_conditions
from shuzheng.kernel.bpmn.details import check_details
from shuzheng.kernel.bpmn.game import play
from shuzheng.kernel.bpmn.model import Model, Scope
from shuzheng.kernel.bpmn.structure import check_structure, starts
from shuzheng.kernel.bpmn.surroundings import Surroundings
from shuzheng.kernel.findings import Finding, Place, error
from shuzheng.kernel.words import gettext


def check(model: Model, around: Surroundings | None = None) -> list[Finding]:
    """All findings, in the order of the file. docs/flows-checks.md tells what each code means and how to mend it."""
    around = around or Surroundings()
    found = [*_unsupported(model, around), *_twice(model)]
    if not model.processes:
        found.append(error("no-process", model.place, gettext("文件里没有流程")))
    everywhere = {id_: scope for scope in model.scopes() for id_ in scope.nodes}
    twice = {place.id for place in model.twice}
    refused = {one.place for one in model.unsupported}
    for scope in model.scopes():
        found += (finding for finding in check_details(model, scope, around) if finding.place not in refused)
        # With two elements of one id it can't be told which one a flow means; with a part left out, what is connected.
        if scope.whole and twice.isdisjoint(scope.nodes):
            found += _scope(scope, everywhere, around)
    return sorted(found, key=lambda finding: finding.place.line)


def _scope(scope: Scope, everywhere: dict[str, Scope], around: Surroundings) -> Iterator[Finding]:
    structure = list(check_structure(scope, everywhere, around.longest))
    yield from structure
    yield from check_conditions(scope, around.names)
    codes = {finding.code for finding in structure}
    if starts(scope) and "no-end" not in codes:
        # A circle without a way out is told once, as one.
        yield from (f for f in play(scope) if f.code != "never-ends" or "loop-no-exit" not in codes)


def _unsupported(model: Model, around: Surroundings) -> Iterator[Finding]:
    refused = [(one.element, one.place) for one in model.unsupported]
    for scope in model.scopes():
        refused += [(node.kind, node.place) for node in scope.nodes.values() if node.kind in around.refused]
    for element, place in refused:
        text = gettext("“{name}”是平台不支持的元素 <{element}>")
        yield error("unsupported", place, text.format(name=place, element=element))


def _twice(model: Model) -> Iterator[Finding]:
    told: set[Place] = set()
    for place in model.twice:
        if place not in told:
            told.add(place)
            yield error("id-twice", place, gettext("标识“{id}”用了不止一次").format(id=place.id))


__all__ = ["check"]
