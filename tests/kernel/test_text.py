"""What people type into cells and search boxes, read right or refused with a reason."""

from decimal import Decimal

import pytest

from shuzheng.kernel.text import add_words, clean_number, cut, fold, pinyin_initials, pinyin_key


@pytest.mark.parametrize(
    ("typed", "folded"),
    [
        ("\uff21\uff0d\uff11\uff12\uff08\uff13\uff09", "A-12(3)"),
        ("国办发\uff08\uff12\uff10\uff11\uff19\uff09\uff12\uff12号", "国办发\uff082019\uff0922号"),
        ("时间\uff11\uff12\uff1a\uff13\uff10\uff0c地点", "时间12:30\uff0c地点"),
        ("\u3000张\u3000\u3000三\u200b", "张 三"),
        ("面积㎡①", "面积㎡①"),
        ("\uff11\uff0c\uff12\uff13\uff14\uff0e\uff15", "1,234.5"),
        ("", ""),
    ],
)
def test_fold_keeps_chinese_writing(typed, folded):
    assert fold(typed) == folded
    assert fold(folded) == folded


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("12", "12"),
        ("\uff11\uff12\uff0e\uff15\uff10", "12.50"),
        ("1,234,567.80", "1234567.80"),
        ("\uff11\uff0c\uff12\uff13\uff14", "1234"),
        ("1 234", "1234"),
        (" - 12 ", "-12"),
        ("\uff0d3", "-3"),
        ("\u22123", "-3"),
        ("12。5", "12.5"),
        (".5", "0.5"),
        ("5.", "5"),
        ("\u00a07\u3000", "7"),
        ("'42", "42"),
    ],
)
def test_clean_number_reads_stray_forms(typed, number):
    assert clean_number(typed) == Decimal(number)


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("", "没有填写数字"),
        ("  ", "没有填写数字"),
        ("5%", "百分号"),
        ("\uff15\uff05", "百分号"),
        ("\uffe55", "货币符号"),
        ("12kWh", "带有单位"),
        ("12 千瓦时", "带有单位"),
        ("1.2E+05", "科学计数法"),
        ("1,23", "千位分隔符"),
        ("12,34,567", "千位分隔符"),
        ("12 34", "中间有空格"),
        ("1.2.3", "多个小数点"),
        ("=A1+1", "公式"),
        ("约十", "不是数字"),
        ("NaN", "不是数字"),
        ("Infinity", "不是数字"),
        ("\u0661\u0662", "不是数字"),
        ("1_000", "不是数字"),
        ("9" * 31, "数字过长"),
    ],
)
def test_clean_number_refuses_with_reason(typed, reason):
    with pytest.raises(ValueError, match=reason):
        clean_number(typed)


@pytest.mark.parametrize(
    ("name", "initials"),
    [
        ("重庆", "cq"),
        ("银行行长", "yhhz"),
        ("朝阳区", "cyq"),
        ("都匀市", "dys"),
        ("厦门", "xm"),
        ("A座302室", "az302s"),
        ("机关事务管理局\uff08本级\uff09", "jgswgljbj"),
    ],
)
def test_pinyin_initials_read_by_phrase(name, initials):
    assert pinyin_initials(name) == initials


def test_pinyin_key_sorts_by_syllable_then_tone():
    names = ["张三", "李四", "重庆", "长沙", "安徽", "吕梁", "楼"]
    assert sorted(names, key=pinyin_key) == ["安徽", "长沙", "重庆", "李四", "楼", "吕梁", "张三"]
    assert pinyin_key("西安") < pinyin_key("先")


@pytest.mark.parametrize(
    ("name", "start"), [("单田芳", "shan4 "), ("曾国", "zeng1 "), ("尉迟恭", "yu4 chi2 "), ("单", "shan4 ")]
)
def test_pinyin_key_reads_family_names(name, start):
    assert pinyin_key(name, person=True).startswith(start)


def test_cut_gives_words_folded_and_lower():
    assert cut("国家机关\uff21\uff22\uff23\uff0c 统计") == ["国家", "机关", "国家机关", "abc", "统计"]
    assert cut("\uff0c。 ") == []


def test_cut_knows_added_words():
    assert "碳普惠账户" not in cut("碳普惠账户")
    add_words(["碳普惠账户"])
    assert "碳普惠账户" in cut("碳普惠账户")
