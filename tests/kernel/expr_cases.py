"""What the tests of the expression language share: the conformance cases, random expressions, and values as JSON."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from shuzheng.kernel.expr import BOOLEAN, DATE, NUMBER, TEXT, Program, Type, compile, compile_test, list_of

HERE = Path(__file__).parent
SUITE = json.loads((HERE / "expr_conformance.json").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Case:
    text: str
    names: dict[str, Type]
    env: dict[str, Any]
    value: Any = None
    subject: Type | None = None

    def program(self) -> Program:
        if self.subject:
            return compile_test(self.text, self.subject, self.names)
        return compile(self.text, self.names)

    @property
    def declared(self) -> dict[str, Type]:
        return {**self.names, "?": self.subject} if self.subject else self.names


def from_json(type_: Type, raw: Any) -> Any:
    """A value as the suite writes it: numbers and dates as texts."""
    if raw is None:
        return None
    if type_.of:
        return tuple(from_json(type_.of, one) for one in raw)
    return {"number": Decimal, "date": date.fromisoformat}.get(type_.kind, lambda v: v)(raw)


def to_json(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return [to_json(one) for one in value]
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value.isoformat() if isinstance(value, date) else value


def _cases() -> list[Case]:
    out = []
    for group in SUITE["groups"]:
        names = {name: Type.named(t) for name, t in group.get("names", {}).items()}
        env = {name: from_json(names[name], raw) for name, raw in group.get("env", {}).items()}
        for text, type_, raw in group["cases"]:
            out.append(Case(text, names, env, from_json(Type.named(type_), raw)))
    for text, type_, raw, matches in SUITE["tests"]:
        subject = Type.named(type_)
        out.append(Case(text, {}, {"?": from_json(subject, raw)}, matches, subject))
    return out


CASES = _cases()


class Node:
    """The interpreter of the browser, run by Node: one process answers many questions."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [Path(sys.executable).parent / "node", "--experimental-strip-types", "--no-warnings", HERE / "run_expr.ts"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8",
        )  # fmt: skip

    def answer(self, program: Program, env: dict[str, Any]) -> dict[str, Any]:
        assert self.process.stdin and self.process.stdout
        question = {"form": program.json(), "env": {name: to_json(v) for name, v in env.items()}}
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def value(self, program: Program, env: dict[str, Any]) -> Any:
        answer = self.answer(program, env)
        assert "error" not in answer, answer
        return from_json(program.type, answer["value"])

    def close(self) -> None:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.close()
        self.process.wait(timeout=10)
        self.process.stdout.close()


# Random well-typed expressions, as texts

NAMES: dict[str, Type] = {
    "n1": NUMBER, "n2": NUMBER, "电.7月": NUMBER, "t1": TEXT, "t2": TEXT, "b1": BOOLEAN, "b2": BOOLEAN,
    "d1": DATE, "d2": DATE, "ns": list_of(NUMBER), "ts": list_of(TEXT), "ds": list_of(DATE),
}  # fmt: skip

_decimals = st.one_of(
    st.integers(-20, 20).map(Decimal),
    st.decimals(-1000, 1000, places=3),
    st.decimals(-(10**9), 10**9, places=20),
    st.sampled_from(
        [Decimal(s) for s in ("0", "0.5", "-0.5", "2.5", "1e-20", "-1e-20", "99999999999999999999", "0.05")]
    ),
    st.integers(-(10**30) + 1, 10**30 - 1).map(Decimal),
)
_texts = st.text(st.sampled_from('ab%{}"\\电é😀'), max_size=3)
_dates = st.one_of(
    st.dates(date(1900, 1, 1), date(2200, 1, 1)),
    st.sampled_from([date(2024, 2, 29), date(2024, 1, 31), date(2024, 3, 30), date(2023, 2, 28), date(1988, 4, 10)]),
)
_scalars: dict[str, st.SearchStrategy[Any]] = {
    "number": _decimals, "text": _texts, "boolean": st.booleans(), "date": _dates,
}  # fmt: skip


def _values(type_: Type) -> st.SearchStrategy[Any]:
    if type_.of:
        return st.one_of(st.none(), st.lists(_values(type_.of), max_size=4).map(tuple))
    return st.one_of(st.none(), _scalars[type_.kind])


ENVS = st.fixed_dictionaries({name: _values(t) for name, t in NAMES.items()})


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _literal(kind: str, value: Any) -> str:
    match kind:
        case "number":
            return f"{value:f}" if value >= 0 else f"({value:f})"
        case "text":
            return _quoted(value)
        case "boolean":
            return str(value).lower()
        case _:
            return f'date("{value}")'


@st.composite
def expressions(draw: st.DrawFn, kind: str | None = None, depth: int = 4) -> str:
    """The text of a well-typed expression over NAMES."""
    kind = kind or draw(st.sampled_from(("number", "text", "boolean", "date")))
    if depth == 0 or draw(st.integers(0, 5)) == 0:
        named = [n for n, t in NAMES.items() if t.kind == kind]
        leaf = draw(st.integers(0, 9))
        if leaf == 0:
            return "null"
        return draw(st.sampled_from(named)) if leaf < 6 else _literal(kind, draw(_scalars[kind]))

    def sub(k: str) -> str:
        return draw(expressions(k, depth - 1))

    def tests(k: str) -> str:
        parts = []
        for _ in range(draw(st.integers(1, 3))):
            choice = draw(st.integers(0, 3))
            if choice == 0 and k in ("number", "date"):
                parts.append(draw(st.sampled_from(("[{}..{}]", "({}..{})", "[{}..{})"))).format(sub(k), sub(k)))
            elif choice == 1 and k in ("number", "date"):
                parts.append(
                    draw(st.sampled_from(("<", ">="))) + f" (0 + {sub(k)})"
                    if k == "number"
                    else f"> {draw(st.sampled_from(['d1', 'd2']))}"
                )
            elif choice == 2 and k != "boolean":
                parts.append({"number": "ns", "text": "ts", "date": "ds"}[k])
            else:
                parts.append(sub(k))
        return ", ".join(parts)

    def items() -> str:
        return ", ".join(sub("number") for _ in range(draw(st.integers(1, 3))))

    shared = [
        lambda: f"(if {sub('boolean')} then {sub(kind)} else {sub(kind)})",
        lambda: f"coalesce({sub(kind)}, {sub(kind)})",
    ]
    own: dict[str, list[Any]] = {
        "number": [
            lambda: f"({sub('number')} {draw(st.sampled_from('+-*/'))} {sub('number')})",
            lambda: f"({sub('number')} {draw(st.sampled_from('+-*/'))} {sub('number')})",
            lambda: f"(-{sub('number')})",
            lambda: f"({sub('number')}) ** {draw(st.integers(0, 3))}",
            lambda: f"round({sub('number')}, {draw(st.integers(-3, 20))})",
            lambda: f"{draw(st.sampled_from(('abs', 'floor', 'ceiling')))}({sub('number')})",
            lambda: f"{draw(st.sampled_from(('sum', 'min', 'max', 'mean', 'count')))}(ns)",
            lambda: f"{draw(st.sampled_from(('sum', 'min', 'max', 'mean', 'count')))}({items()})",
            lambda: f"{draw(st.sampled_from(('year', 'month', 'day')))}({sub('date')})",
            lambda: f"{draw(st.sampled_from(('months between', 'days between')))}({sub('date')}, {sub('date')})",
            lambda: f"string length({sub('text')})",
        ],
        "text": [lambda: f"(\"\" + {sub('text')} + {sub('text')})"],
        "boolean": [
            lambda: f"({sub('number')} {draw(st.sampled_from(('<', '<=', '>', '>=', '=', '!=')))} {sub('number')})",
            lambda: f"({sub('date')} {draw(st.sampled_from(('<', '>=', '=', '!=')))} {sub('date')})",
            lambda: f"({sub('text')} {draw(st.sampled_from(('=', '!=')))} {sub('text')})",
            lambda: f"({sub('boolean')} {draw(st.sampled_from(('and', 'or', '=')))} {sub('boolean')})",
            lambda: f"not({sub('boolean')})",
            lambda: f"({draw(st.sampled_from(('n1', 'n1 / n2')))} in ({tests('number')}))",
            lambda: f"(t1 in ({tests('text')}))",
            lambda: f"(d1 in ({tests('date')}))",
            lambda: f"({sub('number') + ' + 0'} between {sub('number')} and {sub('number')})",
            lambda: f"{draw(st.sampled_from(('contains', 'starts with', 'ends with')))}({sub('text')}, {sub('text')})",
        ],
        "date": [lambda: f"{draw(st.sampled_from(('min', 'max')))}(ds)", lambda: f"max({sub('date')}, {sub('date')}, d1)"],
    }  # fmt: skip
    return draw(st.sampled_from(shared + own[kind] * 3))()
