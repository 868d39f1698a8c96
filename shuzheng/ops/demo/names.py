"""Names of the demo nation. Divisions are real; every institution and person is made up (domain §12)."""

from __future__ import annotations

from random import Random

from shuzheng.kernel.uscc import make_uscc

SURNAMES = (
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜谢邹喻柏窦章云苏潘葛范彭郎鲁韦马苗方俞任袁柳"
)
GIVEN = (
    "安博辰成达恩帆刚光海涵杰静娟凯兰岚莉林玲露敏明宁平琴青清荣瑞珊舒思婷文溪霞晓欣秀雪雅妍阳怡英颖雨玉远越云泽哲真志子"
)

KINDS: tuple[tuple[str, str, int], ...] = (
    ("21", "第{n}小学", 9),
    ("21", "第{n}幼儿园", 8),
    ("21", "第{n}中学", 5),
    ("24", "第{n}人民医院", 2),
    ("24", "{w}卫生院", 5),
    ("1", "{w}街道办事处", 4),
    ("1", "综合事务局", 1),
    ("1", "档案史志中心", 1),
    ("23", "文体会展中心", 1),
    ("23", "{w}图书馆", 1),
    ("22", "数据服务中心", 1),
    ("25", "体育场馆管理中心", 1),
    ("29", "农产品检测中心", 1),
    ("29", "市政养护中心", 1),
    ("29", "水利工程中心", 1),
    ("29", "{w}综合服务中心", 4),
    ("3", "职工服务中心", 1),
)
"""Institution type, name after the division's, and how many of 47 are of this kind."""

PLACES = (
    "云峰",
    "妙高",
    "石练",
    "北界",
    "大柘",
    "青禾",
    "东岭",
    "西屏",
    "南溪",
    "新桥",
    "白塔",
    "金竹",
    "长汀",
    "临江",
    "双溪",
    "龙门",
)
NUMBERS = "一二三四五六七八九十"


def person(random: Random) -> str:
    """A name of two or three characters."""
    return random.choice(SURNAMES) + "".join(random.sample(GIVEN, random.choice((1, 2, 2))))


def institution(index: int, total: int, random: Random) -> tuple[str, str]:
    """Type and name (after the division's) of the ``index``-th of ``total`` institutions of a division."""
    weight = sum(w for _, _, w in KINDS)
    spot = index * weight / max(total, 1)
    for code, pattern, share in KINDS:
        if spot < share:
            number = int(spot / share * max(1, round(total * share / weight))) + 1
            return code, pattern.format(n=chinese(number), w=PLACES[(number - 1 + index) % len(PLACES)])
        spot -= share
    return "29", f"{random.choice(PLACES)}服务站"


def chinese(number: int) -> str:
    """A small whole number in Chinese, as schools are numbered: 1 一, 12 十二, 30 三十."""
    if number <= 10:
        return NUMBERS[number - 1]
    tens, ones = divmod(number, 10)
    if tens > 9:
        return str(number)
    return ("" if tens == 1 else NUMBERS[tens - 1]) + "十" + (NUMBERS[ones - 1] if ones else "")


def credit_code(kind: str, serial: int) -> str:
    """A credit code of the fictitious region 99, with both check digits right."""
    category = {"1": "1", "3": "3"}.get(kind, "2")
    return make_uscc("1", category, body=f"{serial:08d}")
