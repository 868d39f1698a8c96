"""Importing 50,000 people from a workbook: read, checked, written with trail and event."""

from __future__ import annotations

import io
import statistics
from collections.abc import Iterator
from functools import partial
from typing import Any

import xlsxwriter
from django.db import connections

from bench import stock
from bench.measure import Result, timed
from bench.reference import people as reference
from shuzheng.base.accounts.imports import import_people, read_people
from shuzheng.base.accounts.models import Person, PersonContact
from shuzheng.base.core.action import new_key
from shuzheng.base.org.models import Node, NodeKind

PEOPLE = 50_000
USERNAME = "zj.admin"
ROUNDS = 2
HEAD = ("姓名", "工号", "单位", "岗位", "任职日期", "手机号")


def run() -> Iterator[Result]:
    """Both in turn, each on an empty place: what came in is removed after each."""
    actor = stock.actor(USERNAME)
    with actor.scope.activate():
        organs = list(
            Node.objects.filter(kind=NodeKind.ORGAN, valid_to=None, path__startswith=actor.division).order_by("path")
        )
    content = workbook(organs, PEOPLE)
    known = {node.name: (node.pk, node.path) for node in organs}
    ours, plain = [], []
    stored: list[tuple[str, ...]] = []
    for count in range(ROUNDS + 1):
        seconds = timed(lambda: _bring(actor, content))
        stored = stored or _stored()
        _forget()
        theirs = timed(partial(reference.bring, content, known, stored))
        _forget()
        if count:
            ours.append(seconds)
            plain.append(theirs)
    yield Result(
        "import of 50,000 people", statistics.median(ours),
        "xlsx with name, number, organ, post, day, mobile; all checks, people, posts, encrypted contacts, trail of each, event;"
        " against calamine and COPY of the same rows as owner, their encrypted values given", statistics.median(plain), 4,
    )  # fmt: skip


def workbook(organs: list[Node], count: int) -> bytes:
    """A sheet as an office would send it."""
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True})
    sheet = book.add_worksheet("人员")
    sheet.write_row(0, 0, HEAD)
    family, given = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗", "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平"
    for n in range(count):
        organ = organs[n % len(organs)]
        name = family[n % 20] + given[n // 20 % 20] + given[n // 400 % 20]
        mobile = f"13{n % 10}{n * 7919 % 10**8:08d}"
        sheet.write_row(n + 1, 0, (name, f"B{n:07d}", organ.name, "科员", f"{2015 + n % 10}-0{1 + n % 9}-01", mobile))
    book.close()
    return file.getvalue()


def _bring(actor: Any, content: bytes) -> None:
    with actor.scope.activate():
        plan = read_people(content, "people.xlsx", actor=actor)
        if plan.faults:
            raise AssertionError(f"{len(plan.faults)} faults: {plan.faults[0]}")
        done = import_people(plan, actor=actor, key=new_key())
    if len(done) != PEOPLE:
        raise AssertionError(f"{len(done)} people came in")


def _stored() -> list[tuple[str, ...]]:
    """What the import stored in other words than the sheet's, in the order of the sheet."""
    people = Person.objects.using("owner").filter(number__startswith="B").order_by("number")
    rows = PersonContact.objects.using("owner").values_list("person_id", "mobile", "mobile_index")
    contacts = {person: values for person, *values in rows}
    found = []
    for person in people:
        mobile, index = contacts[person.pk]
        found.append((person.pinyin, person.initials, mobile, index))
    return found


def _forget() -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "DELETE FROM accounts_personcontact WHERE person_id IN (SELECT id FROM accounts_person WHERE number LIKE 'B%%')",
            [],
        )
        cursor.execute(
            "DELETE FROM accounts_post WHERE person_id IN (SELECT id FROM accounts_person WHERE number LIKE 'B%%')", []
        )
        cursor.execute("DELETE FROM accounts_person WHERE number LIKE 'B%%'", [])
        cursor.execute("TRUNCATE audit_entry")
        for table in ("accounts_person", "accounts_post", "accounts_personcontact"):
            cursor.execute(f"VACUUM ANALYZE {table}")
