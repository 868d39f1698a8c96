"""Decision tables of a process: what they fill is what its expressions speak of."""

from __future__ import annotations

from decimal import Decimal

import pytest

from shuzheng.base.flows.bpmn.decisions import ready
from shuzheng.base.flows.bpmn.reading import look
from shuzheng.kernel.errors import Invalid
from shuzheng.kernel.expr import NUMBER, TEXT, list_of
from tests.flows.test_checking import SHELL, flow, task

NAMES = {"amount": NUMBER}


def table(inside: str, hit: str = "UNIQUE", column: str = "amount") -> str:
    return f"""<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="d" namespace="x">
    <decision id="level" name="层级"><decisionTable id="t" hitPolicy="{hit}">
      <input id="i" label="金额"><inputExpression id="e" typeRef="number"><text>{column}</text></inputExpression></input>
      <output id="o" name="who" typeRef="string"/><output id="p" name="days" typeRef="number"/>{inside}
    </decisionTable></decision></definitions>"""


def rule(n: int, test: str, *results: str) -> str:
    cells = "".join(f'<outputEntry id="o{n}{i}"><text>{text}</text></outputEntry>' for i, text in enumerate(results))
    return f'<rule id="r{n}"><inputEntry id="i{n}"><text>{test}</text></inputEntry>{cells}</rule>'


SMALL, BIG = rule(1, "&lt; 5000", '"head"', "1"), rule(2, "&gt;= 1000", '"role:leader@organ"', "3")


def test_each_column_is_a_name_of_the_process():
    made = ready("level", table(SMALL), NAMES)
    assert made.outputs == {"who": TEXT, "days": NUMBER}
    assert made.decide({"amount": Decimal(10)}) == {"who": "head", "days": Decimal(1)}
    assert made.decide({"amount": Decimal(9000)}) == {"who": None, "days": None}


def test_what_is_collected_is_a_list_of_each_column():
    made = ready("level", table(SMALL + BIG, "COLLECT"), NAMES)
    assert made.outputs == {"who": list_of(TEXT), "days": list_of(NUMBER)}
    assert made.decide({"amount": Decimal(2000)})["who"] == ("head", "role:leader@organ")
    assert made.decide({"amount": None})["days"] == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (table(SMALL + BIG, "FIRST", "amuont"), "amuont"),
        (table(rule(1, "&lt; limit", '"head"', "1")), "limit"),
        (table(rule(1, '"many"', '"head"', "1")), "规则 1"),
        (table(SMALL).replace('id="level"', 'id="other"'), "没有决策表"),
        ('<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + table(SMALL), "DTD"),
    ],
    ids=["a slip in a column", "a slip in a cell", "a cell of the wrong type", "another decision", "an entity"],
)
def test_what_cannot_be_decided_is_refused_in_words(text: str, said: str):
    with pytest.raises(Invalid, match=said):
        ready("level", text, NAMES)
    body = task("a", "审") + flow("s", "a") + flow("a", "e")
    _outline, faults = look(SHELL.format(body=body), {"level": text})
    assert any(said in fault.message for fault in faults)


@pytest.mark.django_db
def test_rules_that_overlap_are_not_published(desk):
    definition = desk.publish_text(SHELL.format(body=task("a", "审") + flow("s", "a") + flow("a", "e")), "buy")
    with pytest.raises(Invalid, match="处不能用") as refused:
        desk.publish_text(definition.bpmn, "buy", {"level": table(SMALL + BIG)})
    assert "重叠" in refused.value.faults[0].message
