"""DMN XML to a `Drawing`. What the platform does not run is refused by name and line, never passed over."""

from __future__ import annotations

from collections.abc import Sequence

from shuzheng.kernel.dmn.model import Decision, DmnError, Drawing, Input, Output, Rule, Table
from shuzheng.kernel.expr import BOOLEAN, DATE, NUMBER, TEXT, Type
from shuzheng.kernel.findings import Place
from shuzheng.kernel.words import gettext
from shuzheng.kernel.xml import Element, read_xml

SPACES = frozenset(
    [
        "http://www.omg.org/spec/DMN/20180521/MODEL/",  # 1.2
        "https://www.omg.org/spec/DMN/20191111/MODEL/",  # 1.3
        "https://www.omg.org/spec/DMN/20211108/MODEL/",  # 1.4
        "https://www.omg.org/spec/DMN/20230324/MODEL/",  # 1.5
    ]
)
TYPES = {
    "string": TEXT,
    "boolean": BOOLEAN,
    "number": NUMBER,
    "integer": NUMBER,
    "long": NUMBER,
    "double": NUMBER,
    "date": DATE,
}
POLICIES = ("UNIQUE", "FIRST", "ANY", "PRIORITY", "RULE ORDER", "OUTPUT ORDER", "COLLECT")
SUMS = ("", "SUM", "MIN", "MAX", "COUNT")
_LOGIC = frozenset(
    ["context", "invocation", "relation", "list", "functionDefinition", "conditional", "for", "every", "some", "filter"]
)
_FEEL = ("", "feel", "http://www.omg.org/spec/FEEL/20140401", "http://www.omg.org/spec/DMN/20180521/FEEL/")


def read(data: bytes) -> Drawing:
    """The decisions of a DMN file. Raises XmlError or DmnError."""
    root = read_xml(data)
    if root.name != "definitions" or root.space not in SPACES:
        raise DmnError(gettext("这不是 DMN 1.2 至 1.5 的文件"), Place(root.get("id") or root.name, line=root.line))
    _language(root)
    if (model := root.first("businessKnowledgeModel")) is not None:
        raise _unsupported(model)
    decisions: dict[str, Decision] = {}
    for element in root.all("decision"):
        decision = _decision(element)
        if not decision.id or decision.id in decisions:
            raise DmnError(gettext("决策的标识“{id}”为空或重复").format(id=decision.id), decision.place)
        decisions[decision.id] = decision
    data_: dict[str, Type] = {}
    for element in root.all("inputData"):
        variable = element.first("variable")
        type_ = _type(variable) if variable is not None else None
        if variable is not None and type_ is not None:
            data_[variable.get("name") or element.get("name")] = type_
    for decision in decisions.values():
        for need in decision.needs:
            if need not in decisions:
                raise DmnError(
                    gettext("“{name}”依赖的决策“{need}”不在文件中").format(name=decision.place, need=need),
                    decision.place,
                )
    return Drawing(decisions, data_)


def _place(element: Element, name: str = "") -> Place:
    return Place(element.get("id"), name or element.get("label") or element.get("name"), element.line)


def _unsupported(element: Element) -> DmnError:
    return DmnError(gettext("不支持的元素 <{element}>").format(element=element.name), _place(element))


def _language(element: Element) -> None:
    language = element.get("expressionLanguage")
    if language.lower() not in _FEEL and not language.startswith("https://www.omg.org/spec/DMN/"):
        raise DmnError(gettext("表达式语言应为 FEEL，这里是“{language}”").format(language=language), _place(element))


def _type(element: Element) -> Type | None:
    written = element.get("typeRef")
    name = written.rpartition(":")[2]
    if name in ("", "Any"):
        return None
    if name not in TYPES:
        raise DmnError(
            gettext("不支持的类型“{type}”，可用：{types}").format(type=written, types=", ".join(TYPES)), _place(element)
        )
    return TYPES[name]


def _text(element: Element | None) -> str:
    if element is None:
        return ""
    _language(element)
    return element.text_of("text")


def _decision(element: Element) -> Decision:
    place = _place(element, element.get("name"))
    variable = element.first("variable")
    needs = []
    for requirement in element.all("informationRequirement"):
        required = requirement.first("requiredDecision")
        if required is not None:
            needs.append(required.get("href").removeprefix("#"))
    for child in element.children:
        if child.name in _LOGIC:
            raise _unsupported(child)
    table, expression = element.first("decisionTable"), element.first("literalExpression")
    logic = _table(table, place) if table is not None else _text(expression)
    name = (variable.get("name") if variable is not None else "") or place.name or place.id
    type_ = _type(variable) if variable is not None else None
    return Decision(place, name, type_, logic, tuple(needs))


def _table(element: Element, decision: Place) -> Table:
    place = Place(element.get("id"), decision.name, element.line)
    hit, sum_ = element.get("hitPolicy", "UNIQUE"), element.get("aggregation")
    if hit not in POLICIES:
        raise DmnError(gettext("不认识的命中规则“{hit}”").format(hit=hit), place)
    if sum_ not in SUMS or (sum_ and hit != "COLLECT"):
        raise DmnError(gettext("汇总方式“{sum}”只能是 SUM、MIN、MAX、COUNT，并与 COLLECT 同用").format(sum=sum_), place)
    inputs = tuple(map(_input, element.all("input")))
    outputs = tuple(_output(e) for e in element.all("output"))
    if not outputs:
        raise DmnError(gettext("决策表“{name}”没有输出列").format(name=place), place)
    names = [output.name for output in outputs]
    if len(outputs) > 1 and (not all(names) or len(set(names)) < len(names)):
        raise DmnError(gettext("决策表“{name}”有几个输出列，每列都要有不同的名称").format(name=place), place)
    rules = tuple(_rule(e, n, inputs, outputs) for n, e in enumerate(element.all("rule"), 1))
    return Table(place, hit, sum_, inputs, outputs, rules)


def _input(element: Element) -> Input:
    expression = element.first("inputExpression")
    text = _text(expression)
    place = _place(element, element.get("label") or text)
    whole = expression is not None and expression.get("typeRef").rpartition(":")[2] in ("integer", "long")
    type_ = _type(expression) if expression is not None else None
    return Input(place, text, type_, whole, _text(element.first("inputValues")))


def _output(element: Element) -> Output:
    default = _text(element.first("defaultOutputEntry"))
    allowed = _text(element.first("outputValues"))
    return Output(_place(element), element.get("name"), _type(element), allowed, default)


def _rule(element: Element, number: int, inputs: Sequence[Input], outputs: Sequence[Output]) -> Rule:
    place = _place(element, gettext("规则 {n}").format(n=number))
    conditions = tuple(map(_text, element.all("inputEntry")))
    results = tuple(map(_text, element.all("outputEntry")))
    if len(conditions) != len(inputs) or len(results) != len(outputs):
        raise DmnError(gettext("{rule}的单元格数与列数不符").format(rule=place), place)
    return Rule(place, conditions, results, element.text_of("description"))


__all__ = ["read"]
