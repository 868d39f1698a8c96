"""What the designers need beside the text of a process: where each fault lies, words for its rules, a copy under another name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _
from lxml import etree

from shuzheng.base.accounts.models import Post
from shuzheng.base.core.actor import system_actor
from shuzheng.base.core.registry import LINES, ROLES
from shuzheng.base.flows import defining, diagram, simple
from shuzheng.base.flows.bpmn.reading import look, parse, xml
from shuzheng.base.flows.bpmn.words import NS, SZ, local, tag
from shuzheng.base.flows.models import Definition
from shuzheng.base.flows.who import PLACE_WORDS, PLACES
from shuzheng.base.org.models import Node
from shuzheng.kernel.errors import Invalid

Json = dict[str, Any]
CODE = re.compile(r"[a-z][a-z0-9-]{0,39}")
_PERSON, _NODE = re.compile(r"person:(?P<value>[^@]+)"), re.compile(r".*@node:(?P<value>.+)")


def blank(code: str, name: str) -> str:
    """A process that can be drawn on: one field, one step by the head of the department.

    Raises:
        Invalid: the code or the name can't be used.
    """
    checked(code, name)
    subject = {"code": "subject", "label": _("事由"), "kind": "text", "required": True}
    step = {"type": "step", "id": "step1", "name": _("部门负责人审批"), "who": ["head"]}
    return simple.to_bpmn(
        {"code": code, "name": name, "title": name + "：{subject}", "fields": [subject], "steps": [step]}
    )


def checked(code: str, name: str) -> None:
    """Raises:
    Invalid: the code or the name can't be used.
    """
    if not CODE.fullmatch(code):
        raise Invalid.one("code", _("代码用小写字母、数字和连字符，以字母开头，最多 40 个字。"))
    if not name.strip() or len(name) > 80:
        raise Invalid.one("name", _("写明流程名称，最多 80 个字。"))


def renamed(bpmn: str, code: str, name: str) -> str:
    """The same process under another code and name; all else stays as it was drawn.

    Raises:
        Invalid: see ``checked``.
    """
    checked(code, name)
    outline, _unfinished = look(bpmn)
    root = parse(bpmn)
    process = next(p for p in root.iterfind("bpmn:process", NS) if p.get("id") == outline.process)
    process.set("name", name)
    inside = process.find("bpmn:extensionElements", NS)
    if inside is None:
        inside = etree.Element(tag("extensionElements"), nsmap={"sz": SZ})
        process.insert(1 if len(process) and local(process[0]) == "documentation" else 0, inside)
    own = inside.find("sz:process", NS)
    if own is None:
        own = etree.SubElement(inside, tag("process", SZ))
    own.set("code", code)
    own.attrib.pop("name_en", None)
    return etree.tostring(root, encoding="unicode")


def tables_in(texts: Iterable[str]) -> dict[str, str]:
    """DMN texts by the ids of the decisions that they hold.

    Raises:
        Invalid: one is no XML, or there is no decision in it.
    """
    found: dict[str, str] = {}
    for text in texts:
        codes = [n.get("id") for n in xml(text, "tables").iter() if local(n) == "decision" and n.get("id")]
        if not codes:
            raise Invalid.one("tables", _("DMN 文件里没有决策。"))
        found |= dict.fromkeys(codes, text)
    return found


def findings(row: Definition) -> Json:
    """Faults and doubts: each with the element (``id``), the step of the simple view it lies at, and the arm of a branch."""
    faults, doubts = defining.examined(row)
    arms = _arms(row.bpmn)
    told = [(f.field, f.message) for f in faults], [(d.place.id, d.message) for d in doubts]
    return dict(zip(("faults", "doubts"), ([_told(arms, *one) for one in some] for some in told), strict=True))


def _told(arms: Mapping[str, tuple[str, int]], ident: str, message: str) -> Json:
    at, arm = arms.get(ident, (ident, -1))
    # what is said beside the step itself needs neither its line in the file nor its name and id
    said = re.sub(rf"^.*?[（(]{re.escape(ident)}[）)]\s*[：:]?\s*", "", message)
    return {"id": ident, "at": at, "arm": arm, "message": re.sub(r"^(第 \d+ 行：|Line \d+[:,] )", "", said)}


def _arms(bpmn: str) -> dict[str, tuple[str, int]]:
    """By id of a flow: where it begins, and which of the flows from there it is; by id of a join: its gateway."""
    found: dict[str, tuple[str, int]] = {}
    counts: dict[str, int] = {}
    root = parse(bpmn)
    for flow in root.iter(tag("sequenceFlow")):
        source = flow.get("sourceRef", "")
        found[flow.get("id", "")] = (source, counts.setdefault(source, 0))
        counts[source] += 1
    joins = [n.get("id", "") for n in root.iter() if local(n).endswith("Gateway") and n.get("id", "").endswith("_join")]
    return found | {join: (join.removesuffix("_join"), -1) for join in joins}


def state(row: Definition) -> Json:
    """What a designer is told about a definition as it is stored."""
    return {"version": row.version, **findings(row), "svg": str(diagram.svg(row.bpmn))}


def offered() -> Json:
    """Roles, business lines and places that rules may name, in words."""
    places = [{"code": p, "label": str(PLACE_WORDS[p])} for p in PLACES]
    places += [
        {"code": "competent", "label": _("本级按条线主管的部门"), "takes": "line"},
        {"code": "upper", "label": _("上级按条线主管的部门"), "takes": "line"},
        {"code": "node", "label": str(PLACE_WORDS["node"]), "takes": "node"},
    ]
    return {
        "roles": [{"code": r.name, "label": _(r.label)} for r in ROLES.values() if not r.officer],
        "lines": [{"code": n.name, "label": _(n.label)} for n in LINES.values()],
        "places": places,
    }


def callable_by(row: Definition) -> list[Json]:
    """Processes in force where a definition is used, each with what its starter would fill in."""
    with system_actor("flows.engine").scope.activate():
        rows = Definition.objects.filter(state=Definition.State.PUBLISHED).exclude(code=row.code)
        near = {r.code: r for r in sorted(rows, key=lambda r: len(r.audience)) if row.path.startswith(r.audience)}
    told = []
    for code, found in sorted(near.items()):
        outline, _unfinished = look(found.bpmn, found.tables)
        fields = [
            {"code": f.code, "label": f.shown, "required": f.required} for f in outline.fields if f.start == "edit"
        ]
        told.append({"code": code, "name": found.label, "fields": fields})
    return told


def person_label(post: Post) -> str:
    """Whose post it is, told apart from their namesakes."""
    return _("%(name)s（%(place)s）") % {"name": post.person.name, "place": post.node}


def named(rules: Iterable[str]) -> dict[str, str]:
    """Names of the people and places that rules speak of by number and by path, as far as they are in sight."""
    people = {m["value"] for r in rules if (m := _PERSON.fullmatch(r))}
    paths = {m["value"] for r in rules if (m := _NODE.fullmatch(r))}
    posts = Post.objects.filter(person__number__in=people, is_main=True).select_related("person", "node")
    found = {f"person:{p.person.number}": person_label(p) for p in posts}
    return found | {f"node:{n.path}": str(n) for n in Node.objects.filter(path__in=paths)}


def rules_of(row: Definition) -> list[str]:
    """Every rule that a process names people by."""
    outline, _unfinished = look(row.bpmn, row.tables)
    return [rule for step in outline.steps.values() for rule in (*step.who, *step.cc)]
