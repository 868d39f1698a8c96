"""Verbs of people, their posts and their contact data."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from psycopg.types.range import DateRange

from shuzheng.base.accounts.models import Account, Person, PersonContact, Post
from shuzheng.base.core import keys, scope
from shuzheng.base.core.action import Write, action
from shuzheng.base.core.actor import Actor
from shuzheng.base.core.scope import Range
from shuzheng.base.org.models import Node
from shuzheng.kernel.errors import FieldFault, Invalid, Missing
from shuzheng.kernel.text import fold, pinyin_initials, pinyin_key

# People


def name_keys(person: Person) -> None:
    """Fold the name and number, and fill what names are sorted and found by."""
    person.name, person.number = fold(person.name), fold(person.number)
    person.pinyin = pinyin_key(person.name, person=True)[:200]
    person.initials = pinyin_initials(person.name, person=True)[:60]


def _check_numbers(people: Sequence[Person]) -> None:
    """A number names one person in the whole deployment; a batch may not repeat one either."""
    faults, seen = [], set()
    others = Person.objects.filter(number__in=[p.number for p in people]).exclude(pk__in=[p.pk for p in people])
    taken = set(others.values_list("number", flat=True))
    for place, person in enumerate(people):
        if not person.name:
            faults.append(FieldFault("name", _("没有填写姓名。"), row=place))
        if not person.number:
            faults.append(FieldFault("number", _("没有填写工号。"), row=place))
        elif person.number in taken or person.number in seen:
            faults.append(
                FieldFault("number", _("工号 %s 已有人使用。") % person.number, row=place, value=person.number)
            )
        seen.add(person.number)
    if faults:
        raise Invalid("", faults)


@action("accounts.person.create", handover=True, event="accounts.person.changed")
def create_people(w: Write, people: Sequence[Person], *, content: str = "") -> Sequence[Person]:
    """Enter people in the directory of their organ. ``content``, a digest of the values, tells keys used twice apart.

    Raises:
        Invalid: a name is missing, or a number is missing or taken.
    """
    for person in people:
        name_keys(person)
    _check_numbers(people)
    w.create(*people)
    return people


@action("accounts.person.change", handover=True, event="accounts.person.changed")
def change_people(
    w: Write, people: Sequence[Person], *, changes: dict[str, dict[str, Any]] | None = None, **values: Any
) -> Sequence[Person]:
    """Change name, number or whether somebody is still in service; ``changes`` by id, ``values`` for all.

    Who is no longer in service has no actor from the next request on, whatever posts still run.
    """
    for person in people:
        w.change(person, **{**values, **(changes or {}).get(str(person.pk), {})})
        before = (person.pinyin, person.initials)
        name_keys(person)
        fresh = (person.pinyin, person.initials)
        person.pinyin, person.initials = before
        w.change(person, pinyin=fresh[0], initials=fresh[1])
    _check_numbers(people)
    return people


@action("accounts.person.move", permission="accounts.person.change", handover=True, event="accounts.person.changed")
def move_people(w: Write, people: Sequence[Person], *, to: Node) -> Sequence[Person]:
    """Hand people over to another organ's directory (调动). Posts are appointed and ended for themselves.

    Raises:
        Denied: the actor does not keep the people of the new organ.
    """
    w.actor.require("accounts.person.change", to.path)
    contacts = {c.person_id: c for c in PersonContact.objects.filter(person__in=people)}
    for person in people:
        w.change(person, node=to, path=to.path)
        if contact := contacts.get(person.pk):
            w.change(contact, node=to, path=to.path)
    with scope.handover([Range.exactly(to.path)]):
        w.flush()
    return people


# Posts


def _overlapping(posts: Sequence[Post]) -> Iterable[tuple[Post, Post]]:
    """Pairs of a given post and another of the same person that overlap in time."""
    known = list(Post.objects.filter(person__in={p.person_id for p in posts}).exclude(pk__in=[p.pk for p in posts]))
    for place, post in enumerate(posts):
        for other in [*known, *posts[:place]]:
            if other.person_id == post.person_id and overlap(post.valid, other.valid):
                yield post, other


def overlap(one: DateRange, other: DateRange) -> bool:
    """Whether two half-open spans of days share one; an open end is ``None``."""
    starts = (one.lower or date.min) < (other.upper or date.max)
    return starts and (other.lower or date.min) < (one.upper or date.max)


def _check_posts(posts: Sequence[Post]) -> None:
    faults = []
    places = {id(p): n for n, p in enumerate(posts)}
    for post in posts:
        if not fold(post.name):
            faults.append(FieldFault("name", _("没有填写岗位。"), row=places[id(post)]))
        if post.valid.lower is None or (post.valid.upper is not None and post.valid.upper <= post.valid.lower):
            faults.append(FieldFault("valid", _("任期的结束日期应晚于开始日期。"), row=places[id(post)]))
    for post, other in _overlapping(posts):
        if (post.node_id, post.name) == (other.node_id, other.name):
            faults.append(FieldFault("valid", _("%s 在此期间已任此岗。") % post.person, row=places[id(post)]))
        elif post.is_main and other.is_main:
            faults.append(
                FieldFault(
                    "is_main", _("%s 在此期间已有主岗，改为兼岗，或先结束原主岗。") % post.person, row=places[id(post)]
                )
            )
    if faults:
        raise Invalid("", faults)


@action("accounts.post.create", handover=True, event="accounts.post.changed")
def appoint(w: Write, posts: Sequence[Post], *, content: str = "") -> Sequence[Post]:
    """Appoint people to posts over spans of days (任职). The right to act in one begins and ends with its span.

    Raises:
        Missing: somebody is no longer in service.
        Invalid: a span is empty, the post is held already, or there would be two main posts at a time.
    """
    active = set(
        Person.objects.filter(pk__in={p.person_id for p in posts}, is_active=True).values_list("pk", flat=True)
    )
    if any(p.person_id not in active for p in posts):
        raise Missing(_("有人员不在职，不能任职。"))
    _check_posts(posts)
    w.create(*posts)
    return posts


@action("accounts.post.change", handover=True, event="accounts.post.changed")
def change_posts(
    w: Write, posts: Sequence[Post], *, changes: dict[str, dict[str, Any]] | None = None, **values: Any
) -> Sequence[Post]:
    """Change title, span or whether it is the main post; ``changes`` by id, ``values`` for all."""
    for post in posts:
        w.change(post, **{**values, **(changes or {}).get(str(post.pk), {})})
    _check_posts(posts)
    return posts


@action("accounts.post.end", permission="accounts.post.change", handover=True, event="accounts.post.changed")
def end_posts(w: Write, posts: Sequence[Post], *, on: date) -> Sequence[Post]:
    """End posts (免职): ``on`` is the first day on which they are no longer held.

    Raises:
        Invalid: a post begins on that day or later, or has ended before it.
    """
    for place, post in enumerate(posts):
        if post.valid.lower is not None and on <= post.valid.lower:
            raise Invalid("", [FieldFault("on", _("免职日期应晚于任职日期 %s。") % post.valid.lower, row=place)])
        if post.valid.upper is not None and post.valid.upper <= on:
            raise Invalid("", [FieldFault("on", _("此岗已于 %s 结束。") % post.valid.upper, row=place)])
        w.change(post, valid=DateRange(post.valid.lower, on))
    return posts


# Contact data

_MOBILE = re.compile(r"1[3-9]\d{9}")
_IDENTITY = re.compile(r"\d{17}[\dX]")


def clean_mobile(text: str) -> str:
    """A mobile number as digits; empty stays empty.

    Raises:
        ValueError: with the reason.
    """
    digits = re.sub(r"[ -]", "", fold(text)).removeprefix("+86")
    if digits and not _MOBILE.fullmatch(digits):
        raise ValueError(_("手机号应为 11 位数字，以 1 开头。"))
    return digits


def clean_identity(text: str) -> str:
    """A citizen's identity number with its check character (GB 11643-1999); empty stays empty.

    Raises:
        ValueError: with the reason.
    """
    number = fold(text).replace(" ", "").upper()
    if not number:
        return ""
    if not _IDENTITY.fullmatch(number):
        raise ValueError(_("身份证号应为 18 位，末位可为 X。"))
    total = sum(int(digit) * (2 ** (17 - place) % 11) for place, digit in enumerate(number[:17]))
    if "10X98765432"[total % 11] != number[17]:
        raise ValueError(_("身份证号校验位不对，核对后再填。"))
    return number


def fill_contact(contact: PersonContact, **values: str) -> dict[str, str]:
    """``values`` (``mobile``, ``identity``, ``email`` in clear) cleaned, each with its blind index.

    Raises:
        Invalid: one can't be right.
    """
    cleaners = {"mobile": clean_mobile, "identity": clean_identity, "email": lambda text: fold(text)}
    filled: dict[str, str] = {}
    faults = []
    for name, text in values.items():
        try:
            filled[name] = cleaners[name](text)
        except ValueError as error:
            faults.append(FieldFault(name, str(error)))
            continue
        if name != "email":
            filled[f"{name}_index"] = keys.blind_index(name, filled[name])
            filled[name] = keys.encrypt(filled[name])
    if faults:
        raise Invalid("", faults)
    return filled


@action("accounts.contact.change", handover=True, event="accounts.person.changed")
def change_contacts(w: Write, contacts: Sequence[PersonContact], **values: str) -> Sequence[PersonContact]:
    """Set mobile, identity number or mail address (in clear); new rows are created. The trail holds ``***``."""
    for contact in contacts:
        filled = fill_contact(contact, **values)
        if contact._state.adding:
            for name, value in filled.items():
                setattr(contact, name, value)
            w.create(contact)
        else:
            w.change(contact, **filled)
    return contacts


@action("accounts.contact.unmask")
def _unmask(w: Write, contacts: Sequence[PersonContact], *, fields: Sequence[str]) -> Sequence[PersonContact]:
    for contact in contacts:
        w.note(contact, after={"fields": list(fields)})
    return contacts


def unmask(
    contact: PersonContact, *, actor: Actor, reason: str, fields: Sequence[str] = ("mobile", "identity")
) -> dict[str, str]:
    """Contact data in clear. Each look is in the trail with its reason.

    Raises:
        Denied: without the right at that organ.
        Invalid: no reason is given.
    """
    if len(fold(reason)) < 2:
        raise Invalid.one("reason", _("写明查看原因。"))
    _unmask([contact], actor=actor, reason=fold(reason)[:200], fields=list(fields))
    return {name: keys.decrypt(getattr(contact, name)) for name in fields}


def masked(contact: PersonContact) -> dict[str, str]:
    """Contact data as everybody who may see the row sees it."""
    shown = {}
    for name in ("mobile", "identity"):
        field = PersonContact._meta.get_field(name)
        shown[name] = field.masked(contact)
    return {**shown, "email": keys.mask("email", contact.email) if contact.email else ""}


# One's own settings


@action("accounts.profile.change", permission="")
def change_profile(w: Write, accounts: Sequence[Account], **values: Any) -> Sequence[Account]:
    """One's own language, density and the post one acts in.

    Raises:
        Missing: the account is somebody else's, or a value is none that can be chosen.
    """
    for account in accounts:
        if account.person_id != w.actor.person_id or values.keys() - {"language", "density", "acting_post"}:
            raise Missing
        w.change(account, **values)
    return accounts
