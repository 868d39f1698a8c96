"""Which steps no run can do without."""

from __future__ import annotations

import pytest

from shuzheng.kernel.bpmn import certain, read

HEAD = '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"><process id="p"><startEvent id="s"/><endEvent id="e"/>'


def task(*ids: str) -> str:
    return "".join(f'<userTask id="{id_}"/>' for id_ in ids)


def flows(*ways: str) -> str:
    pairs = [tuple(leg) for way in ways for leg in zip(way.split(">"), way.split(">")[1:], strict=False)]
    return "".join(f'<sequenceFlow id="f{n}" sourceRef="{a}" targetRef="{b}"/>' for n, (a, b) in enumerate(pairs))


def gates(kind: str, *ids: str) -> str:
    return "".join(f'<{kind}Gateway id="{id_}"/>' for id_ in ids)


@pytest.mark.parametrize(
    ("body", "steps", "before"),
    [
        (task("a", "b") + flows("s>a>b>e"), "ab", {("a", "b")}),
        (task("a", "b") + gates("exclusive", "x", "y") + flows("s>x>a>y>b>e", "x>y"), "b", set()),
        (task("a", "b") + gates("parallel", "x", "y") + flows("s>x>a>y>e", "x>b>y"), "ab", set()),
        (task("a", "b", "c") + gates("exclusive", "x", "y") + flows("s>a>x>b>y>c>e", "x>a", "x>y"), "ac", {("a", "c")}),
        (
            task("a", "b") + '<boundaryEvent id="t" attachedToRef="a"><timerEventDefinition/></boundaryEvent>' + flows("s>a>b>e", "t>e"),
            "", set(),
        ),
        (
            task("a", "b") + '<boundaryEvent id="t" attachedToRef="a" cancelActivity="false"><timerEventDefinition/></boundaryEvent>'
            + flows("s>a>b>e", "t>e"), "ab", {("a", "b")},
        ),
        (
            '<subProcess id="u"><startEvent id="us"/><userTask id="a"/><endEvent id="ue"/><sequenceFlow id="u1" sourceRef="us" targetRef="a"/>'
            '<sequenceFlow id="u2" sourceRef="a" targetRef="ue"/></subProcess>' + task("b") + flows("s>u>b>e"), "ab", {("a", "b")},
        ),
        (
            '<subProcess id="u" triggeredByEvent="true"><startEvent id="us"><messageEventDefinition/></startEvent><endEvent id="ue"/>'
            '<sequenceFlow id="u1" sourceRef="us" targetRef="ue"/></subProcess>' + task("a") + flows("s>a>e"), "", set(),
        ),
    ],
    ids=[
        "in a row", "one of two ways", "side by side", "a loop", "a time-out leads past it", "a reminder does not",
        "within a sub-process", "an event ends the rest",
    ],
)  # fmt: skip
def test_steps_that_every_run_passes(body: str, steps: str, before: set[tuple[str, str]]):
    found = certain(read((HEAD + body + "</process></definitions>").encode()).processes[0])
    assert (found.steps, found.before) == (frozenset(steps), before)
