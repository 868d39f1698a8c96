"""Editions of processes made ready to run: read once, compiled once, and kept. Nothing here knows the database."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from django.utils.translation import gettext as _
from lxml import etree
from SpiffWorkflow.bpmn.parser.ValidationException import ValidationException
from SpiffWorkflow.spiff.parser.process import SpiffBpmnParser

from shuzheng.base.flows.bpmn import decisions, linking
from shuzheng.base.flows.bpmn.enclosing import enclose
from shuzheng.base.flows.bpmn.linking import Part
from shuzheng.base.flows.bpmn.reading import HUMAN, QUIET, parse, read
from shuzheng.base.flows.bpmn.words import Outline, local, tag
from shuzheng.kernel.errors import FieldFault, Invalid


@dataclass(frozen=True)
class Compiled:
    """An edition ready to run. One that calls others runs once it is ``linked`` with them, and has an outline before."""

    outline: Outline
    tables: Mapping[str, decisions.Table]
    spec: Any
    subs: Mapping[str, Any]
    editions: Mapping[str, str] = field(default_factory=dict)
    """By call activity: which edition was joined to it."""
    drawing: str = ""
    """The diagram with what is called; empty for what calls nothing: then its own text is the diagram."""


def compiled(bpmn: str, tables: Mapping[str, str]) -> Compiled:
    """The edition of these texts; made once and kept.

    Raises:
        Invalid: it cannot be run (``reading.read``).
    """
    return _compiled(bpmn, tuple(sorted(tables.items())))


_editions: dict[str, Compiled] = {}
MOST = 200
"""Editions that are kept ready."""


def edition(digest: str, texts: Callable[[], tuple[str, Mapping[str, str]]]) -> Compiled:
    """As ``compiled``, for a text with a digest: it is asked for only when the edition is not at hand.

    Without a digest (a text that is not kept yet) it is asked for each time.
    """
    if not digest:
        return compiled(*texts())
    found = _editions.get(digest)
    if found is None:
        if len(_editions) >= MOST:
            _editions.clear()
        found = _editions[digest] = compiled(*texts())
    return found


@lru_cache(maxsize=200)
def _compiled(bpmn: str, tables: tuple[tuple[str, str], ...]) -> Compiled:
    outline = read(bpmn, dict(tables))
    ready = {c: decisions.ready(c, t, outline.names) for c, t in tables}
    if outline.calls:
        return Compiled(outline, ready, None, {})
    return Compiled(outline, ready, *_specs(parse(bpmn), outline))


_linked: dict[Any, Compiled] = {}


def linked(part: Part) -> Compiled:
    """A definition together with those that it calls; made once and kept.

    Raises:
        Invalid: one of them cannot be run.
    """
    found = _linked.get(part.key)
    if found is None:
        if len(_linked) >= MOST:
            _linked.clear()
        found = _linked[part.key] = _link(part)
    return found


def _link(part: Part) -> Compiled:
    outline = linking.joined(part)
    root = linking.text(part)
    tables = {}
    for before, one in part.walk():
        names = read(one.bpmn, one.tables).names
        tables |= {f"{before}{c}": decisions.ready(c, t, names) for c, t in one.tables.items()}
    editions = {before.removesuffix("."): one.edition for before, one in part.walk() if before}
    return Compiled(outline, tables, *_specs(root, outline), editions, etree.tostring(root, encoding="unicode"))


def _specs(root: Any, outline: Outline) -> tuple[Any, Mapping[str, Any]]:
    parser = SpiffBpmnParser()
    try:
        parser.add_bpmn_xml(_runnable(root, outline))
        return parser.get_spec(outline.process), parser.get_subprocess_specs(outline.process)
    except ValidationException as error:
        where = getattr(error, "id", "") or "bpmn"
        raise Invalid(faults=[FieldFault(where, _("流程无法运行：%(why)s") % {"why": error})]) from error


SPIFF = "http://spiffworkflow.org/bpmn/schema/1.0/core"


def _runnable(drawn: Any, outline: Outline) -> Any:
    """The process without what only says something: our step rules stand in for the loops of human tasks; decisions, messages
    that are sent, and what goes into and comes out of a call become lines of the script engine."""
    root = copy.deepcopy(drawn)
    for node in list(root.iter()):
        name = local(node)
        if name in QUIET or name in ("BPMNDiagram", "multiInstanceLoopCharacteristics"):
            if node.getparent() is not None:
                node.getparent().remove(node)
        elif name in HUMAN:
            node.tag = tag("userTask")
        elif name in ("businessRuleTask", "sendTask", "serviceTask"):
            node.tag = tag("scriptTask")
            etree.SubElement(node, tag("script")).text = _line(name, node.get("id"), outline)
            node.attrib.pop("messageRef", None)
        elif name == "callActivity" and node.get("id") in outline.calls:
            around = etree.SubElement(node, tag("extensionElements"))
            etree.SubElement(around, tag("preScript", SPIFF)).text = f"enter {node.get('id')}"
            etree.SubElement(around, tag("postScript", SPIFF)).text = f"leave {node.get('id')}"
    enclose(root)
    for process in root.iter(tag("process")):
        process.set("isExecutable", "true")
    return root


def _line(kind: str, element: str, outline: Outline) -> str:
    """What the script engine is to do for a task that is no script."""
    if kind == "businessRuleTask":
        return f"decide {outline.called[element]}"
    if kind == "serviceTask" and outline.services[element].operation:
        return f"call {element}"
    return f"send {outline.called.get(element) or outline.services[element].message}"
