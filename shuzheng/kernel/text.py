"""Text as people type it: folding of widths, numbers, pinyin for sorting, words for searching.

The pinyin and word dictionaries are heavy, so they are loaded at first use.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from decimal import Decimal
from functools import cache, lru_cache
from threading import Lock
from types import ModuleType
from typing import Any

from shuzheng.kernel._readings import PLACES, SURNAMES
from shuzheng.kernel.words import gettext

_FULL_ALNUM = {c: c - 0xFEE0 for c in range(0xFF01, 0xFF5F) if chr(c - 0xFEE0).isalnum()}
_FULL_MARKS = {c: c - 0xFEE0 for c in range(0xFF01, 0xFF5F) if c not in _FULL_ALNUM}
_SPACES = dict.fromkeys(map(ord, "\u00a0\u2002\u2003\u2007\u2009\u202f\u3000\t\r\n\v\f"), " ")
_INVISIBLE: dict[int, str | None] = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad\u200e\u200f"))
_DASHES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2212\ufe63\uff0d"), "-")
_ODD = str.maketrans(_INVISIBLE | _SPACES | _FULL_ALNUM)
_MARKS = str.maketrans(_FULL_MARKS | _DASHES)
_HAS_ODD, _HAS_MARKS = (re.compile(f"[{re.escape(''.join(map(chr, table)))}]") for table in (_ODD, _MARKS))
_SETTLED = re.compile(r"[ -~\u4e00-\u9fff]*")
"""What folds to itself but for its spaces: printable ASCII and everyday Chinese characters."""
_HAN = re.compile(r"[\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U000323af]")
_SYLLABLE = re.compile(r"[a-zêü]+[1-5]")
_RUNS = re.compile(r"[\u4e00-\u9fff]+|[\x00-\x7f]+")
_JOINT = re.compile(r"(?<=[0-9A-Za-z])[\uff0c\uff0e\uff0f\uff1a\uff0d\uff3f\u2010-\u2013\u2212](?=[0-9A-Za-z])")


KNOWN, KNOWN_LENGTH = 20_000, 100
"""Texts that are kept once worked out, and how long they may be: names of organs and posts come again and again."""


def fold(s: str) -> str:
    """Folds widths and spaces; Chinese writing keeps its own punctuation.

    Full-width digits and letters become half-width everywhere. Full-width marks are folded in text without a Chinese
    character (a code, a number) and, in Chinese text, only where they join two letters or digits (`12:30`).
    Runs of spaces become one, both ends are stripped, invisible characters go. Unlike NFKC it leaves ㎡, ①, ㈱ alone.
    """
    if _SETTLED.fullmatch(s):  # nothing to fold but spaces
        return re.sub(" {2,}", " ", s).strip() if "  " in s else s.strip()
    return _folded(s) if len(s) <= KNOWN_LENGTH else _folded.__wrapped__(s)


@lru_cache(maxsize=KNOWN)
def _folded(s: str) -> str:
    s = unicodedata.normalize("NFC", s)
    if _HAS_ODD.search(s):
        s = s.translate(_ODD)
    if _HAS_MARKS.search(s):
        s = _JOINT.sub(lambda m: m[0].translate(_MARKS), s) if _HAN.search(s) else s.translate(_MARKS)
    return re.sub(" {2,}", " ", s).strip() if "  " in s else s.strip()


MAX_DIGITS = 30
"""Longest number accepted from a user, in digits."""

_PLAIN = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)", re.ASCII)
_GROUPED = re.compile(r"[+-]?\d{1,3}(?P<sep>[, '])\d{3}(?:(?P=sep)\d{3})*(\.\d*)?", re.ASCII)


def clean_number(s: str) -> Decimal:
    """The exact number a user meant, or ValueError with the reason in the reader's language.

    Accepts full-width digits, thousands separators in their places and stray spaces round the number and its sign.
    Refuses what could be read two ways: units, percent, currency, exponents, misplaced separators, two numbers.
    """
    t = fold(s).translate(_DASHES).translate(_FULL_MARKS).replace("。", ".")
    if not t:
        raise ValueError(gettext("没有填写数字"))
    t = re.sub(r"^([+-]) ", r"\1", t)
    if t.startswith("'"):  # a spreadsheet's mark for "text", typed along
        t = t[1:].lstrip()
    if _PLAIN.fullmatch(t):
        plain = t
    elif m := _GROUPED.fullmatch(t):
        plain = t.replace(m["sep"], "")
    else:
        raise ValueError(_why_not_a_number(t))
    if sum(map(str.isdigit, plain)) > MAX_DIGITS:
        raise ValueError(gettext("数字过长，最多 %(n)d 位") % {"n": MAX_DIGITS})
    return Decimal(plain)


def _why_not_a_number(t: str) -> str:
    shown = t if len(t) <= 20 else t[:20] + "…"
    if t.startswith("="):
        return gettext("“%(text)s”是公式，请填写算好的数字") % {"text": shown}
    if "%" in t or "‰" in t:
        return gettext("“%(text)s”带有百分号，请按表头单位填写数字") % {"text": shown}
    if re.search("[\u00a5\uffe5$\u20ac\u00a3]", t):
        return gettext("“%(text)s”带有货币符号，请只填数字") % {"text": shown}
    if re.fullmatch(r"[+-]?[\d.]+[eE][+-]?\d+", t):
        return gettext("“%(text)s”是科学计数法，可能已丢失位数，请填写完整数字") % {"text": shown}
    if re.fullmatch(r"[+-]?[\d,.' ]+", t, re.ASCII):
        if t.count(".") > 1:
            return gettext("“%(text)s”有多个小数点") % {"text": shown}
        if " " in t:
            return gettext("“%(text)s”中间有空格，看不出是一个数还是两个数") % {"text": shown}
        return gettext("“%(text)s”的千位分隔符位置不对") % {"text": shown}
    if re.match(r"[+-]?[\d.,]+ ?\D+$", t, re.ASCII):
        return gettext("“%(text)s”带有单位或文字，请按表头单位只填数字") % {"text": shown}
    return gettext("“%(text)s”不是数字") % {"text": shown}


@cache
def _pypinyin() -> ModuleType:
    import pypinyin

    pypinyin.load_phrases_dict({word: [[s] for s in _toned(reading)] for word, reading in PLACES.items()})
    return pypinyin


def _toned(reading: str) -> list[str]:
    from pypinyin.contrib.tone_convert import to_tone

    return [to_tone(syllable) for syllable in reading.split()]


def _syllables(name: str, *, person: bool) -> list[str]:
    """Toned syllables (`zhong4`); runs of other characters stay one piece, in lower case."""
    lead: list[str] = []
    if person:
        for size in (2, 1):
            if len(name) > size - 1 and (reading := SURNAMES.get(name[:size])):
                lead, name = reading.split(), name[size:]
                break
    return lead + list(_readings(name))


def _readings(text: str) -> Iterable[str]:
    """The pieces of a text. Characters are read in their run, so a run is read once, whatever number stands behind it."""
    runs = _RUNS.findall(text)
    if sum(map(len, runs)) < len(text):  # rare characters, and marks: where a run ends there, only the library knows
        return _read(text)
    pieces: list[str] = []
    for run in runs:
        if run.isascii():  # one piece, as it is
            pieces.append(run.lower())
        else:
            pieces += _read(run)
    return pieces


@lru_cache(maxsize=50_000)
def _read(text: str) -> tuple[str, ...]:
    """Given names come again with other family names, and both keys of a name ask: a list of people is read ten times faster."""
    lib = _pypinyin()
    pieces: list[str] = lib.lazy_pinyin(text, style=lib.Style.TONE3, neutral_tone_with_five=True)
    return tuple(piece.lower() for piece in pieces)


@lru_cache(maxsize=20_000)
def pinyin_key(name: str, *, person: bool = False) -> str:
    """Key to sort names by, under `COLLATE "C"`: syllables with tones, then the name itself.

    Phrases decide readings of characters that have several (重庆 chong qing, 行长 hang zhang); `person=True` reads the
    first characters as a family name (单 shan, 曾 zeng, 尉迟 yu chi).
    """
    name = fold(name)
    return f"{' '.join(_syllables(name, person=person))} {name}" if name else ""


@lru_cache(maxsize=20_000)
def pinyin_initials(name: str, *, person: bool = False) -> str:
    """First letters of the syllables, lower case, for typeahead: 重庆 → `cq`, A座302室 → `az302s`. Marks are dropped."""
    return "".join([p if p.isascii() and p.isdecimal() else _initial(p) for p in _syllables(fold(name), person=person)])


@lru_cache(maxsize=20_000)
def _initial(piece: str) -> str:
    return piece[0] if _SYLLABLE.fullmatch(piece) else "".join(c for c in piece if c.isascii() and c.isalnum())


_words_lock = Lock()
_own_words: set[str] = set()


@cache
def _cutter() -> Any:
    import rjieba

    with _words_lock:
        cutter = rjieba.Jieba()
        for word in sorted(_own_words):
            _teach(cutter, word)
    return cutter


def _teach(cutter: Any, word: str) -> None:
    if not cutter.has_word(word):
        cutter.add_word(word, cutter.suggest_freq(word), "nz")


def add_words(words: Iterable[str]) -> None:
    """Teaches the cutter words of the trade (公共机构, 办公用房). Call at start, the same in every process:
    an index and its queries must be cut alike, so records indexed before are to be indexed again.
    """
    fresh = {w for w in map(fold, words) if len(w) > 1}
    with _words_lock:
        fresh -= _own_words
        _own_words.update(fresh)
    if _cutter.cache_info().currsize:
        cutter = _cutter()
        with _words_lock:
            for word in sorted(fresh):
                _teach(cutter, word)
    _words.cache_clear()


def cut(text: str) -> list[str]:
    """Words of a text for the search index and for queries alike: folded, lower case, without marks, in order.

    Long words come with the shorter words inside them (国家机关 gives 国家, 机关, 国家机关).
    """
    return list(_words(text) if len(text) <= KNOWN_LENGTH else _words.__wrapped__(text))


@lru_cache(maxsize=KNOWN)
def _words(text: str) -> tuple[str, ...]:
    folded = fold(text).lower()
    return tuple(
        [w for w in map(str.strip, _cutter().cut_for_search(folded)) if w.isalnum() or any(map(str.isalnum, w))]
    )


__all__ = ["MAX_DIGITS", "add_words", "clean_number", "cut", "fold", "pinyin_initials", "pinyin_key"]
