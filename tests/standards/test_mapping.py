"""Codes of one edition for those of another, and what differs between editions."""

from __future__ import annotations

from datetime import date

import pytest

from shuzheng.base.core.scope import system_scope
from shuzheng.base.standards import actions, differences, drafting, mapping
from shuzheng.base.standards.models import CodeSet
from shuzheng.kernel.errors import Invalid, Missing
from tests.standards.publishing import release

pytestmark = pytest.mark.django_db
OLD, NEW = date(2020, 1, 1), date(2026, 9, 30)


def test_asset_classes_of_2010_are_mapped_to_those_of_2022(standards):
    found = mapping.map_codes("asset_class", ["1020000", "1030000", "1010000", "9999999"], since=OLD, to=NEW)
    assert [(m.code, m.targets, m.known) for m in found] == [
        ("1020000", ("A01000000",), True),
        ("1030000", ("A01000000",), True),
        ("1010000", (), True),
        ("9999999", (), False),
    ]


def test_mapping_goes_back_in_time_too(standards):
    found = mapping.map_codes("asset_class", ["A01000000", "A06000000"], since=NEW, to=OLD)
    assert [m.targets for m in found] == [("1020000", "1030000"), ()]


def test_codes_are_followed_across_several_editions(standards):
    national = standards.actor("0/ngoa/", "business_admin", at="")

    def edition(day, *items):
        row = CodeSet(code="funding", name="经费供给方式", effective_from=day)
        rows = drafting.draft_code_sets(
            [actions.owned_by(row, standards.organ("0/ngoa/"))], actor=national, items=[list(items)]
        )
        return release(standards, rows, actor=national)[0]

    edition(date(2025, 1, 1), {"code": "1", "name": "全额"}, {"code": "8", "name": "非全额", "replaces": ["2", "3"]})
    last = edition(
        date(2026, 1, 1), {"code": "1", "name": "全额拨款（含参公）"}, {"code": "81", "name": "差额", "replaces": ["8"]},
        {"code": "82", "name": "自筹", "replaces": ["8"]},
    )  # fmt: skip
    found = mapping.map_codes("funding", ["1", "2", "3"], since=OLD, to=NEW)
    assert [m.targets for m in found] == [("1",), ("81", "82"), ("81", "82")]
    with system_scope("tests").activate():
        before = drafting.edition_before(last)
        diff = differences.items(before, last)
    assert [i.code for i in diff.added] == ["81", "82"]
    assert [i.code for i in diff.removed] == ["8"]
    assert [(c.code, c.renamed, c.changes[0].before, c.changes[0].after) for c in diff.changed] == [
        ("1", True, "全额", "全额拨款（含参公）")
    ]


def test_day_without_an_edition_and_unknown_set_are_refused(standards):
    with pytest.raises(Invalid, match="没有代码集“asset_class”的有效版次"):
        mapping.map_codes("asset_class", ["1"], since=date(1990, 1, 1), to=NEW)
    with pytest.raises(Missing):
        mapping.map_codes("nope", ["1"], since=OLD, to=NEW)
