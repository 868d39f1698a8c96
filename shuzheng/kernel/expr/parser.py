"""Tokens to tree.

From loosest to tightest: `or`; `and`; comparison, `in`, `between` (not to be chained); `+ -`; `* /`; sign; `**`.
`if … then … else …` takes all to its right. Parsing knows no types; see `check.py`.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import lru_cache

from shuzheng.kernel.expr.lexer import KEYWORDS, Token, tokens
from shuzheng.kernel.expr.types import MAX_NESTING, NAME_DIGITS, SCALE, ExprError, Node, node
from shuzheng.kernel.words import gettext

COMPARISONS = frozenset({"=", "!=", "<", "<=", ">", ">="})
_LEVELS: tuple[frozenset[str], ...] = (
    frozenset({"or"}),
    frozenset({"and"}),
    frozenset(),
    frozenset({"+", "-"}),
    frozenset({"*", "/"}),
)
_COMPARING, _ADDING = 2, 3
_SUBJECT = "?"


@lru_cache(maxsize=4096)
def parse(text: str) -> Node:
    """The tree of an expression. Parsed once: equal texts share one tree. Raises ExprError."""
    parser = _Parser(text)
    tree = parser.expression()
    parser.finish()
    return tree


@lru_cache(maxsize=4096)
def parse_unary(text: str) -> Node:
    """The tree of a cell of a decision table (DMN unary tests) as a condition on the name `?`.

    `-` is always true; `< 5`, `[1..3)`, `]1..3[`, `"a", "b"`, `not("a")`, `? > 3 and ? < 9`. Raises ExprError.
    """
    parser = _Parser(text)
    tree = parser.unary_tests()
    parser.finish()
    return tree


class _Parser:
    def __init__(self, text: str) -> None:
        self.tokens = tokens(text)
        self.place = 0
        self.nesting = 0

    # Moving on

    @property
    def now(self) -> Token:
        return self.tokens[self.place]

    def take(self, kind: str) -> bool:
        if self.now.kind != kind:
            return False
        self.place += 1
        return True

    def need(self, kind: str, reason: str) -> Token:
        token = self.now
        if not self.take(kind):
            said = {"reason": reason, "found": token.text}
            raise ExprError(
                gettext("%(reason)s，这里是“%(found)s”") % said
                if token.text
                else gettext("%(reason)s，表达式到此已结束") % said,
                token.at,
            )
        return token

    def finish(self) -> None:
        token = self.now
        if token.kind in COMPARISONS or token.kind in ("in", "between"):
            raise ExprError(gettext("比较不能连写，请用 and 连接，或用 between"), token.at)
        if token.kind != "end":
            raise ExprError(gettext("多出了“%(text)s”") % {"text": token.text}, token.at)

    # Expressions

    def expression(self, level: int = 0) -> Node:
        if level == _COMPARING:
            return self.comparison()
        if level == len(_LEVELS):
            return self.sign()
        left = self.expression(level + 1)
        while self.now.kind in _LEVELS[level]:
            op = self.now
            self.place += 1
            left = node(op.kind, left, self.expression(level + 1), at=op.at)
        return left

    def comparison(self) -> Node:
        left = self.expression(_ADDING)
        op = self.now
        if op.kind in COMPARISONS:
            self.place += 1
            return node(op.kind, left, self.expression(_ADDING), at=op.at)
        if self.take("between"):
            low = self.expression(_ADDING)
            self.need("and", gettext("between 之后应为 a and b"))
            high = self.expression(_ADDING)
            return node("in", left, node("range", low, high, value="[]", at=op.at), at=op.at)
        if self.take("in"):
            return node("in", left, *self.tests(), at=op.at)
        return left

    def sign(self) -> Node:
        op = self.now
        if not self.take("-"):
            return self.power()
        self.deeper(op)
        inner = self.sign()
        self.nesting -= 1
        return node("neg", inner, at=op.at)

    def power(self) -> Node:
        base = self.primary()
        op = self.now
        if not self.take("**"):
            return base
        exponent = self.need("number", gettext("乘方的指数须是 0 到 9 的整数"))
        if exponent.text not in tuple("0123456789"):
            raise ExprError(gettext("乘方的指数须是 0 到 9 的整数"), exponent.at)
        return node("pow", base, value=int(exponent.text), at=op.at)

    def deeper(self, token: Token) -> None:
        self.nesting += 1
        if self.nesting > MAX_NESTING:
            raise ExprError(gettext("嵌套太深，最多 %(n)d 层") % {"n": MAX_NESTING}, token.at)

    def primary(self) -> Node:
        token = self.now
        self.deeper(token)
        try:
            self.place += 1
            match token.kind:
                case "number":
                    return node("lit", value=_number(token), at=token.at)
                case "text":
                    return node("lit", value=token.text, at=token.at)
                case "true" | "false":
                    return node("lit", value=token.kind == "true", at=token.at)
                case "null":
                    return node("lit", at=token.at)
                case "name":
                    return self.name(token)
                case "(":
                    inner = self.expression()
                    self.need(")", gettext("缺少右括号"))
                    return inner
                case "[":
                    items = self.items("]", gettext("列表缺少右方括号"))
                    return node("list", *items, at=token.at)
                case "if":
                    return self.choice(token)
            self.place -= 1
            raise ExprError(_unexpected(token), token.at)
        finally:
            self.nesting -= 1

    def name(self, token: Token) -> Node:
        if not self.take("("):
            if token.text == "not":
                raise ExprError(gettext("not 请写作 not(…)"), token.at)
            return node("name", value=token.text, at=token.at)
        if token.text == "date":
            return self.date(token)
        return node("call", *self.items(")", gettext("函数缺少右括号")), value=token.text, at=token.at)

    def date(self, token: Token) -> Node:
        written = self.need("text", gettext('日期请写作 date("2026-01-31")'))
        self.need(")", gettext("函数缺少右括号"))
        try:
            day = date.fromisoformat(written.text)
        except ValueError:
            raise ExprError(_no_day(written), written.at) from None
        if len(written.text) != 10 or day.year < 1000:
            raise ExprError(_no_day(written), written.at)
        return node("lit", value=day, at=token.at)

    def choice(self, token: Token) -> Node:
        condition = self.expression()
        self.need("then", gettext("if 之后缺少 then"))
        yes = self.expression()
        self.need("else", gettext("if … then … 之后缺少 else"))
        return node("if", condition, yes, self.expression(), at=token.at)

    def items(self, close: str, missing: str) -> list[Node]:
        found: list[Node] = []
        if self.take(close):
            return found
        found.append(self.expression())
        while self.take(","):
            found.append(self.expression())
        self.need(close, missing)
        return found

    # Tests, after `in` and in decision tables

    def tests(self) -> list[Node]:
        """What stands after `in`: one range, list, comparison or name; or several in brackets."""
        if self.now.kind == "(" and not self.range_ahead():
            self.deeper(self.now)
            self.place += 1
            found = self.test_list()
            self.need(")", gettext("in ( … ) 缺少右括号"))
            self.nesting -= 1
            return found
        return [self.test(_ADDING)]

    def test_list(self) -> list[Node]:
        found = [self.test()]
        while self.take(","):
            found.append(self.test())
        return found

    def test(self, level: int = 0) -> Node:
        token = self.now
        if token.kind in COMPARISONS:
            self.place += 1
            return node("cmp", self.expression(_ADDING), value=token.kind, at=token.at)
        # `]a..b[` is another way to leave both ends out, and the one that dmn-js writes.
        if token.kind == "]" or (token.kind in ("(", "[") and self.range_ahead()):
            self.deeper(token)
            self.place += 1
            low = self.expression(_ADDING)
            self.need("..", gettext("区间应写作 [a..b]"))
            high = self.expression(_ADDING)
            close = self.now
            if not (self.take("]") or self.take(")") or self.take("[")):
                raise ExprError(gettext("区间缺少右边的 ] 或 )"), close.at)
            self.nesting -= 1
            ends = ("[" if token.kind == "[" else "(") + ("]" if close.kind == "]" else ")")
            return node("range", low, high, value=ends, at=token.at)
        return self.expression(level)

    def range_ahead(self) -> bool:
        """Whether the bracket that opens here holds a range. Looks ahead in place of trying, which could take for ever."""
        depth = 0
        for token in self.tokens[self.place + 1 :]:
            if token.kind in ("(", "["):
                depth += 1
            elif token.kind in (")", "]"):
                depth -= 1
                if depth < 0:
                    return False
            elif token.kind == ".." and depth == 0:
                return True
        return False

    def unary_tests(self) -> Node:
        start = self.now
        subject = node("name", value=_SUBJECT, at=start.at)
        if start.kind == "-" and self.tokens[1].kind == "end":
            self.place += 1
            return node("lit", value=True, at=start.at)
        if start.text == "not" and self.tokens[1].kind == "(" and self.tokens[-2].kind == ")":
            self.place += 2
            tests = self.test_list()
            self.need(")", gettext("not( … ) 缺少右括号"))
            return node("call", _any(subject, tests), value="not", at=start.at)
        return _any(subject, self.test_list())


def _any(subject: Node, tests: list[Node]) -> Node:
    """One of the tests. A test that speaks of `?` itself is a condition; the others are compared with it."""
    conditions: list[Node] = []
    others: list[Node] = []
    for test in tests:
        (conditions if test.op not in ("cmp", "range") and _mentions(test) else others).append(test)
    tree = node("in", subject, *others, at=subject.at) if others else conditions.pop(0)
    for condition in conditions:
        tree = node("or", tree, condition, at=condition.at)
    return tree


def _mentions(tree: Node) -> bool:
    return (tree.op == "name" and tree.value == _SUBJECT) or any(map(_mentions, tree.args))


def _number(token: Token) -> Decimal:
    whole, _, fraction = token.text.partition(".")
    if len(whole.lstrip("0")) > NAME_DIGITS or len(fraction) > SCALE:
        said = gettext("数字过长，整数最多 %(whole)d 位，小数最多 %(places)d 位")
        raise ExprError(said % {"whole": NAME_DIGITS, "places": SCALE}, token.at)
    return Decimal(token.text)


def _no_day(written: Token) -> str:
    return gettext("“%(text)s”不是日期，请写作 2026-01-31") % {"text": written.text}


def _unexpected(token: Token) -> str:
    if token.kind == "end":
        return gettext("表达式不完整")
    if token.kind in KEYWORDS:
        return gettext("“%(text)s”不能放在这里") % {"text": token.text}
    if token.kind in ("..", "*", "/", "+", "**", ",", ")", "]") or token.kind in COMPARISONS:
        return gettext("“%(text)s”前缺少内容") % {"text": token.text}
    return gettext("“%(text)s”不能放在这里") % {"text": token.text}


__all__ = ["COMPARISONS", "parse", "parse_unary"]
