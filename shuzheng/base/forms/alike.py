"""Whether two questions ask the same thing, told by their names: widths, marks, filler words and homophones don't count."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from functools import lru_cache

from shuzheng.kernel.text import fold, pinyin_key
from shuzheng.kernel.units import UNITS, UnitError

ENOUGH = 0.8
"""From this likeness on two names count as the same: 建筑面积 and 总建筑面积 (0.89) do, 用水量 and 用电量 never."""

_BRACKETS = re.compile(r"[（(\[【][^）)\]】]*[）)\]】]")
_MARKS = re.compile(r"[\W_]+")
_FILLER = re.compile(r"^(本单位|我单位|贵单位|你单位|单位|请填写|填写|请选择)(?=.{2})|(情况|数据)$|(?<=.)的(?=.)")
_TURNS = frozenset("不未非无新旧男女购租内外进出收支增减上下前后一二三四五六七八九十水电气油煤热最均")
"""Characters that make another question of a name when only one of the two has them."""


@lru_cache(maxsize=20_000)
def plain(name: str) -> str:
    """A name without brackets, marks and filler words, widths folded, in lower case."""
    text = _MARKS.sub("", _BRACKETS.sub("", fold(name).lower()))
    shorter = _FILLER.sub("", text)
    return shorter if len(shorter) > 1 else text


@lru_cache(maxsize=20_000)
def sounds(name: str) -> tuple[str, ...]:
    """The syllables of a plain name without tones; what is no Chinese character stays as it is."""
    key = pinyin_key(plain(name)).split(" ")[:-1]
    return tuple(re.sub(r"(?<=[a-zêü])[1-5]$", "", piece) for piece in key)


@lru_cache(maxsize=20_000)
def grams(name: str) -> frozenset[tuple[str, ...]]:
    """Pairs of neighbouring syllables; of a name of one syllable the name itself."""
    found = sounds(name)
    return frozenset(zip(found, found[1:], strict=False)) or frozenset({found})


def likeness(one: str, other: str) -> float:
    """0 to 1. Something left out or put in lowers it; another syllable in the same place makes it another question."""
    if plain(one) == plain(other):
        return 1.0
    if not grams(one) & grams(other):
        return 0.0
    ours, theirs = sounds(one), sounds(other)
    match = SequenceMatcher(None, ours, theirs, autojunk=False)
    changed = [code for code in match.get_opcodes() if code[0] != "equal"]
    if any(code[0] == "replace" for code in changed):
        return 0.0
    if _turned(plain(one), plain(other)):
        return 0.0
    return match.ratio()


def _turned(one: str, other: str) -> bool:
    """Whether a character that turns the meaning, or a digit, stands in one of the two only."""
    odd = set(one) ^ set(other)
    return bool(odd & _TURNS) or any(c.isdigit() for c in odd)


def same_unit(one: str, other: str) -> bool:
    """Whether two units measure the same quantity (㎡ and 平方米, kWh and MWh). One that is not said fits every unit."""
    if not one or not other or one == other:
        return True
    try:
        return UNITS.get(one).dimensions == UNITS.get(other).dimensions
    except UnitError:
        return False


__all__ = ["ENOUGH", "grams", "likeness", "plain", "same_unit", "sounds"]
