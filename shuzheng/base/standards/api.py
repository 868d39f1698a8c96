"""Standards for programs: an element as it holds, JSON Schema and workbook, checking rows or a sheet, mapping codes.

Lists of elements, code sets, factors and rules are registers (``/elements``, ``/codesets`` …). No postponed annotations
here: the routes are typed with schemas.
"""

import io
from datetime import date
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from ninja import Body, File, Form, Path, Query, Router, Schema
from ninja.files import UploadedFile
from pydantic import Field, StringConstraints

from shuzheng.base.api.problems import REFUSALS
from shuzheng.base.api.schemas import Strict, refuse_unknown
from shuzheng.base.core.actor import Actor, actor_of
from shuzheng.base.files.kinds import XLSX
from shuzheng.base.standards import exports, mapping, resolve
from shuzheng.base.standards.conform import Checker, Report, collect
from shuzheng.base.standards.conform_file import check_sheet
from shuzheng.base.standards.selection import Selection

router = Router(tags=["标准规范"])
Code = Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=r"^[A-Za-z0-9_.\-]+$")]
Codes = Annotated[str, StringConstraints(max_length=4000, pattern=r"^[^\x00]*$")]
Group = Annotated[str, StringConstraints(max_length=12, pattern=r"^[a-z]*$")]
Dataset = Annotated[str, StringConstraints(max_length=40, pattern=r"^[a-z0-9_.]*$")]
MOST_ROWS = 20_000
MOST_SAID = 10_000


class ElementOut(Schema):
    """A data element as it holds on a day for the organ of the post."""

    id: str
    identifier: str
    name: str
    name_en: str
    group: str
    dataset: str
    data_type: str
    data_format: str
    value_domain: str
    note: str
    unit: str
    code_set: str
    authority: str
    required: bool
    edition: int
    effective_from: date
    source: str
    article: str
    confidence: str


class Chosen(Strict):
    """Which elements: a group, a data set, or both empty for all."""

    group: Group = ""
    dataset: Dataset = ""
    on: date | None = None


class Check(Strict):
    """Rows by identifier, and what they are checked against. ``required`` replaces what the elements call required."""

    group: Group = ""
    dataset: Dataset = ""
    elements: Annotated[list[Code], Field(max_length=1000)] = []
    required: Annotated[list[Code], Field(max_length=1000)] | None = None
    on: date | None = None
    rows: Annotated[list[dict[str, Any]], Field(max_length=MOST_ROWS)]


class DepartureOut(Schema):
    """One value that does not conform. ``row`` counts from 1 (of a sheet: its own rows; 0 stands for the whole)."""

    row: int
    column: str
    identifier: str
    name: str
    kind: str
    message: str
    value: str


class ReportOut(Schema):
    """What a check found. All departures are counted; the first 10,000 are listed."""

    conforms: bool
    rows: int
    bad_rows: int
    elements: int
    total: int
    departures: list[DepartureOut]
    notes: list[str] = []


class MappedOut(Schema):
    """A code and those that take its place; none: it was given up, or (``known`` false) never was."""

    code: str
    known: bool
    targets: list[str]


class MappingOut(Schema):
    code_set: str
    since: date
    to: date
    codes: list[MappedOut]


class Mapping(Strict):
    """Codes divided by commas, of the edition in force on ``since``; ``to`` is today unless given. No codes: all of them."""

    codes: Codes = ""
    since: date
    to: date | None = None


@router.get("/elements/{code}", response={200: ElementOut, **REFUSALS}, operation_id="resolve_standards_element")
def read_element(request: HttpRequest, code: Code = Path(...), on: date | None = Query(None)) -> dict[str, Any]:
    """The element of an identifier that holds for the post's organ on a day."""
    actor = _viewer(request)
    found = resolve.element(code, on or timezone.localdate(), actor.organ_path)
    return {name: getattr(found, name) for name in ElementOut.model_fields if name != "id"} | {"id": str(found.id)}


@router.get("/schema", response={200: dict[str, Any], **REFUSALS}, operation_id="schema_standards")
def read_schema(request: HttpRequest, asked: Chosen = Query(...)) -> HttpResponse:
    """JSON Schema (2020-12) of a data set, a group, or everything."""
    refuse_unknown(request, asked)
    selection = _selection(_viewer(request), asked)
    return JsonResponse(selection.schema(), json_dumps_params={"ensure_ascii": False})


@router.get("/workbook", response={200: None, **REFUSALS}, operation_id="workbook_standards")
def read_workbook(request: HttpRequest, asked: Chosen = Query(...)) -> HttpResponse:
    """The elements as a workbook in the layout of GB/T 43243."""
    refuse_unknown(request, asked)
    selection = _selection(_viewer(request), asked)
    out = io.BytesIO()
    exports.write_elements(out, selection.elements, selection.book, selection.on, selection.path)
    return HttpResponse(out.getvalue(), content_type=XLSX)


@router.post("/check", response={200: ReportOut, **REFUSALS}, operation_id="check_standards_rows")
def check_rows(request: HttpRequest, body: Check = Body(...)) -> dict[str, Any]:
    """Check rows against data elements; every departure is counted."""
    selection = _selection(_viewer(request), body, body.elements)
    checker = Checker(
        selection.elements, on=selection.on, path=selection.path, required=body.required, book=selection.book
    )
    return _report(collect(checker, enumerate(body.rows, 1), most=MOST_SAID))


@router.post("/check-file", response={200: ReportOut, **REFUSALS}, operation_id="check_standards_file")
def check_file(
    request: HttpRequest,
    file: UploadedFile = File(...),
    group: Group = Form(""),
    dataset: Dataset = Form(""),
    on: date | None = Form(None),
) -> dict[str, Any]:
    """Check the first sheet of an xlsx, xls, ods or csv file, headed by element names or identifiers."""
    selection = _selection(_viewer(request), Chosen(group=group, dataset=dataset, on=on))
    checker = Checker(selection.elements, on=selection.on, path=selection.path, book=selection.book)
    checked = check_sheet(checker, file.read(), file.name or "", most=MOST_SAID)
    return _report(checked.report) | {"elements": len(checked.columns), "notes": checked.notes}


@router.get("/codesets/{code}/mapping", response={200: MappingOut, **REFUSALS}, operation_id="map_standards_codes")
def read_mapping(request: HttpRequest, code: Code = Path(...), asked: Mapping = Query(...)) -> dict[str, Any]:
    """Which codes of the edition of one day stand for those of another."""
    refuse_unknown(request, asked)
    actor = actor_of(request)
    actor.require("standards.codeset.view")
    path, to, book = actor.organ_path, asked.to or timezone.localdate(), resolve.current()
    codes = [c for c in (part.strip() for part in asked.codes.split(",")) if c]
    if not codes:
        codes = [item.code for item in resolve.code_set(code, asked.since, path, book=book).items]
    found = mapping.map_codes(code, codes, since=asked.since, to=to, path=path, book=book)
    rows = [{"code": m.code, "known": m.known, "targets": list(m.targets)} for m in found]
    return {"code_set": code, "since": asked.since, "to": to, "codes": rows}


def _viewer(request: HttpRequest) -> Actor:
    actor = actor_of(request)
    actor.require("standards.element.view")
    return actor


def _selection(actor: Actor, asked: Any, identifiers: list[str] | None = None) -> Selection:
    return Selection.of(
        actor.organ_path, group=asked.group, dataset=asked.dataset, identifiers=identifiers or (), on=asked.on
    )


def _report(report: Report) -> dict[str, Any]:
    said = [
        {"row": d.row, "column": d.column, "identifier": d.identifier, "name": d.name, "kind": d.kind,
         "message": d.message, "value": d.value}
        for d in report.departures
    ]  # fmt: skip
    return {
        "conforms": report.conforms, "rows": report.rows, "bad_rows": report.bad_rows,
        "elements": len(report.elements), "total": report.total, "departures": said,
    }  # fmt: skip


__all__ = ["router"]
