"""The official layout (表号、制定机关、批准文号、有效期; unit, code, period; signatures; pages) as PDF: submissions, roll-ups, circulars.

Number, issuer, approval and term of a table are data of the form (``official`` in its specification); a form without them
is printed with the office that published it and no number.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from shuzheng.base.forms import ledger, names
from shuzheng.base.forms.grids import Filled, GridCell, Sheet
from shuzheng.base.forms.models import Circular, Definition, Rollup, Round, Signature, Submission
from shuzheng.base.forms.signing import of_edition
from shuzheng.base.org.models import Node
from shuzheng.base.portal import formats
from shuzheng.base.portal.typeset import pdf

LAYOUTS = Path(__file__).parent / "typst"
PRINTED = ("in", "auto", "na")
"""Kinds of cells that belong to the table; comparisons with other periods are for the screen."""


def submission_pdf(submission: Submission, filled: Filled) -> bytes:
    """What an institution handed in, or a draft of it (said so) that was not handed in yet."""
    held = of_edition(submission) if submission.edition else []
    notes = [] if submission.edition else [_("草稿，未提交。")]
    if submission.behalf:
        notes.append(_("由%(name)s代报：%(why)s") % {"name": submission.behalf, "why": submission.behalf_reason})
    if submission.is_nil:
        notes.append(_("零报告。"))
    if submission.corrections:
        notes.append(_("提交后订正 %(n)d 次。") % {"n": submission.corrections})
    at = submission.submitted_at
    return _table(
        submission.round, filled, submission.node.name, submission.node.uscc, notes,
        _signers({s.role: _signed(s) for s in held}, formats.full(at) if at else ""),
    )  # fmt: skip


def rollup_pdf(round_: Round, division: Node, filled: Filled, counted: int, asked: int, signed: Rollup | None) -> bytes:
    """A division's roll-up: how many institutions it holds, and who signed it."""
    notes = [_("应报 %(all)d 家，计入 %(n)d 家。") % {"all": asked, "n": counted}]
    if signed is None:
        notes.append(_("未签署。"))
    else:
        words = {"n": signed.edition, "digest": signed.members_digest[:16]}
        notes.append(_("第 %(n)d 次签署，成员版本摘要 %(digest)s。") % words)
    who = {Signature.Role.HEAD: signed.signed_by} if signed else {}
    at = formats.full(signed.signed_at) if signed else ""
    title = _("%(form)s综合表") % {"form": names.label(round_.definition)}
    return _table(round_, filled, division.name, "", notes, _signers(who, at), title=title)


def circular_pdf(row: Circular) -> bytes:
    """A circular with its table; a draft says so in its title."""
    draft = row.state == Circular.State.DRAFT
    heads = ledger.heads()
    return pdf(
        LAYOUTS / "circular.typ",
        {
            "title": _("%(title)s（草稿）") % {"title": row.title} if draft else row.title,
            "paragraphs": [p.strip() for p in row.text.splitlines() if p.strip()],
            "issuer": row.node.name,
            "date": "" if draft else formats.full(row.published_at),
            "table_title": _("附表：%(name)s报送情况") % {"name": row.division},
            "heads": [_("单位"), *(head for _field, head in heads)],
            "rows": [[_text(line.get(field)) for field in ("name", *(f for f, _head in heads))] for line in row.table],
        },
    )


def official(definition: Definition) -> list[list[str]]:
    """Number, issuer, approval and term, as they stand at the top right."""
    given: dict[str, str] = definition.spec.get("official") or {}
    lines = [
        (_("表　　号："), given.get("number", "")),
        (_("制定机关："), given.get("issuer") or definition.node.name),
        (_("批准文号："), given.get("approval", "")),
        (_("有效期至："), given.get("valid_to", "")),
    ]
    return [[head, str(text)] for head, text in lines]


def _table(
    round_: Round, filled: Filled, name: str, code: str, notes: Sequence[str], signers: Sequence[str], title: str = ""
) -> bytes:
    sections = [_section(sheet) for sheet in filled.sheets() if sheet.rows and not sheet.is_hidden]
    if filled.results():
        sections.append(_results(filled))
    widest = max((len(s["heads"]) for s in sections), default=0)
    said = [sheet.text for sheet in filled.sheets() if sheet.text]
    return pdf(
        LAYOUTS / "official.typ",
        {
            "title": title or names.label(round_.definition),
            "wide": widest > 6,
            "official": official(round_.definition),
            "unit_line": _("填报单位：%(name)s") % {"name": name},
            "code_line": _("统一社会信用代码：%(code)s") % {"code": code} if code else "",
            "period": names.period_label(filled.period),
            "right_line": _("计量单位：见表内"),
            "sections": sections,
            "notes": [*notes, *said],
            "signers": signers,
            "page_before": _("第"), "page_between": _("页，共"), "page_after": _("页"),
        },
    )  # fmt: skip


def _section(sheet: Sheet) -> dict[str, Any]:
    lines = sheet.kind == "rows"
    shown = [n for n, head in enumerate(sheet.heads) if head.kind != "ref"]
    units = not lines
    first = [_("序号")] if lines else [_("序号"), _("指标"), _("单位")]
    heads = [*first, *(_head(sheet, n) for n in shown)]
    rows = []
    for number, row in enumerate(sheet.rows, 1):
        cells = [c for c in row.cells if c.kind in PRINTED]
        lead = [row.number or str(number), row.title, row.unit] if units else [str(number)]
        if not lines or any(c.text for c in cells):
            rows.append([*lead, *(_said(c) for c in cells)])
    widths = [0, 3, 0] if units else [0]
    return {
        "title": sheet.title, "heads": heads, "rows": rows,
        "widths": [*widths, *([1] * len(shown))],
        "numbers": [False] * len(first) + [sheet.heads[n].css not in ("text", "choice", "date", "boolean") for n in shown],
    }  # fmt: skip


def _head(sheet: Sheet, place: int) -> str:
    head = sheet.heads[place]
    return f"{head.title}（{head.unit}）" if head.unit else head.title


def _results(filled: Filled) -> dict[str, Any]:
    return {
        "title": _("指标"),
        "heads": [_("指标"), _("单位"), _("数值")],
        "rows": [[item["title"], item["unit"], item["text"]] for item in filled.results()],
        "widths": [3, 1, 1],
        "numbers": [False, False, True],
    }


def _said(cell: GridCell) -> str:
    if cell.kind == "na":
        return "—"
    return dict(cell.choices).get(cell.value, cell.text) if cell.choices else cell.text


def _signed(row: Signature) -> str:
    return row.name if row.is_own else _("%(name)s（填表人代录）") % {"name": row.name}


def _signers(names_: dict[str, str], at: str) -> list[str]:
    """单位负责人、统计负责人、填表人、报出日期, in the order of the tables of the state."""
    order = (Signature.Role.HEAD, Signature.Role.STATISTICS, Signature.Role.FILLER)
    return [*(f"{role.label}：{names_.get(role, '')}" for role in order), _("报出日期：%(at)s") % {"at": at}]


def _text(value: Any) -> str:
    return formats.NONE if value is None else str(value)


__all__ = ["circular_pdf", "official", "rollup_pdf", "submission_pdf"]
