"""Credit codes by GB 32100—2015 and organisation codes by GB 11714."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shuzheng.kernel.uscc import ALPHABET, CreditCode, check_uscc, is_valid, make_uscc

VALID = [
    "91350100M000100Y43",  # the example of the standard
    "9131000013221158XC",
    "11100000000013127D",
    "11990000000000019A",
    "129900000000000272",
]


@pytest.mark.parametrize("code", VALID)
def test_uscc_known_codes_are_valid(code):
    check_uscc(code)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("911100001000015497", "校验"),
        ("1110000000001312", "应为 18 位"),
        ("11100000000013127d", "不是允许的字符"),
        ("1110000000001312OD", "不是允许的字符"),
        ("01100000000013127D", "登记管理部门"),
        ("11A00000000013127D", "行政区划"),
        ("11100000000013128D", "组织机构代码校验位"),
        ("11100000000013127E", "校验码不对"),
    ],
)
def test_uscc_faults_are_named(code, reason):
    with pytest.raises(ValueError, match=reason):
        check_uscc(code)
    assert not is_valid(code)


def test_make_uscc_gives_the_fictitious_codes_of_the_demo():
    assert make_uscc("1", "1", body="1") == "11990000000000019A"
    assert make_uscc("1", "2", body="2") == "129900000000000272"
    with pytest.raises(ValueError, match="长度"):
        make_uscc("1", "1", body="123456789"[:8], division="99")


def test_credit_code_tells_its_parts():
    code = CreditCode("11990000000000019A")
    assert (code.department, code.kind, code.division) == ("机构编制", "机关", "990000")
    assert code.organisation_code == "000000019"
    assert code.fictitious
    assert not CreditCode(VALID[0]).fictitious


@given(st.integers(0, 99_999_999), st.integers(0, 17), st.sampled_from(ALPHABET))
def test_uscc_one_wrong_character_is_always_found(body, place, char):
    code = make_uscc(body=str(body))
    check_uscc(code)
    changed = code[:place] + char + code[place + 1 :]
    assert is_valid(changed) == (changed == code)
