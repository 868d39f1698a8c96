"""数据格式 and 值域 as programs read them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from shuzheng.base.standards import formats, ranges, shipped
from shuzheng.kernel.errors import Invalid


@pytest.mark.parametrize(
    ("text", "kind", "chars", "least", "length", "decimals"),
    [
        ("C..20", "text", "c", 0, 20, None),
        ("c50", "text", "c", 50, 50, None),
        ("an18", "text", "an", 18, 18, None),
        ("a3..10", "text", "a", 3, 10, None),
        ("n6", "text", "n", 6, 6, None),
        ("N..18,2", "number", "n", 0, 18, 2),
        ("n..8", "text", "n", 0, 8, None),
        ("", "text", "c", 0, None, None),
        ("ul", "text", "c", 0, None, None),
    ],
)
def test_format_says_kind_characters_length_and_decimals(text, kind, chars, least, length, decimals):
    found = formats.parse(text)
    assert (found.kind, found.chars, found.least, found.length, found.decimals) == (
        kind,
        chars,
        least,
        length,
        decimals,
    )


@pytest.mark.parametrize("text", ["x..5", "c..", "n..2,5", "a10..3", "c..20,2", "YYYYDDMM", "n..14.2"])
def test_what_is_no_format_is_refused(text):
    with pytest.raises(Invalid):
        formats.parse(text)


@pytest.mark.parametrize(
    ("shape", "text", "good"),
    [
        ("YYYYMMDD", "20260229", False),
        ("YYYYMMDD", "20240229", True),
        ("YYYYMMDD", "2026113", False),
        ("yyyy-mm-dd", "2026-11-22", True),
        ("YYYY-MM-DD", "2026-11-2", False),
        ("YYYYMM", "202613", False),
        ("hhmm", "2400", False),
        ("YYYYMMDDhhmmss", "20261122090507", True),
        ("YYYYMMDD", "２０２６１１２２", False),
    ],
)
def test_date_is_read_only_in_its_own_notation(shape, text, good):
    assert (formats.parse(shape).read_date(text) is not None) is good


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("≥0", ["0", "5"], ["-0.01"]),
        ("＞0", ["0.01"], ["0"]),
        ("0～100", ["0", "100"], ["-1", "100.5"]),
        ("≥1，≤12", ["1", "12"], ["0", "13"]),
        (">=0 <1", ["0", "0.99"], ["1"]),
    ],
)
def test_bounds_are_read_from_the_value_domain(text, inside, outside):
    found = ranges.parse(text)
    assert all(Decimal(n) in found for n in inside)
    assert not any(Decimal(n) in found for n in outside)


def test_words_of_a_value_domain_stay_words():
    found = ranges.parse("≥0，不大于用电量")
    assert (found.low, found.words) == (0, "不大于用电量")
    assert ranges.parse("GB 32100—2015，两位校验").credit_code
    assert not ranges.parse("由省级确定")


def test_every_shipped_element_has_a_format_that_fits_its_type():
    for row in shipped.elements():
        found = formats.parse(row.data_format)
        if row.data_type in ("date", "datetime"):
            assert found.pattern, row.identifier
        elif row.data_type == "number":
            assert found.chars == "n" and found.length, row.identifier
