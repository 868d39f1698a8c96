"""Search among a million records, as a county, a province and the nation."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from django.db import connections

from bench import stock
from bench.lists import fetch, watched
from bench.measure import Result, interleaved
from bench.reference import search as reference
from shuzheng.base.core.scope import Range
from shuzheng.base.search.query import question, search

PERSONAS = {"county": "sc.review", "province": "zj.review", "nation": "gj.review"}
QUESTIONS = {"two words": "会议室沙发", "one word": "围墙"}
"""Few records have both words; one in twenty has the one. Places alone have them: so place alone decides who finds what."""


def run() -> Iterator[Result]:
    """The statement that the search box sends, in the scope; against literal WHERE as owner."""
    app, owner = connections["default"], connections["owner"]
    for who, username in PERSONAS.items():
        actor = stock.actor(username)
        span = Range.subtree(actor.division)
        for name, text in QUESTIONS.items():
            asked = question(text)
            plain = reference.statement(asked["words"], asked["exact"], span.lo, span.hi)
            with actor.scope.activate():
                with watched("default") as seen:
                    search(actor, text)
                ours = next(item for item in seen if "sz_search" in item[0])
                mine, theirs = _answer(fetch(app, *ours)), _answer(fetch(owner, plain, None))
                if mine != theirs or not mine["total"]:
                    raise AssertionError(
                        f"search of {who} for {text} found {mine['total']}, the reference {theirs['total']}"
                    )
                taken = interleaved(lambda o=ours: fetch(app, *o), lambda p=plain: fetch(owner, p, None), most=200)
            what = f"“{text}” in {stock.DOCS:,} records, {mine['total']:,} hits (1,001: the cap); against literal WHERE as owner"
            yield Result(f"search, {name}, {who}", taken[0], what, taken[1], 1.5)


def _answer(rows: list[Any]) -> dict[str, Any]:
    answer = rows[0][0]
    return json.loads(answer) if isinstance(answer, str) else answer
