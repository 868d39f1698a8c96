"""What holds for every register, walked over all that are declared: rights, sight, few questions, round trips."""

from __future__ import annotations

import io
import re

import pytest
from openpyxl import load_workbook

from shuzheng.base.core.registry import PERMISSIONS
from shuzheng.base.registers.declare import REGISTERS, Register, RowAction
from shuzheng.base.registers.fields import columns_of
from shuzheng.base.registers.filters import filters_of
from shuzheng.base.registers.pages.common import address
from shuzheng.base.standards.models import Stamp
from tests.queries import Trips
from tests.registers.conftest import sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

ALL = sorted(REGISTERS)


@pytest.fixture(params=ALL)
def register(request) -> Register:
    return REGISTERS[request.param]


@pytest.fixture(autouse=True)
def _standards():
    """Standards were loaded once: without a stamp each page would read the whole book."""
    Stamp.touch()


@pytest.fixture
def anyone(nation):
    """Somebody with every role that keeps business data, in one institution."""
    return sign_in(nation.account("33/11/23/0/u1/", "clerk", "business_admin", "leader", "reviewer"))


def test_list_opens_and_names_its_columns(anyone, register):
    response = anyone.get(address(register))
    assert response.status_code in (200, 403)
    if response.status_code == 200:
        assert f"<h1>{register.verbose}</h1>" in response.content.decode()


def test_list_asks_at_most_eight_questions(anyone, register):
    anyone.get(address(register))
    with Trips() as caught:
        response = anyone.get(address(register))
    assert response.status_code == 403 or len(caught.asked()) <= 8, caught.asked()


def test_every_filter_and_sort_answers(anyone, register):
    if anyone.get(address(register)).status_code == 403:
        return
    for item in filters_of(register):
        value = {"integer": "1", "number": "1", "date": "2026-01-01", "datetime": "2026-01-01", "yesno": "1", "span": "2026-01-01",
                 "relation": "01920000-0000-7000-8000-000000000000", "text": "x"}.get(item.kind) or next(iter(item.choices), "")  # fmt: skip
        if item.kind == "relation" and item.field.target_field.get_internal_type() != "UUIDField":
            value = "1"
        response = anyone.get(address(register), {item.keys[0]: value})
        assert response.status_code == 200, (item.name, response.status_code)
        assert anyone.get(address(register, "filter", field=item.name)).status_code == 200
    for column in columns_of(register):
        if column.sort:
            assert anyone.get(address(register), {"sort": f"-{column.name}"}).status_code == 200, column.name
    assert anyone.get(address(register), {"q": "甲 a1%_'"}).status_code == 200


def test_nobody_without_a_session_gets_anything(client, register):
    for page in ("list", "export", "labels"):
        assert client.get(address(register, page)).status_code in (302, 405)
    assert client.get(address(register, "detail", pk="01920000-0000-7000-8000-000000000000")).status_code == 302


def test_permissions_are_declared_and_used_by_the_verbs(register):
    assert register.permission("view") in PERMISSIONS
    for item in register.actions:
        assert isinstance(item, RowAction)
        assert not item.permission or item.permission in PERMISSIONS


def test_export_has_the_lists_rows(anyone, register):
    response = anyone.post(address(register, "export"))
    if response.status_code == 403:
        return
    sheet = load_workbook(io.BytesIO(b"".join(response.streaming_content))).active
    shown = re.search(r"共 ([\d,]+) ", anyone.get(address(register)).content.decode())
    assert sheet.max_row - 1 == (int(shown.group(1).replace(",", "")) if shown else 0)


def test_template_has_a_column_for_every_field(anyone, register):
    if not register.has("import"):
        assert anyone.get(address(register, "template")).status_code == 403
        return
    response = anyone.get(address(register, "template"))
    assert response.status_code in (200, 403)
    if response.status_code == 200:
        heads = [c.value for c in load_workbook(io.BytesIO(b"".join(response.streaming_content))).worksheets[0][1]]
        assert heads
        assert None not in heads


def test_hooks_overridden_are_a_handful(register):
    hooks = {"rows", "verdict", "prepare", "write", "panels"}
    own = {name for name, value in vars(type(register)).items() if callable(value) and not name.startswith("_")}
    assert {n for n in own if n in vars(Register)} <= hooks
