"""Amounts of money: always yuan, always Decimal, two decimals."""

from __future__ import annotations

from decimal import Decimal

from shuzheng.kernel.rounding import WIDE, round_half_up
from shuzheng.kernel.words import gettext

_WAN = Decimal(10_000)
_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_PLACES = ("", "拾", "佰", "仟")
_LIMIT = Decimal(10) ** 16


def yuan(value: Decimal | int | str) -> Decimal:
    """An amount in yuan, rounded to fen (halves up). Floats are refused: they are not exact. Raises ValueError."""
    if isinstance(value, float | bool):
        raise ValueError(gettext("金额不可用浮点数"))
    amount = Decimal(value)
    if not amount.is_finite():
        raise ValueError(gettext("金额须为有限的数"))
    return round_half_up(amount, 2)


def to_wan(amount: Decimal) -> Decimal:
    """Yuan as 万元, exact."""
    return WIDE.divide(amount, _WAN)


def from_wan(amount: Decimal) -> Decimal:
    """万元 as yuan, rounded to fen."""
    return yuan(WIDE.multiply(amount, _WAN))


def format_yuan(amount: Decimal, *, unit: bool = True) -> str:
    """`12,345.60 元`."""
    return f"{yuan(amount):,.2f}" + (" 元" if unit else "")


def format_wan(amount: Decimal, places: int = 2, *, unit: bool = True) -> str:
    """Yuan shown in 万元: 128000 → `12.80 万元`."""
    return f"{round_half_up(to_wan(amount), places):,.{places}f}" + (" 万元" if unit else "")


def upper_case(amount: Decimal) -> str:
    """人民币大写, as《支付结算办法》附一 asks: `人民币壹万贰仟叁佰肆拾伍元陆角整`.

    Takes yuan with at most two decimals below 10¹⁶. Raises ValueError for anything finer or larger.
    """
    if amount != yuan(amount):
        raise ValueError(gettext("大写金额须精确到分"))
    if abs(amount) >= _LIMIT:
        raise ValueError(gettext("金额过大，无法写成大写"))
    whole, cents = divmod(int(abs(amount) * 100), 100)
    jiao, fen = divmod(cents, 10)
    text = "人民币" + ("负" if amount < 0 else "")
    if whole or not cents:
        text += (_whole(whole) if whole else "零") + "元"
    if jiao:
        text += _DIGITS[jiao] + "角"
    elif fen and whole:
        text += "零"
    return text + (_DIGITS[fen] + "分" if fen else "整")


def _whole(number: int) -> str:
    yi, rest = divmod(number, 100_000_000)
    out = _eight(yi) + "亿" if yi else ""
    if rest:
        out += ("零" if yi and rest < 10_000_000 else "") + _eight(rest)
    return out


def _eight(number: int) -> str:
    wan, rest = divmod(number, 10_000)
    out = _four(wan) + "万" if wan else ""
    if rest:
        out += ("零" if wan and rest < 1000 else "") + _four(rest)
    return out


def _four(number: int) -> str:
    out, gap = "", False
    for place in range(3, -1, -1):
        digit = number // 10**place % 10
        if not digit:
            gap = bool(out)
            continue
        out += ("零" if gap else "") + _DIGITS[digit] + _PLACES[place]
        gap = False
    return out


__all__ = ["format_wan", "format_yuan", "from_wan", "to_wan", "upper_case", "yuan"]
