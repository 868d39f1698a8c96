"""Unified social credit codes (GB 32100—2015) and organisation codes (GB 11714).

A credit code has 18 characters: registration department (1), kind of body (1), division of the registering
authority (6), organisation code with its own check character (9), check character (1).
"""

from __future__ import annotations

from dataclasses import dataclass

from shuzheng.kernel.words import gettext

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""The 31 characters of GB 32100; I, O, S, V and Z are left out."""

FICTITIOUS_DIVISION = "990000"
"""A division that does not exist, for demonstration data."""

_WEIGHTS = tuple(pow(3, i, 31) for i in range(17))
_ORG_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ORG_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)

DEPARTMENTS = {
    "1": "机构编制",
    "2": "外交",
    "3": "司法行政",
    "4": "文化",
    "5": "民政",
    "6": "旅游",
    "7": "宗教",
    "8": "工会",
    "9": "市场监管",
    "A": "中央军委机关编制部门",
    "N": "农业",
    "Y": "其他",
}

KINDS_OF_BODY = {"1": "机关", "2": "事业单位", "3": "编办直接管理机构编制的群众团体", "9": "其他"}
"""Second character where the first is 1 (机构编制)."""


def check_character(first17: str) -> str:
    """Check character of GB 32100 over the first 17 characters. Raises ValueError."""
    if len(first17) != 17:
        raise ValueError(gettext("应为 17 位，实为 %(n)d 位") % {"n": len(first17)})
    total = 0
    for place, (char, weight) in enumerate(zip(first17, _WEIGHTS, strict=True), 1):
        value = ALPHABET.find(char)
        if value < 0:
            raise ValueError(
                gettext("第 %(place)d 位“%(char)s”不是允许的字符（不用 I、O、S、V、Z 和小写字母）")
                % {"place": place, "char": char}
            )
        total += value * weight
    return ALPHABET[-total % 31]


def organisation_check_character(first8: str) -> str:
    """Check character of GB 11714 over the first 8 characters. Raises ValueError."""
    if len(first8) != 8:
        raise ValueError(gettext("组织机构代码本体应为 8 位，实为 %(n)d 位") % {"n": len(first8)})
    total = 0
    for place, (char, weight) in enumerate(zip(first8, _ORG_WEIGHTS, strict=True), 1):
        value = _ORG_ALPHABET.find(char)
        if value < 0:
            raise ValueError(
                gettext("组织机构代码第 %(place)d 位“%(char)s”不是数字或大写字母") % {"place": place, "char": char}
            )
        total += value * weight
    check = 11 - total % 11
    return {10: "X", 11: "0"}.get(check, str(check))


def check_uscc(code: str) -> None:
    """Accepts a valid code in its canonical form (18 upper-case characters), else raises ValueError with the reason.

    Fold user input first (`kernel.text.fold`, then upper case).
    """
    if len(code) != 18:
        raise ValueError(gettext("统一社会信用代码应为 18 位，实为 %(n)d 位") % {"n": len(code)})
    for place, char in enumerate(code, 1):
        if char not in ALPHABET:
            raise ValueError(
                gettext("第 %(place)d 位“%(char)s”不是允许的字符（不用 I、O、S、V、Z 和小写字母）")
                % {"place": place, "char": char}
            )
    if code[0] not in DEPARTMENTS:
        raise ValueError(gettext("第 1 位“%(char)s”不是登记管理部门代码") % {"char": code[0]})
    if not code[2:8].isdigit():
        raise ValueError(gettext("第 3 至 8 位“%(text)s”应为行政区划代码（6 位数字）") % {"text": code[2:8]})
    if organisation_check_character(code[8:16]) != code[16]:
        raise ValueError(gettext("第 9 至 17 位的组织机构代码校验位不对，请核对是否抄错"))
    if check_character(code[:17]) != code[17]:
        raise ValueError(gettext("最后一位校验码不对，请核对是否抄错"))


def is_valid(code: str) -> bool:
    """True when `check_uscc` accepts the code."""
    try:
        check_uscc(code)
    except ValueError:
        return False
    return True


def make_uscc(department: str = "1", kind: str = "1", *, body: str, division: str = FICTITIOUS_DIVISION) -> str:
    """A code with both check characters, for demonstration data.

    `body` is the 8 characters of the organisation code, zero-padded on the left. The default division is fictitious,
    so a made code can never be that of a real body. Raises ValueError when the parts cannot form a code.
    """
    body = body.rjust(8, "0")
    first16 = f"{department}{kind}{division}{body}"
    if len(first16) != 16:
        raise ValueError(gettext("前 16 位拼接后长度不对：%(text)s") % {"text": first16})
    first17 = first16 + organisation_check_character(body)
    code = first17 + check_character(first17)
    check_uscc(code)
    return code


@dataclass(frozen=True, slots=True)
class CreditCode:
    """A valid code taken apart. Raises ValueError at creation when it is not valid."""

    code: str

    def __post_init__(self) -> None:
        check_uscc(self.code)

    def __str__(self) -> str:
        return self.code

    @property
    def department(self) -> str:
        """Name of the registering department's line, e.g. 机构编制."""
        return DEPARTMENTS[self.code[0]]

    @property
    def kind(self) -> str | None:
        """Kind of body, known here only for codes given by 机构编制."""
        return KINDS_OF_BODY.get(self.code[1]) if self.code[0] == "1" else None

    @property
    def division(self) -> str:
        """Division code (GB/T 2260, 6 digits) of the registering authority."""
        return self.code[2:8]

    @property
    def organisation_code(self) -> str:
        """The 9 characters of GB 11714, without hyphen."""
        return self.code[8:17]

    @property
    def fictitious(self) -> bool:
        """True for demonstration codes (division 99…)."""
        return self.division.startswith("99")


__all__ = [
    "ALPHABET",
    "DEPARTMENTS",
    "FICTITIOUS_DIVISION",
    "KINDS_OF_BODY",
    "CreditCode",
    "check_character",
    "check_uscc",
    "is_valid",
    "make_uscc",
    "organisation_check_character",
]
