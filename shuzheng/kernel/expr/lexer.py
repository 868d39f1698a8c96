"""Text of an expression to tokens. Full-width marks and ≥ ≤ ≠ × ÷, as a Chinese keyboard gives them, are understood."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from shuzheng.kernel.expr.types import MAX_LENGTH, ExprError
from shuzheng.kernel.words import gettext

KEYWORDS = frozenset({"and", "or", "if", "then", "else", "in", "between", "true", "false", "null"})

_WIDE = {c: c - 0xFEE0 for c in range(0xFF01, 0xFF5F) if c != 0xFF02} | {0x3000: 0x20, 0x2212: 0x2D}
_SIGNS = {"≥": ">=", "≤": "<=", "≠": "!=", "×": "*", "÷": "/"}

_TOKEN = re.compile(
    r"""
    (?P<space>\s+)
  | (?P<number>[0-9]+(?:\.[0-9]+)?(?!\w))
  | (?P<text>"(?:[^"\\]|\\.)*")
  | (?P<call>(?:starts\s+with|ends\s+with|months\s+between|days\s+between|string\s+length)(?=\s*\())
  | (?P<name>[^\W\d]\w*(?:\.\w+)*|\?)
  | (?P<op>\*\*|<=|>=|!=|\.\.|[-+*/=<>()\[\],≥≤≠×÷])
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPES = {'"': '"', "\\": "\\", "n": "\n", "t": "\t"}


@dataclass(frozen=True, slots=True)
class Token:
    """`kind` is number, text, name, end, or the operator or keyword itself; `at` its offset."""

    kind: str
    text: str
    at: int


def tokens(text: str) -> list[Token]:
    """All tokens, closed by one of kind `end`. Raises ExprError."""
    text = unicodedata.normalize("NFC", text)
    if len(text) > MAX_LENGTH:
        raise ExprError(gettext("表达式过长，最多 %(n)d 个字符") % {"n": MAX_LENGTH})
    narrow = text.translate(_WIDE)  # one character for one: offsets stay
    out: list[Token] = []
    at = 0
    while at < len(narrow):
        m = _TOKEN.match(narrow, at)
        if m is None:
            raise ExprError(_why(narrow, at), at)
        kind, piece = str(m.lastgroup), m[0]
        if kind == "text":
            out.append(Token("text", _unescape(text[at + 1 : m.end() - 1], at), at))
        elif kind == "op":
            sign = _SIGNS.get(piece, piece)
            out.append(Token(sign, sign, at))
        elif kind == "name":
            out.append(Token(piece if piece in KEYWORDS else "name", piece, at))
        elif kind == "call":
            out.append(Token("name", "_".join(piece.split()), at))
        elif kind == "number":
            out.append(Token("number", piece, at))
        at = m.end()
    out.append(Token("end", "", len(text)))
    return out


def _unescape(body: str, at: int) -> str:
    def one(m: re.Match[str]) -> str:
        try:
            return _ESCAPES[m[1]]
        except KeyError:
            said = gettext("文字中不能用 %(sign)s") % {"sign": m[0]}
            raise ExprError(said, at + m.start() + 1) from None

    if "\0" in body:
        raise ExprError(gettext("文字中不能有空字符"), at)
    return re.sub(r"\\(.)", one, body, flags=re.DOTALL)


def _why(text: str, at: int) -> str:
    char = text[at]
    if char == '"':
        return gettext("文字没有收尾的引号")
    if char in "\u201c\u201d'\u2018\u2019\uff02":
        return gettext('文字请用英文双引号 " 括起')
    if char.isdigit():
        return gettext("名称不能以数字开头，数字与文字之间须有运算符")
    return gettext("不认识的字符“%(char)s”") % {"char": char}


__all__ = ["KEYWORDS", "Token", "tokens"]
