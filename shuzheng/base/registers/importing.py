"""Bringing a sheet into a register: every row checked set-wise first, then created or changed by key, all or nothing.

50,000 rows take seconds because nothing is asked row by row: each different cell of a column is read once, names behind foreign
keys, records with the same key and taken unique values are found with one question a column and chunk. A million rows take as much memory as twenty thousand.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Any

from django.db import IntegrityError, models
from django.utils.translation import gettext as _

from shuzheng.base.core import scope
from shuzheng.base.core.actor import Actor
from shuzheng.base.core.bulk import unswept
from shuzheng.base.org.models import Node
from shuzheng.base.registers import sheet_values as cells
from shuzheng.base.registers import sheets, standing, streams
from shuzheng.base.registers.declare import Register
from shuzheng.base.registers.exporting import Said, sheet_fields
from shuzheng.base.registers.faults import Faults
from shuzheng.base.registers.fields import label_field
from shuzheng.base.registers.readers import BLANK, Above, Refused, once, reader, relation_reader
from shuzheng.base.registers.records import Maker
from shuzheng.kernel.errors import FieldFault, Invalid

Row = tuple[int, dict[str, Any], tuple[Any, ...] | None]
"""Its number, its values by field, and the key that tells its record."""
HELD = 100_000
"""Rows up to which what was read is kept from the check to the writing; a longer sheet is read again."""


@dataclass
class Batch:
    """What a part of a sheet would do."""

    created: list[Any] = field(default_factory=list)
    changed: list[Any] = field(default_factory=list)
    changes: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass
class Checked:
    """What a sheet would do. ``faults`` say row, column, what was typed and why; rows named there are left out of the rest."""

    created: int = 0
    changed: int = 0
    same: int = 0
    faults: Faults = field(default_factory=Faults)
    notes: list[str] = field(default_factory=list)
    rows: int = 0

    def writable(self, partly: bool) -> bool:
        """Whether there is something to write, given that faults stop everything unless ``partly``."""
        return bool(self.created or self.changed) and (partly or not self.faults)


class Importer:
    """One sheet for one register, as one actor brings it. The running scope is the actor's.

    The sheet is read part by part (``registers.streams``); of a long one only a part is in memory at a time, and beside it
    one number for each row that tells whether a key or a unique value stands twice.
    """

    def __init__(
        self, register: Register, actor: Actor, source: IO[bytes], filename: str, say: Said | None = None
    ) -> None:
        self.register, self.actor, self.say = register, actor, say
        self.source, self.filename = source, filename
        self.fields = sheet_fields(register, actor)
        self.by_name = {item.name: item for item in self.fields}
        self.heads: dict[str, Sequence[str]] = {
            item.name: [item.label, str(item.field.verbose_name), item.name]  # type: ignore[union-attr]
            for item in self.fields
        }
        self.labels = {item.name: item.label for item in self.fields}
        self.own = [
            item.name
            for item in self.fields
            if item.kind == "relation" and item.field.related_model is register.model  # type: ignore[union-attr]
        ]
        """Fields that hold another record of the register."""
        self.home = Node.objects.get(pk=actor.organ_id) if register.owned else None
        self.maker = Maker(register, actor, self.fields, self.home, self._say)
        self.out = Checked()
        self.held: list[Batch] | None = []
        self.is_again = False
        self._begin()

    def _begin(self) -> None:
        """Nothing read yet."""
        self.bad_cells: set[tuple[int, str]] = set()
        self.columns: dict[str, int] = {}
        self.keys: dict[int, int] = {}
        self.uniques: dict[tuple[str, ...], dict[int, int]] = {}
        self.made: dict[str, Any] = {}
        self.named: set[str] = set()

    @property
    def bad(self) -> set[int]:
        """Rows with a fault."""
        return self.out.faults.rows

    def check(self) -> Checked:
        """Read the sheet and say what it would do; nothing is written.

        Raises:
            Invalid: the file can't be read at all.
        """
        for batch in self._batches():
            self.out.created += len(batch.created)
            self.out.changed += len(batch.changed)
            if self.held is not None:
                self.held = [*self.held, batch] if self.out.rows <= HELD else None
        if not self.out.rows and not self.out.faults:
            raise Invalid(_("表头下面没有数据。"))
        return self.out

    def _batches(self) -> Iterator[Batch]:
        """What each part of the sheet would do, from its top to its end."""
        hidden: list[int] = []
        required = [item.name for item in self.fields if item.name in self.register.key]
        with streams.opened(self.source, self.filename) as stream:
            top = next(stream.parts(), sheets.RawSheet("", []))
            head = sheets.heading(top, self.heads, required)
            for fault in head.faults:
                self._fault(fault)
            if head.faults:
                return
            self.columns = head.columns
            self.named = self._named_above(stream, head)
            for part in stream.parts():
                with unswept():
                    found = sheets.table_of(part, head)
                hidden += found.hidden
                if not self.is_again:
                    self.out.rows += len(found.rows)
                    self.out.notes = sheets.notes_of(found, hidden)
                for fault in found.faults:
                    self._fault(fault)
                self.bad_cells = {(f.row, f.field) for f in found.faults if f.row is not None}
                yield self._batch(found)
                if self.say and part.whole:
                    self.say(min(part.end, part.whole), part.whole)

    def _named_above(self, stream: streams.Stream, head: sheets.Heading) -> set[str]:
        """The names by which rows may call rows further up in the same sheet: what stands in such a column, all of it.

        Only these rows are kept in memory beside the part that is read.
        """
        own = {name: place for name, place in head.columns.items() if name in self.own}
        if not own:
            return set()
        narrow, named = sheets.Heading(head.row, own), set()
        for part in stream.parts():
            scope.stay_awake()
            for _number, row in sheets.table_of(part, narrow).rows:
                for value in row.values():
                    try:
                        named.add(cells.to_text(value))
                    except ValueError:
                        continue  # said when the cell itself is read
        return named - {""}

    def _batch(self, found: sheets.Table) -> Batch:
        with unswept():
            rows = [
                (number, row, self._key(row))
                for (number, _cells), row in zip(found.rows, self._values(found), strict=True)
            ]
            return self._sort(rows, self._existing(rows))

    # Faults

    def _fault(self, fault: FieldFault) -> None:
        if self.is_again:
            if fault.row not in self.bad:
                raise Invalid(_("有记录与别处的重复，什么都没有写入。重新检查。"))
            return
        self.out.faults.add(fault)
        if fault.row is not None:
            self.bad_cells.add((fault.row, fault.field))

    def _say(self, number: int, name: str, message: str, value: Any = "") -> None:
        place = self.columns.get(name)
        column = (
            f"{sheets.letter(place)} {self.labels.get(name, name)}"
            if place is not None
            else self.labels.get(name, name)
        )
        self._fault(FieldFault(name, message, row=number, column=column, value=cells.shown(value)))

    # Values

    def _values(self, found: sheets.Table) -> list[dict[str, Any]]:
        """The rows as values of the model. A cell left empty is missing from its row; bad ones are noted."""
        rows: list[dict[str, Any]] = [{} for _row in found.rows]
        for name in found.columns:
            item = self.by_name[name]
            column = [(number, values[name]) for number, values in found.rows]
            read = once(
                relation_reader(self.register, self.actor, item, column) if item.kind == "relation" else reader(item)
            )
            for row, (number, value) in zip(rows, column, strict=True):
                result = read(value)
                if type(result) is Refused:
                    self._say(number, name, result.reason, value)
                elif result is not BLANK:
                    row[name] = result
        return rows

    # Rows

    def _key(self, row: Mapping[str, Any]) -> tuple[Any, ...] | None:
        """What tells the record, or None where part of it is missing."""
        parts = [row.get(name) for name in self.register.key]
        if not parts or any(p is None or isinstance(p, Above) for p in parts):
            return None
        plain = tuple(p.pk if isinstance(p, models.Model) else p for p in parts)
        owner = self.maker.owner(row)
        return (owner.pk, *plain) if owner is not None and self.register.key_in_owner else plain

    def _existing(self, rows: Sequence[Row]) -> dict[tuple[Any, ...], Any]:
        """Records that the sheet's keys name, by key; keys that stand twice are faults."""
        first: set[tuple[Any, ...]] = set()
        for number, row, key in rows:
            if key is None:
                continue
            before = self.keys.setdefault(hash(key), number)
            if before != number:
                said = _("与第 %(row)d 行重复。") % {"row": before}
                self._say(number, self.register.key[0], said, row[self.register.key[0]])
            first.add(key)
        if not first:
            return {}
        joins = [item.name for item in self.fields if item.kind == "relation"]
        stored = self.register.queryset(self.actor)
        owned = self.register.key_in_owner and self.home is not None
        return standing.by_key(self.register, stored.select_related(*joins) if joins else stored, first, owned=owned)

    def _sort(self, rows: Sequence[Row], existing: Mapping[Any, Any]) -> Batch:
        """New records and changes, checked as a whole: duty, rights, the register's own checks, unique values."""
        created: list[tuple[int, Any]] = []
        changed: list[tuple[int, Any, Any]] = []
        for number, row, key in rows:
            record = existing.get(key)
            self._find_above(number, row)
            target = self.maker.record(number, row, record, self.bad_cells)
            if number in self.bad or target is None:
                continue
            if self.named:
                called = (str(getattr(target, n, "")) for n in (*self.register.key, label_field(self.register.model)))
                for name in called:
                    if name in self.named:
                        self.made.setdefault(name, target)
            if record is None:
                created.append((number, target))
            else:
                changed.append((number, record, target))
        targets = [*created, *((number, target) for number, _record, target in changed)]
        self._prepare(targets)
        self._unique(targets)
        batch = Batch([target for number, target in created if number not in self.bad])
        for number, record, target in changed:
            if number in self.bad:
                continue
            differs = {
                f.name: getattr(target, f.name)
                for f in target._meta.concrete_fields
                if getattr(target, f.attname) != getattr(record, f.attname)
            }
            if differs:
                batch.changed.append(record)
                batch.changes[str(record.pk)] = differs
            elif not self.is_again:
                self.out.same += 1
        return batch

    def _find_above(self, number: int, row: dict[str, Any]) -> None:
        """Put the records in place that the row calls by a name from further up in the sheet."""
        for name in self.own:
            value = row.get(name)
            if isinstance(value, Above):
                row[name] = self.made.get(value.text)
                if row[name] is None:
                    said = _("没有找到“%(value)s”；如在本表，放在它的上面。") % {"value": value.text}
                    self._say(number, name, said, value.text)

    def _prepare(self, rows: Sequence[tuple[int, Any]]) -> None:
        try:
            self.register.prepare([target for _number, target in rows], self.actor)
        except Invalid as fault:
            for item in fault.faults or [FieldFault("", fault.message)]:
                number = rows[item.row][0] if item.row is not None and item.row < len(rows) else None
                if number is None:
                    self._fault(FieldFault(item.field, item.message, value=item.value))
                else:
                    self._say(number, item.field, item.message, item.value or "")

    def _unique(self, rows: Sequence[tuple[int, Any]]) -> None:
        """Values that must be unique, inside the sheet and against what is stored and visible."""
        for fields in standing.unique_groups(self.register.model):
            names, attnames = [f.name for f in fields], tuple(f.attname for f in fields)
            seen: dict[tuple[Any, ...], tuple[int, Any]] = {}
            is_key = {*names} == {*self.register.key, *(("node",) if self.register.key_in_owner else ())}
            # Doubles of the key were said before.
            earlier = {} if is_key else self.uniques.setdefault(attnames, {})
            for number, target in rows:
                value = tuple([getattr(target, a) for a in attnames])
                if None in value or "" in value:
                    continue  # conditions of such constraints leave empty values out
                before = earlier.setdefault(hash(value), number)
                if before != number:
                    self._say(number, names[-1], _("与第 %(row)d 行重复。") % {"row": before}, value[-1])
                seen.setdefault(value, (number, target))
            for part in standing.among(self.register.model._default_manager.all(), fields, seen):
                for pk, *stored in part.values_list("pk", *attnames):
                    hit = seen.get(tuple(stored))
                    if hit and hit[1].pk != pk:
                        self._say(hit[0], names[-1], _("已有相同的记录。"), stored[-1])

    # Writing

    def write(self, *, key: str, partly: bool = False) -> tuple[int, int]:
        """Create and change what was checked, in the transaction that runs; returns how many of each.

        Raises:
            Invalid: there are faults and not ``partly``; or something was taken meanwhile.
        """
        if not self.out.writable(partly):
            raise Invalid(_("有问题的行没有改正，什么都没有写入。"), self.out.faults.first)
        created, changed = 0, 0
        try:
            for number, batch in enumerate(self._to_write()):
                made = f"{key}-{number}" if number else key
                if batch.created:
                    self.register.write("create", batch.created, actor=self.actor, key=f"{made}-c")
                if batch.changed:
                    self.register.write(
                        "change", batch.changed, actor=self.actor, key=f"{made}-u", changes=batch.changes
                    )
                created, changed = created + len(batch.created), changed + len(batch.changed)
        except IntegrityError:
            raise Invalid(_("有记录与别处的重复，什么都没有写入。重新检查。"))
        return created, changed

    def _to_write(self) -> Iterator[Batch]:
        """All at once where it was kept, so that it is one change and one event; part by part where the sheet is long."""
        if self.held is None:
            self.is_again = True
            self._begin()
            yield from self._batches()
            return
        whole = Batch()
        for batch in self.held:
            whole.created += batch.created
            whole.changed += batch.changed
            whole.changes |= batch.changes
        yield whole
