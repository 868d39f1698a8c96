"""What the routes of flows share: keys of idempotency, and a definition as programs see it.

No postponed annotations here: the routes are typed with schemas.
"""

from typing import Annotated, Any
from uuid import UUID

from ninja import Schema
from pydantic import StringConstraints

from shuzheng.base.flows import defining
from shuzheng.base.flows.models import Definition

Key = Annotated[str, StringConstraints(min_length=1, max_length=50, pattern=r"^[\x21-\x7e]+$")]


class DefinitionOut(Schema):
    id: UUID
    version: int
    code: str
    edition: int
    name: str
    group: str
    state: str


class BpmnOut(DefinitionOut):
    """``faults`` are what would keep it from being published."""

    bpmn: str
    tables: dict[str, str]
    faults: list[str]


def definition_out(row: Definition) -> dict[str, Any]:
    """As ``BpmnOut`` has it."""
    names = ("version", "code", "edition", "name", "group", "state", "bpmn", "tables")
    faults = [f.message for f in defining.faults_of(row)]
    return {"id": row.pk, **{n: getattr(row, n) for n in names}, "faults": faults}
