"""Overlaps, gaps and conditions that never hold: what the check says against a plain look at a fine grid of values."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from itertools import combinations, product

from hypothesis import given, settings
from hypothesis import strategies as st

from shuzheng.kernel.bpmn import check, read
from shuzheng.kernel.expr import NUMBER, Domain
from tests.kernel.bpmn.drawing import draw
from tests.kernel.bpmn.test_bpmn import AROUND

MEANINGS = {
    "金额 < 2": lambda n, k: n < 2,
    "2 <= 金额": lambda n, k: n >= 2,
    "not(金额 = 2)": lambda n, k: n != 2,
    "金额 > 3 and 金额 < 1": lambda n, k: False,
    "金额 between 1 and 3": lambda n, k: 1 <= n <= 3,
    "金额 in (1, [3..4), > 5 - 1)": lambda n, k: n == 1 or 3 <= n < 4 or n > 4,
    '类别 = "车辆"': lambda n, k: k == "车辆",
    'not(类别 in ["车辆", "房屋"])': lambda n, k: k == "其他",
    '类别 in ("车辆", "房屋") and 金额 >= 1': lambda n, k: k != "其他" and n >= 1,
    'if 类别 = "其他" then 金额 > 1 else 金额 > 3': lambda n, k: n > (1 if k == "其他" else 3),
    '金额 > 1 or 类别 != "房屋"': lambda n, k: n > 1 or k != "房屋",
}
GRID = list(product([Decimal(n) / 4 for n in range(21)], ["车辆", "房屋", "其他"]))
BOUNDED = replace(AROUND, names={**AROUND.names, "金额": Domain(NUMBER, low=Decimal(0), high=Decimal(5))})


@settings(max_examples=120, deadline=None)
@given(
    st.lists(st.sampled_from(sorted(MEANINGS)), min_size=1, max_size=3, unique=True),
    st.sampled_from(["xor", "or"]),
    st.booleans(),
)
def test_conditions_agree_with_a_plain_look(conditions, kind, default):
    lines = ["start s", f"{kind} g", "s > g", *(f"g > e{n} : {text}" for n, text in enumerate(conditions))]
    lines += [f"end e{n}" for n in range(len(conditions))] + (["end x", "g > x : *"] if default else [])
    found = {(f.code, f.place.id) for f in check(read(draw("\n".join(lines))), BOUNDED)}
    holding = [[n for n, text in enumerate(conditions) if MEANINGS[text](*point)] for point in GRID]
    wanted = {("condition-never", f"g_e{n}") for n in range(len(conditions)) if not any(n in h for h in holding)}
    if not default and not all(holding):
        wanted.add(("conditions-gap", "g"))
    if kind == "xor" and any({a, b} <= set(h) for h in holding for a, b in combinations(range(len(conditions)), 2)):
        wanted.add(("conditions-overlap", "g"))
    assert found == wanted
