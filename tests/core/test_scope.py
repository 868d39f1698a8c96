"""Ranges of paths."""

from __future__ import annotations

import pytest

from shuzheng.base.core.scope import EVERYTHING, Range, ancestors, make_reads, merge
from shuzheng.kernel.errors import Invalid


@pytest.mark.parametrize(
    ("path", "inside", "outside"),
    [
        ("33/11/", ["33/11/", "33/11/23/", "33/11/0/a/", "33/11/23/0/z/d/"], ["33/", "33/10/", "33/12/", "33/0/a/"]),
        ("33/11/0/a/", ["33/11/0/a/", "33/11/0/a/fin/"], ["33/11/0/a1/", "33/11/0/b/", "33/11/"]),
        ("", ["", "0/ngoa/", "65/40/27/0/z/"], []),
    ],
)
def test_subtree_holds_what_is_below_and_nothing_else(path, inside, outside):
    found = Range.subtree(path)
    assert [p for p in inside if p not in found] == []
    assert [p for p in outside if p in found] == []


def test_own_level_leaves_out_the_divisions_below():
    own = Range.own_level("33/11/")
    assert "33/11/0/a/" in own
    assert "33/11/23/0/a/" not in own


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("0/ngoa/", ("",)),
        ("33/0/goa/", ("", "33/")),
        ("33/11/23/0/a/fin/", ("", "33/", "33/11/", "33/11/23/")),
        ("33/11/", ("", "33/", "33/11/")),
        ("42/9004/0/a/", ("", "42/", "42/9004/")),
    ],
)
def test_ancestors_are_the_divisions_above_nation_first(path, expected):
    assert ancestors(path) == expected


def test_merge_joins_what_touches_and_drops_what_is_empty():
    assert merge([Range("b", "c"), Range("a", "b"), Range("x", "x"), Range("d", "e")]) == (
        Range("a", "c"),
        Range("d", "e"),
    )
    assert merge([EVERYTHING, Range.subtree("33/")]) == (EVERYTHING,)


def test_more_ranges_than_slots_are_refused_in_words():
    far_apart = [Range.subtree(f"{n}/") for n in (11, 21, 31, 41, 51, 61)]
    with pytest.raises(Invalid, match="共享范围超过"):
        make_reads(Range.subtree("33/11/0/a/"), {"general": far_apart})
