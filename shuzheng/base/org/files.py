"""Institutions in and out: the import's action, template, export, and ``shuzheng org import FILE``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from datetime import date
from hashlib import sha256
from io import TextIOWrapper
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from django.utils import timezone
from django.utils.translation import gettext as _

from shuzheng.base.core import ports
from shuzheng.base.core.action import Write, action
from shuzheng.base.core.actor import Actor, system_actor
from shuzheng.base.core.bulk import insert_many
from shuzheng.base.core.scope import Range, system_scope
from shuzheng.base.core.treelocks import lock_subtrees
from shuzheng.base.org import versions
from shuzheng.base.org.divisions import load_divisions
from shuzheng.base.org.institutions import PERMISSION, PROFILE, Plan, Row, columns, read_institutions
from shuzheng.base.org.models import InstitutionType, Node, NodeKind, OrganProfile
from shuzheng.base.org.places import division_code, read_aloud
from shuzheng.base.registers.workbooks import write_csv, write_xlsx
from shuzheng.kernel.errors import Denied, FieldFault, Invalid

SPOOL = 8_000_000
"""Bytes of a file kept in memory before it goes to the disk."""

SHOWN_FAULTS = 200
"""Faults that the command line prints; the file is to be mended, not the terminal filled."""


def import_institutions(
    plan: Plan, *, actor: Actor, on: date | None = None, key: str = "", partly: bool = False
) -> list[Node]:
    """Write what ``read_institutions`` found right: new institutions, and what has changed of known ones, from ``on`` (today).

    All or nothing, unless ``partly`` was asked for. Returns the nodes of all rows.

    Raises:
        Invalid: there are faults, nothing is left to write, or ``on`` is ahead.
    """
    on = on or timezone.localdate()
    if plan.faults and not partly:
        raise Invalid(_("有 %(n)d 处错误，没有导入。改正后再导入。") % {"n": len(plan.faults)}, plan.faults)
    if not plan.rows:
        raise Invalid(_("没有可以导入的机构。"), plan.faults)
    if on > timezone.localdate():
        raise Invalid(_("导入不能定在以后的日期。"))
    keys = {row.node.division_id for row in plan.rows}
    with actor.scope.activate():
        divisions = list(Node.objects.filter(pk__in=keys).order_by("path"))
    told = "\n".join(f"{r.node.path} {r.facts} {r.profile} {r.is_reporting}" for r in plan.rows)
    digest = sha256(told.encode()).hexdigest()
    return _import(divisions, actor=actor, key=key, rows=plan.rows, on=on, content=digest)


@action(PERMISSION, handover=True)
def _import(w: Write, divisions: Sequence[Node], *, rows: list[Row], on: date, content: str) -> list[Node]:
    allowed = {d.pk for d in divisions}
    if any(row.node.division_id not in allowed for row in rows):
        raise Denied(code=PERMISSION)
    fresh = [row for row in rows if row.is_new]
    with system_scope("org.import").activate():
        lock_subtrees((), (d.path for d in divisions))
        _check_still_free(fresh)
        for row in fresh:
            row.node.valid_from = on
        w.create(*(row.node for row in fresh))
        w.flush()
        insert_many([versions.first_version(row.node) for row in fresh])
        changed = _change(w, [row for row in rows if not row.is_new], on)
        _profiles(w, rows)
        w.flush()
        # Written here: one range covers all owners; outside, each entry would be held against thousands.
        ports.write_audit(w.lines)
        w.lines.clear()
        payload = {"verb": "import", "on": on.isoformat(), "created": len(fresh), "changed": changed}
        ids = [str(row.node.pk) for row in rows]
        ports.publish_event("org.node.reorganised", ids, payload, w.actor)
    return [row.node for row in rows]


def _check_still_free(fresh: Sequence[Row]) -> None:
    """What was free when the sheet was read may be taken when it is written."""
    paths = set(Node.objects.filter(path__in=[r.node.path for r in fresh]).values_list("path", flat=True))
    used = Node.objects.filter(uscc__in=[r.node.uscc for r in fresh if r.node.uscc], valid_to=None)
    codes = set(used.values_list("uscc", flat=True))
    faults = [
        FieldFault("code", _("刚刚有人建立了同样的单位。重新读取文件。"), row=row.number, value=row.node.name)
        for row in fresh
        if row.node.path in paths or row.node.uscc in codes
    ]
    if faults:
        raise Invalid(faults=faults)


def _change(w: Write, rows: Sequence[Row], on: date) -> int:
    changes = {
        row.node: facts
        for row in rows
        if (facts := {name: value for name, value in row.facts.items() if getattr(row.node, name) != value})
    }
    versions.amend(changes, on, late=True)
    current = versions.today(changes, timezone.localdate())
    for node, facts in changes.items():
        values = {name: getattr(current[node.pk], name) for name in facts}
        if "name" in values:
            aloud = Node(name=values["name"])
            read_aloud(aloud)
            values |= {"pinyin": aloud.pinyin, "initials": aloud.initials}
        w.change(node, **values, version=node.version + 1)
    for row in rows:
        if row.is_reporting is not None:
            w.change(row.node, is_reporting=row.is_reporting)
    return len(changes)


def _profiles(w: Write, rows: Sequence[Row]) -> None:
    told = [row for row in rows if row.profile]
    known = {
        profile.node_id: profile for profile in OrganProfile.objects.filter(node__in=[row.node.pk for row in told])
    }
    for row in told:
        profile = known.get(row.node.pk)
        if profile is None:
            profile = OrganProfile(**row.profile)
            profile.node, profile.path = row.node, row.node.path
            w.create(profile)
        else:
            w.change(profile, **row.profile)


# Out


def write_template(file: IO[bytes]) -> None:
    """An empty sheet to fill in, with drop-downs and notes."""
    notes = [
        _("一行一个单位。有统一社会信用代码的按它找到已有单位，没有的按区划和单位代码。"),
        _("空着的格不改动已有内容。名称改了，旧名留在历史里。"),
    ]
    write_xlsx(file, columns(), name=_("机构"), notes=notes, template=True)


def write_export(file: IO[bytes], *, within: str = "") -> int:
    """The living organs at and below the path ``within`` as a workbook that can be imported again; returns how many.

    Staffing and contact stand only where the running scope may read them.
    """
    return write_xlsx(file, columns(), _rows(within), name=_("机构"))


def write_export_csv(file: IO[str], *, within: str = "") -> int:
    """As ``write_export``, as comma-separated text."""
    return write_csv(file, columns(), _rows(within))


def spooled_template() -> IO[bytes]:
    """The template as a file to send."""
    file = SpooledTemporaryFile(SPOOL)  # noqa: SIM115 — the response closes it
    write_template(file)
    file.seek(0)
    return file


def spooled_export(kind: str, within: str) -> IO[bytes]:
    """The export as a file to send, ``xlsx`` or ``csv``: written before the answer begins, as the scope ends with it."""
    file = SpooledTemporaryFile(SPOOL)  # noqa: SIM115 — the response closes it
    if kind == "csv":
        text = TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
        write_export_csv(text, within=within)
        text.detach()
    else:
        write_export(file, within=within)
    file.seek(0)
    return file


def _rows(within: str) -> Iterator[list[Any]]:
    span = Range.subtree(within)
    nodes = Node.objects.filter(kind=NodeKind.ORGAN, valid_to=None, path__gte=span.lo, path__lt=span.hi)
    codes = {d.pk: division_code(d.path) for d in Node.objects.filter(kind=NodeKind.DIVISION)}
    labels = dict(InstitutionType.choices)
    last, size = "", 2000
    while batch := list(nodes.filter(path__gt=last).order_by("path")[:size]):
        profiles = {p.node_id: p for p in OrganProfile.objects.filter(node__in=[n.pk for n in batch])}
        for node in batch:
            profile = profiles.get(node.pk)
            yield [
                node.name, codes[node.division_id], node.uscc, node.code, node.short_name,
                str(labels.get(node.type, "")), node.level, node.is_reporting,
                *(getattr(profile, name) if profile else None for name in PROFILE),
            ]  # fmt: skip
        last = batch[-1].path


# The command


def import_command(args: argparse.Namespace) -> int:
    """``shuzheng org import FILE``: load the divisions if they are not there, then the institutions of a file.

    All or nothing: prints each fault with its row and column and returns 1, or the counts and 0.
    """
    actor = system_actor("org.import")
    say = sys.stdout.write
    try:
        content = args.file.read_bytes()
    except OSError as fault:
        say(_("读不到 %(file)s：%(why)s\n") % {"file": args.file, "why": fault.strerror})
        return 1
    try:
        with actor.scope.activate():
            if fresh := load_divisions(actor):
                say(_("已装入 %(n)d 个行政区划。\n") % {"n": len(fresh)})
            plan = read_institutions(content, args.file.name, actor=actor)
        for note in plan.notes:
            say(note + "\n")
        nodes = import_institutions(plan, actor=actor)
    except Invalid as fault:
        for item in fault.faults[:SHOWN_FAULTS]:
            say(fault_line(item) + "\n")
        if len(fault.faults) > SHOWN_FAULTS:
            say(_("……另有 %(n)d 处。\n") % {"n": len(fault.faults) - SHOWN_FAULTS})
        say(fault.message + "\n")
        return 1
    say(_("导入 %(n)d 家：新建 %(new)d 家，其余已核对更新。\n") % {"n": len(nodes), "new": plan.created})
    return 0


def fault_line(fault: FieldFault) -> str:
    """A fault in one line: where, what was found there, why."""
    place = ""
    if fault.row:
        place = _("第 %(row)d 行 ") % {"row": fault.row}
    if fault.column:
        place += _("%(column)s 列 ") % {"column": fault.column}
    value = f"“{fault.value}” " if fault.value else ""
    return f"{place}{value}{fault.message}"


__all__ = [
    "fault_line", "import_command", "import_institutions", "read_institutions", "spooled_export", "spooled_template", "write_export",
    "write_export_csv", "write_template",
]  # fmt: skip
