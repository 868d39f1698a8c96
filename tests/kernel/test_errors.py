"""Faults carry the user's words and the status to answer with."""

import pytest

from shuzheng.kernel.errors import Busy, Conflict, Denied, Fault, FieldFault, Invalid, Missing, TooMany


@pytest.mark.parametrize(
    ("fault", "http"), [(Denied, 403), (Missing, 404), (Invalid, 422), (Conflict, 409), (Busy, 503), (TooMany, 429)]
)
def test_fault_says_something_and_has_its_status(fault, http):
    assert issubclass(fault, Fault)
    made = fault()
    assert made.http == http
    assert str(made) == made.message != ""
    assert fault("另有说明").message == "另有说明"


def test_invalid_lists_its_faults():
    one = Invalid.one("电量", "须为数字", value="abc")
    assert one.faults == [FieldFault("电量", "须为数字", value="abc")]
    assert one.message == "须为数字"
    several = Invalid(faults=[FieldFault("a", "x", row=3, column="C"), FieldFault("b", "y")])
    assert several.message == Invalid.default_message
    assert several.faults[0].row == 3


def test_conflict_shows_both_versions():
    fault = Conflict(seen={"v": 1}, current={"v": 2})
    assert (fault.seen, fault.current) == ({"v": 1}, {"v": 2})
    assert TooMany(retry_after=30).retry_after == 30
