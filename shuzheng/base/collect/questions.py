"""Questions of a collection: reading what people type or paste, and reading answers, each by its kind."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shuzheng.kernel.errors import FieldFault, Invalid
from shuzheng.kernel.text import clean_number, fold

KINDS = {
    "text": gettext_lazy("文字"),
    "number": gettext_lazy("数字"),
    "choice": gettext_lazy("单选"),
    "choices": gettext_lazy("多选"),
    "date": gettext_lazy("日期"),
    "phone": gettext_lazy("电话"),
    "file": gettext_lazy("文件"),
    "rating": gettext_lazy("评分"),
}
PICKED = frozenset({"choice", "choices"})
PERSONAL = frozenset({"phone", "file"})
"""Kinds that hold personal data by their nature."""
MOST, LABEL, TEXT, OPTIONS, OPTION = 60, 120, 2000, 60, 80
STARS = 5

_PHONE = re.compile(r"\+?\d[\d-]{4,18}\d")
_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")
_UNIT = re.compile(r"^(?P<name>.+?)[（(](?P<unit>[^（）()]{1,12})[）)]$")
_OPTIONS = re.compile(r"^(?P<name>[^：:]{1,80})[：:](?P<rest>.+)$")
_SPLIT = re.compile(r"[、/|；;\n]+|\s{2,}")


@dataclass(frozen=True)
class Question:
    """One question. ``options`` for choices, ``unit`` for numbers, ``prefill`` names a fact of the asked organ's profile."""

    code: str
    kind: str
    label: str
    required: bool = False
    unit: str = ""
    options: tuple[str, ...] = field(default=())
    prefill: str = ""

    @property
    def kind_label(self) -> str:
        return str(KINDS[self.kind])

    @property
    def more(self) -> str:
        """What the make page shows beside the label: the options, a line each, or the unit."""
        return "\n".join(self.options) if self.kind in PICKED else self.unit

    def data(self) -> dict[str, Any]:
        return {**asdict(self), "options": list(self.options)}


def load(raw: Sequence[Mapping[str, Any]]) -> tuple[Question, ...]:
    """Questions as they are stored."""
    return tuple(Question(**{**q, "options": tuple(q.get("options", ()))}) for q in raw)


def read(rows: Sequence[Mapping[str, Any]]) -> tuple[Question, ...]:
    """Questions as they were typed: ``{code, kind, label, more, required}``. Rows without a label are left out.

    Raises:
        Invalid: one fault a question, its field ``q<place>``.
    """
    found: list[Question] = []
    faults: list[FieldFault] = []
    codes = {str(r.get("code", "")) for r in rows}
    fresh = (f"q{n}" for n in range(1, 10_000) if f"q{n}" not in codes)
    for place, row in enumerate(rows, 1):
        label = fold(str(row.get("label", "")))[:LABEL]
        if not label:
            continue
        kind = str(row.get("kind", "text"))
        more = str(row.get("more", "")).strip()
        options = tuple(dict.fromkeys(o for part in _SPLIT.split(more) if (o := fold(part)[:OPTION])))
        at = f"q{place}"
        if kind not in KINDS:
            faults.append(FieldFault(at, _("第 %(n)d 题没有选题型。") % {"n": place}))
            continue
        if kind in PICKED and len(options) < 2:
            faults.append(
                FieldFault(at, _("第 %(n)d 题“%(label)s”至少写两个选项，一行一个。") % {"n": place, "label": label})
            )
        if len(options) > OPTIONS:
            faults.append(FieldFault(at, _("第 %(n)d 题选项太多，最多 %(most)d 个。") % {"n": place, "most": OPTIONS}))
        code = str(row.get("code", ""))
        found.append(
            Question(
                code if re.fullmatch(r"q\d{1,5}", code) and code not in {q.code for q in found} else next(fresh), kind, label,
                bool(row.get("required")), fold(more)[:20] if kind == "number" else "",
                options if kind in PICKED else (), str(row.get("prefill", ""))[:40],
            )
        )  # fmt: skip
    if not found and not faults:
        faults.append(FieldFault("questions", _("至少写一个问题。")))
    if len(found) > MOST:
        faults.append(FieldFault("questions", _("问题最多 %(n)d 个。") % {"n": MOST}))
    doubled = {q.label for q in found if sum(q.label == other.label for other in found) > 1}
    faults += [FieldFault("questions", _("“%(label)s”写了两次。") % {"label": label}) for label in sorted(doubled)]
    if faults:
        raise Invalid(_("问题还没写完。"), faults)
    return tuple(found)


def paste(text: str) -> tuple[Question, ...]:
    """Questions from pasted lines, or from a heading copied out of a sheet (cells parted by tabs).

    ``姓名*`` must be answered; ``人数（人）`` is a number with its unit; ``是否参加：是/否`` a choice, ``可选日期：周一/周二（多选）`` several.
    """
    lines = [fold(cell) for line in text.splitlines() for cell in line.split("\t")]
    found = [_guess(f"q{n}", re.sub(r"^\d{1,2}[.、)）]\s*", "", line)) for n, line in enumerate(filter(None, lines), 1)]
    return tuple(q for q in found[:MOST] if q.label)


_PHONES = ("电话", "手机", "phone")
_FILES = ("附件", "照片", "图片", "扫描件", "文件", "photo", "file")
_COUNTS = ("人数", "数量", "金额", "面积", "台数", "辆数", "个数", "次数", "天数")


def _guess(code: str, line: str) -> Question:
    required = line.endswith(("*", "＊", "（必填）", "(必填)"))
    line = re.sub(r"(?:[*＊]|[（(]必填[）)])$", "", line).strip()
    several = re.search(r"[（(]多选[）)]$", line) is not None
    line = re.sub(r"[（(][单多]选[）)]$", "", line).strip()
    if match := _OPTIONS.match(line):
        options = tuple(dict.fromkeys(o for p in re.split(r"[、/|；;，,]+", match["rest"]) if (o := fold(p)[:OPTION])))
        if len(options) > 1:
            return Question(code, "choices" if several else "choice", match["name"][:LABEL], required, options=options)
    line = line.rstrip("：:")
    if match := _UNIT.match(line):
        return Question(code, "number", match["name"][:LABEL], required, unit=match["unit"])
    if line.startswith("是否"):
        return Question(code, "choice", line[:LABEL], required, options=(_("是"), _("否")))
    kind = "text"
    for words, said in (
        (_PHONES, "phone"),
        (_FILES, "file"),
        (_COUNTS, "number"),
        (("日期", "date"), "date"),
        (("满意度", "评分", "satisfaction"), "rating"),
    ):
        if line.lower().endswith(words):
            kind = said
            break
    return Question(code, kind, line[:LABEL], required)


@dataclass(frozen=True)
class Given:
    """What was answered to one question: texts, a number or a day. A file is none of them: it is attached."""

    code: str
    texts: tuple[str, ...] = ()
    number: Decimal | None = None
    day: date | None = None
    sealed: str = ""

    @property
    def shown(self) -> str:
        """In words, with what is personal left out."""
        if self.sealed:
            return "***"
        if self.number is not None:
            return f"{self.number.normalize():f}"
        return self.day.isoformat() if self.day else "、".join(self.texts)


def answers(
    questions: Sequence[Question], values: Mapping[str, Sequence[str]], files: frozenset[str] = frozenset()
) -> list[Given]:
    """Read an answer: ``values`` by code of the question, ``files`` the codes that a file comes with or is there already.

    Raises:
        Invalid: one fault for each question, its field the code.
    """
    found: list[Given] = []
    faults: list[FieldFault] = []
    for question in questions:
        texts = [t for v in values.get(question.code, ()) if (t := str(v).replace("\x00", "").strip())]
        if question.kind == "file":
            if question.required and question.code not in files:
                faults.append(FieldFault(question.code, _("选一个文件。")))
            continue
        if not texts:
            if question.required:
                faults.append(FieldFault(question.code, _("这一题要填。")))
            continue
        try:
            found.append(_answer(question, texts))
        except ValueError as fault:
            faults.append(FieldFault(question.code, str(fault), value=texts[0][:100]))
    if faults:
        raise Invalid(_("有 %(n)d 题要改。") % {"n": len(faults)}, faults)
    return found


def _answer(question: Question, texts: list[str]) -> Given:
    first, code = texts[0], question.code
    if question.kind == "number":
        number = clean_number(first)
        if abs(number) >= 10**17 or number != round(number, 6):
            raise ValueError(_("数太大，或小数超过 6 位。"))
        return Given(code, number=number)
    if question.kind == "rating":
        if first not in {str(n) for n in range(1, STARS + 1)}:
            raise ValueError(_("评 1 到 %(n)d 分。") % {"n": STARS})
        return Given(code, number=Decimal(first))
    if question.kind in PICKED:
        chosen = [o for o in question.options if o in texts]
        if len(chosen) != len(set(texts)) or (question.kind == "choice" and len(chosen) > 1):
            raise ValueError(_("从选项里选。"))
        return Given(code, tuple(chosen))
    if question.kind == "date":
        return Given(code, day=_day(first))
    if question.kind == "phone":
        number = fold(first).replace(" ", "")
        if not _PHONE.fullmatch(number):
            raise ValueError(_("电话只写数字和连字符，如 0578-2123456。"))
        return Given(code, sealed=number)
    if len(first) > TEXT:
        raise ValueError(_("最多 %(n)d 字，现有 %(now)d 字。") % {"n": TEXT, "now": len(first)})
    return Given(code, (first,))


def _day(text: str) -> date:
    match = _DAY.fullmatch(fold(text))
    if match is None:
        raise ValueError(_("日期写成 2026-10-14。"))
    try:
        return date(*map(int, match.groups()))
    except ValueError:
        raise ValueError(_("没有 %(day)s 这一天。") % {"day": text[:20]}) from None
