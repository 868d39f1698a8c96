"""Identifiers grow, and numbers that people read can be read back."""

import threading
from datetime import UTC, date, datetime, timedelta

import pytest

from shuzheng.kernel.ids import HumanNumber, NumberRule, uuid7, uuid7_time, uuid7s


def test_uuid7_increases_and_carries_its_time():
    before = datetime.now(UTC) - timedelta(milliseconds=1)
    ids = [uuid7() for _ in range(20_000)]
    assert ids == sorted(set(ids))
    assert {i.version for i in ids} == {7}
    assert {i.variant for i in ids} == {"specified in RFC 4122"}
    assert before <= uuid7_time(ids[0]) <= datetime.now(UTC)


def test_as_many_are_drawn_as_are_asked_for():
    batches = [uuid7s(count) for count in (3, 0, 5000, 0, 1)]
    assert [len(batch) for batch in batches] == [3, 0, 5000, 0, 1]
    drawn = [uuid for batch in batches for uuid in batch]
    assert drawn == sorted(set(drawn))


def test_uuid7_is_unique_over_threads():
    got: list[list] = []
    threads = [threading.Thread(target=lambda: got.append([uuid7() for _ in range(5_000)])) for _ in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert all(part == sorted(part) for part in got)
    assert len({i for part in got for i in part}) == 40_000


def test_uuid7_increases_when_the_clock_is_set_back(monkeypatch):
    first = uuid7()
    monkeypatch.setattr("time.time_ns", lambda: 1)
    assert uuid7() > first


DAY = date(2026, 10, 14)


def test_number_rule_formats_and_parses():
    rule = NumberRule("PC-{yyyy}{mm}{dd}-{seq:4}")
    assert rule.format(32, on=DAY) == "PC-20261014-0032"
    assert rule.format(12345, on=DAY) == "PC-20261014-12345"
    assert rule.counter_key(on=DAY) == "PC-20261014-#"
    assert rule.parse("PC-20261014-0032") == HumanNumber("PC-20261014-0032", 32, None, 2026, 10, 14)


def test_number_rule_counts_by_organ_and_year():
    rule = NumberRule("{node}-{yy}-{seq:3}")
    assert rule.format(7, on=DAY, node="XA-JGJ") == "XA-JGJ-26-007"
    assert rule.counter_key(on=DAY, node="XA-JGJ") == "XA-JGJ-26-#"
    assert rule.parse("XA-JGJ-26-007").node == "XA-JGJ"
    with pytest.raises(ValueError, match="单位代码"):
        rule.format(7, on=DAY)


@pytest.mark.parametrize(
    "text", ["PC-20261314-0032", "PC-20260230-0032", "PC-20261014-32", "PD-20261014-0032", "", "PC-20261014-0000"]
)
def test_number_rule_refuses_what_does_not_follow_it(text):
    with pytest.raises(ValueError, match="编号|流水号"):
        NumberRule("PC-{yyyy}{mm}{dd}-{seq:4}").parse(text)


@pytest.mark.parametrize("pattern", ["PC-{yyyy}", "{seq}{seq}", "{nope}-{seq}", "{node}{seq}", "{yyyy}-{yyyy}-{seq}"])
def test_number_rule_refuses_a_bad_pattern(pattern):
    with pytest.raises(ValueError, match="编号格式|分隔符"):
        NumberRule(pattern)
