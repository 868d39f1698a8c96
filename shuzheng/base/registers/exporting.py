"""Taking a register out as a sheet, and the template that can be filled in and brought back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.db import models
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from shuzheng.base.core.actor import Actor
from shuzheng.base.core.counting import CAP
from shuzheng.base.registers.declare import Column, Register
from shuzheng.base.registers.fields import Shown, columns_of, field_names, label_field, shown
from shuzheng.base.registers.forms import chooses_owner, targets
from shuzheng.base.registers.query import Listing, Params
from shuzheng.base.registers.workbooks import SheetColumn, write_xlsx

Said = Callable[[int, int], None]
"""Is told how many rows were read, and of how many."""
CHUNK = 2000
MOST_CHOICES = 500
"""Records of a foreign key that a template's drop-down lists; where there are more, the name is typed."""


def folder(way: str) -> Path:
    """Where sheets under way lie: outside the tree that the web server serves."""
    path = Path(settings.MEDIA_ROOT) / "transfers" / way
    path.mkdir(parents=True, exist_ok=True)
    return path


def folders() -> list[Path]:
    """All of them: those of registers, and those of others who keep sheets until somebody has looked at them."""
    return [path for path in folder("import").parent.iterdir() if path.is_dir()]


def export_columns(register: Register, listing: Listing, kept: Sequence[str] = ()) -> list[Shown]:
    """The columns shown, after them the owner: every export says whose a row is."""
    columns = listing.visible(kept)
    if register.owned and all(c.name != "node" for c in columns):
        columns.append(shown(register, Column("node")))
    return columns


def export_rows(
    listing: Listing, columns: Sequence[Shown], rows: QuerySet[Any] | None = None, say: Said | None = None
) -> Iterator[list[Any]]:
    """The values of all rows of a list, in its order, read in chunks so that millions need little memory.

    The running scope must be the actor's until the last row is read.
    """
    asked = listing.rows() if rows is None else rows
    total = asked.order_by().count() if say else 0
    ordered = listing.joined(asked, columns).order_by(*listing.order(many=False))
    for done, row in enumerate(ordered.iterator(chunk_size=CHUNK)):
        if say and done % CHUNK == 0:
            say(done, total)
        yield [column.cell(column.read(row)) for column in columns]


def write_export(
    file: IO[bytes] | str,
    register: Register,
    actor: Actor,
    params: Params,
    ids: Sequence[Any] = (),
    kept: Sequence[str] = (),
    say: Said | None = None,
) -> int:
    """Write the list (or the chosen rows of it) to ``file``; returns the number of rows."""
    listing = Listing(register, actor, params)
    columns = export_columns(register, listing, kept)
    rows = listing.rows().filter(pk__in=ids) if ids else None
    return write_xlsx(file, [c.sheet for c in columns], export_rows(listing, columns, rows, say), name=register.verbose)


def is_long(register: Register, actor: Actor, params: Params) -> bool:
    """Whether an export has more rows than one waits for."""
    return Listing(register, actor, params).rows().order_by()[CAP : CAP + 1].exists()


# Templates


def sheet_fields(register: Register, actor: Actor) -> list[Shown]:
    """What an import reads: the fields that users fill in, and the owner where there is one to choose."""
    names = field_names(register)
    if chooses_owner(register, actor):
        names = ["node", *names]
    by_name = {c.name: c for c in columns_of(register)}
    return [by_name.get(name) or shown(register, Column(name)) for name in names]


def sheet_column(register: Register, item: Shown, actor: Actor) -> SheetColumn:
    """A column of the template: help, duty, limits, and a list where the values are known."""
    field: Any = item.field
    least, most = _bounds(field)
    choices: Iterable[str] = ()
    said = [str(field.help_text)] if field.help_text else []
    if item.kind == "choice":
        choices = item.choices.values()
    elif item.kind == "choices":
        said.append(_("几项之间用“、”隔开。可选：%(choices)s") % {"choices": "、".join(item.choices.values())})
    elif item.kind == "relation":
        choices = _relation_choices(item, actor)
        if not choices:
            said.append(_("填名称或编号。"))
    elif item.kind == "span":
        said.append(_("写成 2026-01-01 至 2026-12-31；没有结束日期写到“至”为止。"))
    elif item.kind == "text" and getattr(field, "max_length", None):
        said.append(_("最多 %(n)d 个字。") % {"n": field.max_length})
    if item.name in register.key:
        said.append(_("按此列认出已有的记录：已有的修改，没有的新增。"))
    kind: Any = {"choices": "text", "span": "text", "relation": "choice" if choices else "text", "json": "text"}.get(
        item.kind, item.kind
    )
    return SheetColumn(
        item.label, kind, unit=item.unit, help="".join(said), required=is_required(register, item), choices=list(choices),
        places=item.places, least=least, most=most,
    )  # fmt: skip


def is_required(register: Register, item: Shown) -> bool:
    """Whether a new record needs this field filled in. The owner goes without saying: it is one's own organ."""
    field: Any = item.field
    return item.name != "node" and not field.blank and not field.has_default()


def _bounds(field: models.Field[Any, Any]) -> tuple[Any, Any]:
    least = most = None
    for validator in field.validators:
        if validator.__class__.__name__ == "MinValueValidator":
            least = validator.limit_value
        elif validator.__class__.__name__ == "MaxValueValidator":
            most = validator.limit_value
    # Django's own limits of the column type say nothing to a user.
    return (None if least is not None and least < -(10**6) else least), (
        None if most is not None and most > 10**9 else most
    )


def _relation_choices(item: Shown, actor: Actor) -> list[str]:
    """The names a drop-down offers, if they are few and each names one record."""
    if item.name == "node":
        return []
    field: Any = item.field
    named = label_field(field.related_model)
    names = list(targets(field, actor).order_by(named).values_list(named, flat=True)[: MOST_CHOICES + 1])
    return [str(n) for n in names] if len(names) <= MOST_CHOICES and len(set(names)) == len(names) else []


def write_template(file: IO[bytes] | str, register: Register, actor: Actor) -> None:
    """An empty sheet with drop-downs, limits, and notes."""
    columns = [sheet_column(register, item, actor) for item in sheet_fields(register, actor)]
    notes = [
        register.help and str(register.help),
        _("每行一条，不合并单元格，不改表头。深色表头必填。"),
        _("已有的记录：空白的格不改动原值。"),
        _("上传后先检查，列出每一处问题，确认后才写入；默认有一处问题就都不写入。"),
    ]
    write_xlsx(
        file, columns, name=register.verbose, template=True, notes=[str(n) for n in notes if n],
        properties={"register": register.name},
    )  # fmt: skip
