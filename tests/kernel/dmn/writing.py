"""Decision tables in short, written out as the XML that dmn-js saves."""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" '
    'xmlns:dmndi="https://www.omg.org/spec/DMN/20191111/DMNDI/" xmlns:dc="http://www.omg.org/spec/DMN/20180521/DC/" '
    'id="definitions" name="DRD" namespace="http://camunda.org/schema/1.0/dmn">\n'
)


def table(
    inputs: dict[str, str],
    outputs: dict[str, str],
    *rules: str,
    hit: str = "UNIQUE",
    sum: str = "",
    allowed: dict[str, str] | None = None,
    defaults: dict[str, str] | None = None,
    id: str = "t",
    needs: tuple[str, ...] = (),
    name: str = "",
) -> str:
    """One decision. A rule is its cells, split by `|`: conditions, then results."""
    out = [f"  <decision id={quoteattr(id)} name={quoteattr(name or id)}>"]
    for need in needs:
        out.append(f'    <informationRequirement><requiredDecision href="#{need}" /></informationRequirement>')
    policy = ("" if hit == "UNIQUE" else f' hitPolicy="{hit}"') + (f' aggregation="{sum}"' if sum else "")
    out.append(f'    <decisionTable id="{id}_table"{policy}>')
    values = allowed or {}
    for n, (text, type_) in enumerate(inputs.items()):
        out.append(f'      <input id="{id}_i{n}"><inputExpression id="{id}_e{n}" typeRef="{type_}">')
        out.append(f"        <text>{escape(text)}</text></inputExpression>")
        out.append(_values("inputValues", values.get(text)) + "</input>")
    for n, (text, type_) in enumerate(outputs.items()):
        out.append(f'      <output id="{id}_o{n}" name={quoteattr(text)} typeRef="{type_}">')
        out.append(
            _values("outputValues", values.get(text))
            + _values("defaultOutputEntry", (defaults or {}).get(text))
            + "</output>"
        )
    for n, rule in enumerate(rules, 1):
        cells = [cell.strip() for cell in rule.split("|")]
        out.append(f'      <rule id="{id}_r{n}">')
        for m, cell in enumerate(cells):
            tag = "inputEntry" if m < len(inputs) else "outputEntry"
            out.append(f'        <{tag} id="{id}_r{n}_{m}"><text>{escape(cell)}</text></{tag}>')
        out.append("      </rule>")
    return "\n".join([*out, "    </decisionTable>", "  </decision>"])


def expression(id: str, name: str, text: str, needs: tuple[str, ...] = ()) -> str:
    wanted = "".join(
        f'<informationRequirement><requiredDecision href="#{need}" /></informationRequirement>' for need in needs
    )
    return (
        f'  <decision id="{id}" name="{name}"><variable id="{id}_v" name="{name}" />{wanted}'
        f"<literalExpression><text>{escape(text)}</text></literalExpression></decision>"
    )


def file(*decisions: str) -> bytes:
    return (HEAD + "\n".join(decisions) + "\n</definitions>\n").encode()


def _values(tag: str, text: str | None) -> str:
    return f"        <{tag}><text>{escape(text)}</text></{tag}>" if text is not None else ""
