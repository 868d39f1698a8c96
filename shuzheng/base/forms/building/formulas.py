"""Formulas of a spreadsheet as expressions of the platform, where the language has them.

As in a spreadsheet, an empty cell counts as nought next to ``+`` and ``-``; a division by nought gives an empty result in
place of ``#DIV/0!``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from django.utils.translation import gettext as _

_TOKEN = re.compile(
    r"""\s*(?:
    (?P<number>\d+(?:\.\d+)?|\.\d+)
  | "(?P<text>(?:[^"]|"")*)"
  | (?P<sheet>'[^']+'!|[^\s'!(),+\-*/^&=<>"]+!)
  | \$?(?P<col>[A-Za-z]{1,3})\$?(?P<row>\d{1,7})(?![A-Za-z(])
  | (?P<name>[A-Za-z_][A-Za-z0-9_.]*)
  | (?P<sign><>|<=|>=|[-+*/^&=<>%(),:;{}])
)""",
    re.VERBOSE,
)
_LISTS = {"SUM": "sum", "MIN": "min", "MAX": "max", "AVERAGE": "mean", "COUNT": "count"}
_COMPARE = {"=": "=", "<>": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_AND_OR = {"AND": " and ", "OR": " or "}


class NotTaken(Exception):
    """A formula that the language does not have; says why."""


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str


@dataclass(frozen=True)
class _Part:
    """Expression text; ``is_cell`` for a single reference, ``items`` for a range."""

    text: str
    is_cell: bool = False
    items: tuple[str, ...] = ()


Lookup = Callable[[int, int], str]
"""The name of the cell at row and column, counted from 0. Raises NotTaken where there is none."""


def column_number(letters: str) -> int:
    """``A`` is 0, ``AA`` 26."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number - 1


def translate(formula: str, lookup: Lookup) -> str:
    """The expression of a formula (without ``=`` or with it).

    Raises:
        NotTaken: it uses something that the language does not have.
    """
    reader = _Reader(_tokens(formula.removeprefix("=")), lookup)
    part = reader.comparison()
    if reader.at < len(reader.tokens):
        raise NotTaken(_("公式里“%(text)s”之后看不懂") % {"text": reader.tokens[reader.at].text})
    return reader.plain(part)


def _tokens(text: str) -> list[_Token]:
    found, at = [], 0
    while at < len(text.rstrip()):
        m = _TOKEN.match(text, at)
        if not m:
            raise NotTaken(_("公式第 %(n)d 个字符看不懂") % {"n": at + 1})
        at = m.end()
        if m["sheet"]:
            raise NotTaken(_("引用了别的工作表"))
        if m["col"]:
            found.append(_Token("cell", f"{m['col']}{m['row']}"))
        else:
            kind = next(k for k in ("number", "text", "name", "sign") if m[k] is not None)
            found.append(_Token(kind, m[kind]))
    return found


class _Reader:
    def __init__(self, tokens: list[_Token], lookup: Lookup) -> None:
        self.tokens, self.lookup, self.at = tokens, lookup, 0

    def peek(self) -> str:
        return self.tokens[self.at].text if self.at < len(self.tokens) and self.tokens[self.at].kind == "sign" else ""

    def take(self, sign: str) -> None:
        if self.peek() != sign:
            raise NotTaken(_("公式里少了“%(sign)s”") % {"sign": sign})
        self.at += 1

    def plain(self, part: _Part) -> str:
        if part.items:
            raise NotTaken(_("区域只能用在求和、平均、最大、最小、计数里"))
        return part.text

    def number(self, part: _Part) -> str:
        """Next to ``+`` and ``-`` an empty cell is nought."""
        return f"coalesce({part.text}, 0)" if part.is_cell else self.plain(part)

    def comparison(self) -> _Part:
        left = self.sum()
        while self.peek() in _COMPARE:
            sign = _COMPARE[self.peek()]
            self.at += 1
            left = _Part(f"({self.plain(left)} {sign} {self.plain(self.sum())})")
        return left

    def sum(self) -> _Part:
        left = self.product()
        while self.peek() in ("+", "-", "&"):
            sign = self.peek()
            self.at += 1
            right = self.product()
            if sign == "&":
                left = _Part(f"({self.plain(left)} + {self.plain(right)})")
            else:
                left = _Part(f"({self.number(left)} {sign} {self.number(right)})")
        return left

    def product(self) -> _Part:
        left = self.power()
        while self.peek() in ("*", "/"):
            sign = self.peek()
            self.at += 1
            left = _Part(f"({self.plain(left)} {sign} {self.plain(self.power())})")
        return left

    def power(self) -> _Part:
        base = self.one()
        if self.peek() != "^":
            return base
        self.at += 1
        token = self.tokens[self.at] if self.at < len(self.tokens) else _Token("", "")
        if token.kind != "number" or token.text not in "0123456789":
            raise NotTaken(_("乘方的指数须是 0 到 9 的整数"))
        self.at += 1
        return _Part(f"({self.plain(base)} ** {token.text})")

    def one(self) -> _Part:
        if self.at >= len(self.tokens):
            raise NotTaken(_("公式没有写完"))
        token = self.tokens[self.at]
        self.at += 1
        part = self.primary(token)
        if self.peek() == "%":
            self.at += 1
            part = _Part(f"({self.plain(part)} / 100)")
        return part

    def primary(self, token: _Token) -> _Part:
        match token.kind:
            case "number":
                return _Part("0" + token.text if token.text.startswith(".") else token.text)
            case "text":
                plain = token.text.replace('""', '"')
                return _Part("null" if plain == "" else '"' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"')
            case "cell":
                return self.cell(token)
            case "name":
                return self.function(token.text.upper())
        if token.text == "(":
            inner = self.comparison()
            self.take(")")
            return _Part(f"({self.plain(inner)})") if not inner.is_cell else inner
        if token.text in ("-", "+"):
            inner = self.one()
            return _Part(f"(-{self.number(inner)})") if token.text == "-" else inner
        raise NotTaken(_("“%(text)s”看不懂") % {"text": token.text})

    def cell(self, token: _Token) -> _Part:
        row, column = self.place(token.text)
        if self.peek() != ":":
            return _Part(self.lookup(row, column), is_cell=True)
        self.at += 1
        end = self.tokens[self.at] if self.at < len(self.tokens) else _Token("", "")
        if end.kind != "cell":
            raise NotTaken(_("整行、整列的引用"))
        self.at += 1
        bottom, right = self.place(end.text)
        if (bottom - row + 1) * (right - column + 1) > 400:
            raise NotTaken(_("区域超过 400 格"))
        items = [self.lookup(r, c) for r in range(row, bottom + 1) for c in range(column, right + 1)]
        return _Part("", items=tuple(items))

    @staticmethod
    def place(text: str) -> tuple[int, int]:
        letters = text.rstrip("0123456789")
        return int(text[len(letters) :]) - 1, column_number(letters)

    def arguments(self) -> list[_Part]:
        self.take("(")
        found = []
        while self.peek() != ")":
            found.append(self.comparison())
            if self.peek() == ",":
                self.at += 1
        self.take(")")
        return found

    def function(self, name: str) -> _Part:
        if name in ("TRUE", "FALSE"):
            if self.peek() == "(":
                self.arguments()
            return _Part(name.lower())
        args = self.arguments()
        if name in _LISTS:
            items = [text for a in args for text in (a.items or (a.text,))]
            return _Part(f"{_LISTS[name]}({', '.join(items)})")
        texts = [self.plain(a) for a in args]
        if name in _AND_OR and texts:
            return _Part("(" + _AND_OR[name].join(texts) + ")")
        if name == "NOT" and len(texts) == 1:
            return _Part(f"not({texts[0]})")
        if name == "ABS" and len(texts) == 1:
            return _Part(f"abs({texts[0]})")
        if name == "ROUND" and len(texts) == 2:
            return _Part(f"round({texts[0]}, {texts[1]})")
        if name == "IFERROR" and len(texts) == 2:
            return _Part(texts[0] if texts[1] == "null" else f"coalesce({texts[0]}, {texts[1]})")
        if name == "IF" and len(texts) in (2, 3):
            return _Part(f"(if {texts[0]} then {texts[1]} else {texts[2] if len(texts) == 3 else 'null'})")
        raise NotTaken(_("没有函数 %(name)s") % {"name": name})


__all__ = ["NotTaken", "column_number", "translate"]
