"""People with their posts and contact data from a sheet: read and checked set-wise, then written by one action.

A fault names row, column, the value and the reason. Nothing is written unless every row is right, or the user asks for
the right ones alone.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import takewhile
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from psycopg.types.range import DateRange

from shuzheng.base.accounts.actions import clean_identity, clean_mobile, name_keys
from shuzheng.base.accounts.models import Person, PersonContact, Post
from shuzheng.base.core import keys
from shuzheng.base.core.action import Write, action
from shuzheng.base.core.actor import Actor
from shuzheng.base.core.bulk import unswept
from shuzheng.base.core.scope import Range
from shuzheng.base.org.models import Node, NodeKind
from shuzheng.base.registers import sheets
from shuzheng.base.registers.sheet_values import is_blank, shown, to_day, to_text
from shuzheng.kernel.errors import Denied, FieldFault, Invalid

PERMISSION = "accounts.person.import"

COLUMNS: dict[str, tuple[str, ...]] = {
    "name": ("姓名", "name"),
    "number": ("工号", "人员编号", "number"),
    "organ": ("单位", "单位名称", "统一社会信用代码", "organ"),
    "department": ("部门", "内设机构", "处室", "department"),
    "post": ("岗位", "职务", "post"),
    "start": ("任职日期", "from"),
    "mobile": ("手机号", "手机", "mobile"),
    "identity": ("身份证号", "identity number"),
    "email": ("邮箱", "email"),
}
REQUIRED = ("name", "number", "organ", "post")
LENGTHS = {"name": 60, "number": 40, "post": 60, "email": 254}


@dataclass
class Plan:
    """What a sheet comes to: rows ready to be written, and what is wrong with the others."""

    people: list[Person] = field(default_factory=list)
    posts: list[Post] = field(default_factory=list)
    contacts: list[PersonContact] = field(default_factory=list)
    faults: list[FieldFault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    rows: int = 0


@dataclass(frozen=True)
class Reach:
    """A subtree that an import writes to; what the action's batch is made of."""

    path: str


def read_people(content: bytes, filename: str, *, actor: Actor) -> Plan:
    """Read and check a sheet. Runs in the actor's scope; changes nothing.

    Raises:
        Invalid: the file can't be read, or has not the headings.
        Denied: the actor may not import anywhere.
    """
    actor.require(PERMISSION)
    with unswept():
        table = sheets.table(sheets.read(content, filename).sheet(), COLUMNS, REQUIRED)
        return _Check(table, actor).plan()


class _Check:
    """One pass over the rows for what a cell shows, then look-ups for all rows at once."""

    def __init__(self, table: sheets.Table, actor: Actor) -> None:
        self.table, self.actor = table, actor
        self.faults: list[FieldFault] = list(table.faults)
        self.bad: set[int] = {f.row for f in table.faults if f.row is not None}
        self.known: dict[tuple[str, type, Any], Any] = {}

    def plan(self) -> Plan:
        cleaned = [(number, self._clean(number, values)) for number, values in self.table.rows]
        organs = self._organs({c["organ"] for _n, c in cleaned if c.get("organ")})
        departments = self._departments(organs, {c["department"] for _n, c in cleaned if c.get("department")})
        numbers = [c["number"] for _n, c in cleaned if c.get("number")]
        taken = set(Person.objects.filter(number__anyof=numbers).values_list("number", flat=True))
        plan, seen = Plan(rows=len(cleaned), notes=self.table.notes), dict[str, int]()
        for number, values in cleaned:
            node = self._node(number, values, organs, departments)
            self._check_number(number, values.get("number", ""), taken, seen)
            if number not in self.bad and node is not None:
                self._add(plan, node, values)
        plan.faults = sorted(self.faults, key=lambda f: (f.row or 0, f.column or ""))
        return plan

    def _fault(self, row: int, name: str, message: str, value: Any = "") -> None:
        column = sheets.letter(self.table.columns[name]) if name in self.table.columns else None
        self.faults.append(FieldFault(name, message, row=row, column=column, value=shown(value)))
        self.bad.add(row)

    def _clean(self, row: int, values: dict[str, Any]) -> dict[str, Any]:
        cleaned: dict[str, Any] = {}
        for name in COLUMNS:
            raw = values.get(name, "")
            if raw == "" or is_blank(raw):
                if name in REQUIRED:
                    self._fault(row, name, _("没有填写%s。") % COLUMNS[name][0])
                continue
            place = (name, type(raw), raw)  # organs, posts and days come again and again
            if place not in self.known:
                self.known[place] = _cleaned(name, raw)
            value = self.known[place]
            if isinstance(value, ValueError):
                self._fault(row, name, str(value), raw)
            else:
                cleaned[name] = value
        return cleaned

    def _organs(self, texts: set[str]) -> dict[str, list[Node]]:
        """Organs within the actor's reach, by what the sheet says: a credit code, or a name."""
        codes = {t.upper() for t in texts if len(t) == 18 and t.isascii()}
        organs = Node.objects.filter(kind=NodeKind.ORGAN, valid_to=None)
        found: dict[str, list[Node]] = defaultdict(list)
        for node in organs.filter(uscc__in=codes):
            if self.actor.may(PERMISSION, node.path):
                found[node.uscc].append(node)
        for node in organs.filter(name__in=texts):
            if self.actor.may(PERMISSION, node.path):
                found[node.name].append(node)
        return found

    @staticmethod
    def _departments(organs: dict[str, list[Node]], names: set[str]) -> dict[tuple[Any, str], Node]:
        if not names:
            return {}
        inside = {node.pk for nodes in organs.values() for node in nodes}
        found = Node.objects.filter(kind=NodeKind.DEPARTMENT, valid_to=None, organ__in=inside, name__in=names)
        return {(node.organ_id, node.name): node for node in found}

    def _node(self, row: int, values: dict[str, Any], organs: Any, departments: Any) -> Node | None:
        text = values.get("organ")
        if not text:
            return None
        matching = organs.get(text.upper()) or organs.get(text) or []
        if not matching:
            self._fault(row, "organ", _("没有这个单位，或不在您的管理范围内。"), text)
        elif len(matching) > 1:
            said = _("有 %d 个同名单位，改填统一社会信用代码。") % len(matching)
            self._fault(row, "organ", said, text)
        elif not values.get("department"):
            return matching[0]
        elif found := departments.get((matching[0].pk, values["department"])):
            return found
        else:
            self._fault(row, "department", _("%s 没有这个部门。") % matching[0].name, values["department"])
        return None

    def _check_number(self, row: int, number: str, taken: set[str], seen: dict[str, int]) -> None:
        if not number:
            return
        if number in taken:
            self._fault(row, "number", _("工号已登记。已有人员在人员台账中修改。"), number)
        elif number in seen:
            self._fault(row, "number", _("与第 %d 行的工号相同。") % seen[number], number)
        seen.setdefault(number, row)

    @staticmethod
    def _add(plan: Plan, node: Node, values: dict[str, Any]) -> None:
        organ = node if node.kind == NodeKind.ORGAN else node.organ
        theirs = {"node_id": organ.pk, "path": organ.path}
        person = _PERSON.alike(name=values["name"], number=values["number"], **theirs)
        name_keys(person)
        held = DateRange(values.get("start") or timezone.localdate(), None)
        post = _POST.alike(person=person, name=values["post"], valid=held, node_id=node.pk, path=node.path)
        plan.people.append(person)
        plan.posts.append(post)
        mobile, identity, email = (values.get(name, "") for name in ("mobile", "identity", "email"))
        if mobile or identity or email:
            contact = _CONTACT.alike(
                person=person,
                mobile=keys.encrypt(mobile),
                mobile_index=keys.blind_index("mobile", mobile),
                identity=keys.encrypt(identity),
                identity_index=keys.blind_index("identity", identity),
                email=email,
                **theirs,
            )
            plan.contacts.append(contact)


_PERSON, _POST, _CONTACT = Person(), Post(), PersonContact()
"""What each row's records begin as."""


def _cleaned(name: str, raw: Any) -> Any:
    """What a cell says, or the error to show for it."""
    try:
        value = _CLEANERS.get(name, to_text)(raw)
        if len(str(value)) > LENGTHS.get(name, 300):
            raise ValueError(_("超过 %d 个字符。") % LENGTHS.get(name, 300))
    except ValueError as error:
        return error
    return value


def _day(value: Any) -> date:
    day = to_day(value)
    if not date(1949, 10, 1) <= day <= date(2100, 1, 1):
        raise ValueError(_("日期应在 1949-10-01 和 2100-01-01 之间。"))
    return day


_CLEANERS: dict[str, Callable[[Any], Any]] = {
    "start": _day,
    "mobile": lambda value: clean_mobile(to_text(value)),
    "identity": lambda value: clean_identity(to_text(value)),
}


@action(PERMISSION, handover=True, event="accounts.person.changed")
def _import(
    w: Write,
    reach: Sequence[Reach],
    *,
    people: list[Person],
    posts: list[Post],
    contacts: list[PersonContact],
    content: str,
) -> Sequence[Person]:
    inside = [Range.subtree(r.path) for r in reach]
    if any(not any(person.path in r for r in inside) for person in people):
        raise Denied(_("有人员不在您的管理范围内。"), code=PERMISSION)
    w.create(*people, *posts, *contacts)
    w.payload["posts"] = len(posts)
    return people


def import_people(plan: Plan, *, actor: Actor, key: str = "", partly: bool = False) -> Sequence[Person]:
    """Write what ``read_people`` found right: people, posts and contact data, in one transaction and with one event.

    Raises:
        Invalid: there are faults and ``partly`` was not asked for, or nothing is left to write.
    """
    if plan.faults and not partly:
        raise Invalid(_("有 %d 处错误，改正后再导入。") % len(plan.faults), plan.faults)
    if not plan.people:
        raise Invalid(_("没有可以导入的人员。"), plan.faults)
    digest = hashlib.sha256("\n".join(f"{p.number} {p.name} {p.path}" for p in plan.people).encode()).hexdigest()
    return _import(
        reach_of(plan.people, actor), actor=actor, key=key,
        people=plan.people, posts=plan.posts, contacts=plan.contacts, content=digest,
    )  # fmt: skip


def reach_of(people: Iterable[Person], actor: Actor) -> list[Reach]:
    """The subtree that holds all of ``people`` if the actor may import there, else their organs one by one: a handover of
    one range costs a row less than one of a thousand."""
    paths = sorted({person.path for person in people})
    common = [
        a
        for a, b in takewhile(
            lambda pair: pair[0] == pair[1], zip(paths[0].split("/"), paths[-1].split("/"), strict=False)
        )
    ]
    prefix = "/".join(common) + "/" if common else ""
    asked = Range.subtree(prefix if not prefix.endswith("//") else prefix[:-1])
    if any(held.covers(asked) for held in actor.grants.get(PERMISSION, ())):
        return [Reach(asked.lo)]
    return [Reach(path) for path in paths]
