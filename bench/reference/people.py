"""People from a sheet: read with calamine, copied into the three tables as the owner. No check, no trail."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import python_calamine
from django.db import connections, transaction
from psycopg.types.range import DateRange

from shuzheng.kernel.ids import uuid7

PERSON = "COPY accounts_person (id, node_id, path, version, created_at, updated_at, name, number, is_active, pinyin, initials) FROM STDIN"
POST = "COPY accounts_post (id, node_id, path, version, created_at, updated_at, person_id, name, valid, is_main) FROM STDIN"
CONTACT = (
    "COPY accounts_personcontact (id, node_id, path, version, created_at, updated_at, person_id, mobile, mobile_index, identity,"
    " identity_index, email) FROM STDIN"
)


def bring(content: bytes, organs: dict[str, tuple[Any, str]], stored: Sequence[tuple[str, ...]]) -> int:
    """Copy what the sheet says; returns the number of people.

    ``organs`` gives id and path by name; ``stored`` for each row what the program keeps in other words than the sheet has:
    pinyin, initials, and the encrypted mobile number with its blind index.
    """
    rows = python_calamine.load_workbook(io.BytesIO(content)).get_sheet_by_index(0).to_python()[1:]
    now = datetime.now(UTC)
    people, posts, contacts = [], [], []
    for (name, number, organ, post, begin, _mobile, *_rest), (pinyin, initials, mobile, index) in zip(
        rows, stored, strict=True
    ):
        node, path = organs[organ]
        key = uuid7()
        people.append((key, node, path, 1, now, now, name, number, True, pinyin, initials))
        posts.append((uuid7(), node, path, 1, now, now, key, post, DateRange(_day(begin), None), True))
        contacts.append((uuid7(), node, path, 1, now, now, key, mobile, index, "", "", ""))
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        for statement, lines in ((PERSON, people), (POST, posts), (CONTACT, contacts)):
            with cursor.copy(statement) as copy:
                for line in lines:
                    copy.write_row(line)
    return len(people)


def _day(value: Any) -> date:
    return value if isinstance(value, date) else date.fromisoformat(value)
