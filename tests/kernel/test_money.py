"""Amounts of money, as shown and as written out."""

from decimal import Decimal

import pytest

from shuzheng.kernel.money import format_wan, format_yuan, from_wan, to_wan, upper_case, yuan


def test_yuan_is_exact_to_fen():
    assert str(yuan("1.005")) == "1.01"
    assert str(yuan(3)) == "3.00"
    with pytest.raises(ValueError, match="浮点"):
        yuan(0.1)
    with pytest.raises(ValueError, match="有限"):
        yuan("NaN")


def test_formats():
    assert format_yuan(Decimal("12345.6")) == "12,345.60 元"
    assert format_wan(Decimal(128_000)) == "12.80 万元"
    assert format_wan(Decimal("1234567890"), 0, unit=False) == "123,457"
    assert to_wan(Decimal("0.01")) == Decimal("0.000001")
    assert from_wan(Decimal("12.34567891")) == Decimal("123456.79")


# The first six stand in 支付结算办法 附一 as examples (one of the two forms it allows).
@pytest.mark.parametrize(
    ("amount", "written"),
    [
        ("1409.50", "壹仟肆佰零玖元伍角整"),
        ("6007.14", "陆仟零柒元壹角肆分"),
        ("1680.32", "壹仟陆佰捌拾元叁角贰分"),
        ("107000.53", "壹拾万柒仟元伍角叁分"),
        ("16409.02", "壹万陆仟肆佰零玖元零贰分"),
        ("325.04", "叁佰贰拾伍元零肆分"),
        ("0", "零元整"),
        ("0.05", "伍分"),
        ("0.50", "伍角整"),
        ("10", "壹拾元整"),
        ("100000000", "壹亿元整"),
        ("1000000000000", "壹万亿元整"),
        ("1000100010001", "壹万零壹亿零壹万零壹元整"),
        ("200005000", "贰亿零伍仟元整"),
        ("10500", "壹万零伍佰元整"),
        ("-12.30", "负壹拾贰元叁角整"),
    ],
)
def test_upper_case(amount, written):
    assert upper_case(Decimal(amount)) == "人民币" + written


@pytest.mark.parametrize("amount", ["0.001", "10000000000000000"])
def test_upper_case_refuses(amount):
    with pytest.raises(ValueError, match="大写"):
        upper_case(Decimal(amount))
