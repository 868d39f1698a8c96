"""Routes of each register: list, read, create, change, delete and its own verbs; all through ``registers.service``.

No postponed annotations here: schemas are made for each register, and the routes are typed with them.
"""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from django.forms import BooleanField, DateField, DecimalField, IntegerField, ModelChoiceField, ModelMultipleChoiceField
from django.forms import Field as FormField
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils.translation import gettext as _
from ninja import Body, Header, Path, Query, Router, Schema
from pydantic import Field, StringConstraints, create_model

from shuzheng.base.api import schemas
from shuzheng.base.api.problems import REFUSALS
from shuzheng.base.core.actor import actor_of
from shuzheng.base.registers import service
from shuzheng.base.registers.declare import Register, RowAction
from shuzheng.kernel.errors import Invalid

Key = Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=r"^[\x21-\x7e]+$")]
Version = Annotated[str, StringConstraints(max_length=20, pattern=r'^"?\d{1,9}"?$')]


class Done(Schema):
    """Ids of the records that a verb touched."""

    ids: list[str]


def router_of(register: Register) -> Router:
    """The routes of one register."""
    router = Router(tags=[register.verbose])
    row = schemas.read(register)
    _list(router, register, row)
    _read(router, register, row)
    if register.has("create"):
        _create(router, register, row)
    if register.has("change"):
        _change(router, register, row)
    if register.has("delete"):
        _delete(router, register)
    for item in register.actions:
        _act(router, register, item)
    return router


def tag(row: Any) -> str:
    """The ETag of a record: its version."""
    return f'"{row.version}"'


def seen(header: str) -> int:
    return int(header.strip('"'))


def _list(router: Router, register: Register, row: type[Schema]) -> None:
    asked = schemas.query(register)

    @router.get(
        "", response={200: schemas.page(register, row), **REFUSALS}, operation_id=f"list_{_id(register)}", by_alias=True
    )
    def list_(request: HttpRequest, asked: asked = Query(...)) -> dict[str, Any]:  # type: ignore[valid-type]
        schemas.refuse_unknown(request, asked)
        words = {k: v for k, v in asked.dict(exclude_none=True).items() if k not in ("cursor", "limit")}
        query = QueryDict(mutable=True)
        query.update(words)
        rows, following = service.list_after(register, actor_of(request), query, asked.cursor or "", asked.limit)
        return {"rows": [schemas.answer(register, r) for r in rows], "next": following}


def _read(router: Router, register: Register, row: type[Schema]) -> None:
    @router.get(
        "/{uuid:pk}", response={200: row, 304: None, **REFUSALS}, operation_id=f"read_{_id(register)}", by_alias=True
    )
    def read(request: HttpRequest, response: HttpResponse, pk: UUID = Path(...)) -> Any:
        found = service.read(register, actor_of(request), pk)
        if register.versioned:
            response["ETag"] = tag(found)
            if request.headers.get("If-None-Match") == tag(found):
                return 304, None
        return schemas.answer(register, found)


def _create(router: Router, register: Register, row: type[Schema]) -> None:
    body = schemas.written(register, partial=False)

    @router.post("", response={201: row, **REFUSALS}, operation_id=f"create_{_id(register)}", by_alias=True)
    def create(
        request: HttpRequest,
        response: HttpResponse,
        values: body = Body(...),  # type: ignore[valid-type]
        key: Key = Header(..., alias="Idempotency-Key"),
    ) -> Any:
        made = service.create(register, actor_of(request), _values(values), key=key)
        if register.versioned:
            response["ETag"] = tag(made)
        return 201, schemas.answer(register, made)


def _change(router: Router, register: Register, row: type[Schema]) -> None:
    body = schemas.written(register, partial=True)

    @router.patch("/{uuid:pk}", response={200: row, **REFUSALS}, operation_id=f"change_{_id(register)}", by_alias=True)
    def change(
        request: HttpRequest,
        response: HttpResponse,
        pk: UUID = Path(...),
        values: body = Body(...),  # type: ignore[valid-type]
        key: Key = Header(..., alias="Idempotency-Key"),
        version: Version = Header(..., alias="If-Match"),
    ) -> Any:
        given = _values(values)
        if not given:
            raise Invalid(_("没有要修改的字段。"))
        changed = service.change(register, actor_of(request), pk, given, key=key, seen=seen(version))
        if register.versioned:
            response["ETag"] = tag(changed)
        return schemas.answer(register, changed)


def _delete(router: Router, register: Register) -> None:
    @router.delete("/{uuid:pk}", response={200: Done, **REFUSALS}, operation_id=f"delete_{_id(register)}")
    def delete(
        request: HttpRequest,
        pk: UUID = Path(...),
        key: Key = Header(..., alias="Idempotency-Key"),
        version: Version = Header(..., alias="If-Match"),
    ) -> dict[str, Any]:
        versions = {pk: seen(version)} if register.versioned else None
        service.delete(register, actor_of(request), [pk], key=key, seen=versions)
        return {"ids": [str(pk)]}


def _act(router: Router, register: Register, item: RowAction) -> None:
    fields: dict[str, Any] = {
        "ids": (Annotated[list[UUID], Field(min_length=1, max_length=service.MOST_ROWS)], ...),
        "seen": (dict[UUID, int] | None, Field(None, description="各记录看到的版本")),
    }
    if item.form is not None:
        fields |= {name: _asked(field) for name, field in item.form.base_fields.items()}
    body = create_model(f"{item.name.capitalize()}{schemas.class_name(register)}", __base__=schemas.Strict, **fields)

    @router.post(
        f"/actions/{item.name}",
        response={200: Done, **REFUSALS},
        operation_id=f"{item.name}_{_id(register)}",
        summary=item.label,
    )
    def act(
        request: HttpRequest,
        values: body = Body(...),  # type: ignore[valid-type]
        key: Key = Header(..., alias="Idempotency-Key"),
    ) -> dict[str, Any]:
        given = _values(values)
        ids, versions = given.pop("ids"), given.pop("seen", None)
        rows = service.act(register, actor_of(request), item.name, ids, given, key=key, seen=versions)
        return {"ids": [str(r.pk) for r in rows]}


def _asked(field: FormField) -> tuple[Any, Any]:
    """The type of a value that an action's form asks for."""
    kind: Any = schemas.text(getattr(field, "max_length", None))
    if isinstance(field, ModelMultipleChoiceField):
        kind = list[UUID]
    elif isinstance(field, ModelChoiceField):
        kind = UUID
    elif isinstance(field, BooleanField):
        kind = bool
    elif isinstance(field, IntegerField) and not isinstance(field, DecimalField):
        kind = Annotated[int, Field(ge=-(2**31), le=2**31 - 1, strict=True)]
    elif isinstance(field, DecimalField):
        kind = schemas.text(40, schemas.NUMBER)
    elif isinstance(field, DateField):
        kind = date
    about = Field(..., title=str(field.label or "")) if field.required else Field(None, title=str(field.label or ""))
    return (kind, about) if field.required else (kind | None, about)


def _values(body: Schema) -> dict[str, Any]:
    """What was sent, by field; a field that was left out is not there, one sent as null is None."""
    return body.dict(exclude_unset=True, by_alias=True)


def _id(register: Register) -> str:
    return register.name.replace("-", "_")
