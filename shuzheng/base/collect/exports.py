"""Answers as a workbook, and the files that came with them as an archive."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import IO, Any

from django.utils.translation import gettext as _

from shuzheng.base.collect.door import values_of
from shuzheng.base.collect.figures import find
from shuzheng.base.collect.models import Answer, Collection
from shuzheng.base.collect.questions import Question, load
from shuzheng.base.files import store
from shuzheng.base.files.models import Attachment
from shuzheng.base.registers.workbooks import SheetColumn, write_xlsx

CHUNK = 500
UNSAFE = re.compile(r'[\\/:*?"<>|\x00-\x1f]+')


def sheet(file: IO[bytes], row: Collection) -> int:
    """One line an answer, a column a question; returns the number of answers."""
    questions = load(row.questions)
    who = [SheetColumn(_("填写人")), SheetColumn(_("单位"), width=28), SheetColumn(_("提交时间"), "datetime")]
    columns = [
        *(who if row.is_named else [SheetColumn(_("提交日期"), "date")]),
        *(SheetColumn(q.label, _KINDS.get(q.kind, "text"), q.unit) for q in questions),  # type: ignore[arg-type]
    ]
    return write_xlsx(file, columns, _lines(row, questions), name=_("答卷"))


_KINDS = {"number": "number", "rating": "integer", "date": "text"}


def _lines(row: Collection, questions: Sequence[Question]) -> Iterator[list[Any]]:
    for chunk in chunks(row):
        values = values_of(chunk)
        for answer in chunk:
            head = [answer.by, answer.organ_name, answer.sent_at] if row.is_named else [answer.sent_on]
            yield [*head, *(_cell(q, answer, values[answer.pk].get(q.code, [])) for q in questions)]


def chunks(row: Collection) -> Iterator[list[Answer]]:
    """All answers of a collection, some hundred at a time."""
    rows, after = find(row), None
    while chunk := list((rows.filter(pk__gt=after) if after else rows)[:CHUNK]):
        yield chunk
        after = chunk[-1].pk


def _cell(question: Question, answer: Answer, texts: list[str]) -> Any:
    if question.kind == "file":
        return answer.files.get(question.code, {}).get("name", "")
    if not texts:
        return None
    return Decimal(texts[0]) if question.kind in ("number", "rating") else "、".join(texts)


def archive(file: IO[bytes], row: Collection) -> int:
    """The files of all answers, named by who sent them; returns how many. Contents are read one at a time."""
    questions = {q.code: q.label for q in load(row.questions)}
    count = 0
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as bundle:
        for chunk in chunks(row):
            ids = {f["id"]: (a, code) for a in chunk for code, f in a.files.items()}
            for attachment in Attachment.objects.filter(pk__in=list(ids)).order_by("pk"):
                count += 1
                answer, code = ids[str(attachment.pk)]
                parts = [f"{count:04d}", answer.organ_name, answer.by, questions.get(code, code), attachment.name]
                name = UNSAFE.sub("_", "-".join(p for p in parts if p))[-200:]
                with store.get(attachment.digest) as content, bundle.open(name, "w") as target:
                    for piece in content.chunks():
                        target.write(piece)
    return count


__all__ = ["archive", "sheet"]
