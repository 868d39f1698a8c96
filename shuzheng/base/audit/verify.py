"""Verification of the trail: a changed byte, a removed row, a cut tail, and what is not sealed yet."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext as _

from shuzheng.base.audit import checkpoints
from shuzheng.base.audit.chain import CONTENT, START, digest
from shuzheng.base.audit.checkpoints import Checkpoint
from shuzheng.base.core.scope import system_scope

FETCH = 5000
LISTED = 20
"""Faults and unsealed entries that the command lists; it counts all."""

_CHAIN = f"SELECT l.seq, l.entry_id, l.digest, {CONTENT}, e.id IS NULL FROM audit_link l LEFT JOIN audit_entry e ON e.id = l.entry_id ORDER BY l.seq"  # noqa: S608 - constant
_UNSEALED = "SELECT e.id FROM audit_entry e LEFT JOIN audit_link l ON l.entry_id = e.id WHERE l.seq IS NULL ORDER BY e.xid, e.id"


@dataclass(frozen=True)
class Finding:
    """Something that must not be. ``kind``: changed, removed, cut, checkpoint."""

    kind: str
    seq: int
    words: str
    entry: UUID | None = None


@dataclass
class Report:
    """What a verification saw. ``unsealed`` entries are no fault: they wait for the sealer."""

    links: int = 0
    last: str = START
    signed: int = 0
    """Number of the last link that a checkpoint vouches for."""
    checkpoints: int = 0
    findings: list[Finding] = field(default_factory=list)
    unsealed: list[UUID] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.findings


def verify() -> Report:
    """Walk the whole chain beside the checkpoints. About 100,000 entries a second; other work goes on meanwhile."""
    report = Report()
    # Read before the table: a link is committed before a checkpoint names it.
    marks = _checked_lines(report)
    with system_scope("audit.verify").activate():
        _walk(report, marks)
        with connection.cursor() as cursor:
            cursor.execute(_UNSEALED)
            report.unsealed = [row[0] for row in cursor.fetchall()]
    return report


def _checked_lines(report: Report) -> dict[int, str]:
    """Digests by number, as the checkpoints say; findings about the lines themselves."""
    marks: dict[int, str] = {}
    before, newest = "", None
    for number, (line, mark) in enumerate(checkpoints.read(), 1):
        if mark is None or mark.before != (checkpoints.sm3(before) if before else START):
            words = _("检查点文件第 {n} 行被改动，或前面有行被删除").format(n=number)
            report.findings.append(Finding("checkpoint", mark.seq if mark else 0, words))
        if mark is not None:
            marks[mark.seq] = mark.digest
            newest = mark
        before = line
        report.checkpoints = number
    if newest is not None:
        report.signed = newest.seq
        _check_signature(report, newest)
    return marks


def _check_signature(report: Report, newest: Checkpoint) -> None:
    if not checkpoints.is_genuine(newest):
        words = _("最后一个检查点的签名不是本服务器的")
        report.findings.append(Finding("checkpoint", newest.seq, words))


def _rows() -> Iterator[tuple[int, UUID, str, str, bool]]:
    # A cursor on the server: the chain may be far larger than memory.
    with connection.connection.cursor(name="audit_verify") as cursor:
        cursor.itersize = FETCH
        cursor.execute(_CHAIN)
        yield from cursor


def _walk(report: Report, marks: dict[int, str]) -> None:
    expected, before = 1, START
    for seq, entry, stored, content, gone in _rows():
        if seq != expected:
            words = _("链中第 {a} 至 {b} 环被删除").format(a=expected, b=seq - 1)
            report.findings.append(Finding("removed", expected, words))
        elif gone:
            report.findings.append(Finding("removed", seq, _("第 {n} 环的审计记录被删除").format(n=seq), entry))
        elif digest(before, seq, content) != stored:
            report.findings.append(Finding("changed", seq, _("第 {n} 环的审计记录被改动").format(n=seq), entry))
        if (signed := marks.get(seq)) is not None and signed != stored:
            words = _("第 {n} 环与检查点不符，链被重写").format(n=seq)
            report.findings.append(Finding("changed", seq, words, entry))
        # Going on from what is stored, so that one change is one finding.
        expected, before = seq + 1, stored
        report.links += 1
    report.last = before
    if report.signed >= expected:
        words = _("链尾被截断：检查点到第 {a} 环，表中只到第 {b} 环").format(a=report.signed, b=expected - 1)
        report.findings.append(Finding("cut", expected, words))


def command(args: argparse.Namespace) -> int:
    """``shuzheng audit verify``: 0 if all is well, 1 with the findings otherwise."""
    report = verify()
    say = sys.stdout.write
    say(
        _("已核对 {links} 环、{marks} 个检查点，签名覆盖到第 {signed} 环。").format(
            links=report.links, marks=report.checkpoints, signed=report.signed
        )
        + "\n"
    )
    for finding in report.findings[:LISTED]:
        say(f"✗ {finding.words}" + (f" ({finding.entry})" if finding.entry else "") + "\n")
    if len(report.findings) > LISTED:
        say(_("… 另有 {n} 处").format(n=len(report.findings) - LISTED) + "\n")
    if report.unsealed:
        say(_("尚未封存 {n} 条（等待后台任务）：").format(n=len(report.unsealed)) + "\n")
        for entry in report.unsealed[:LISTED]:
            say(f"  {entry}\n")
    say((_("审计完整。") if report.ok else _("审计不完整：立即保护现场，对照检查点的异地副本。")) + "\n")
    return 0 if report.ok else 1
