"""Values that travel with another statement arrive as they were given."""

from __future__ import annotations

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from shuzheng.base.core import trips

pytestmark = pytest.mark.django_db


@given(st.lists(st.text(st.characters(exclude_characters="\0", codec="utf-8")), min_size=1, max_size=3))
def test_any_text_arrives_whatever_quotes_and_backslashes_it_holds(texts):
    with connection.cursor() as cursor:
        sql = trips._filled(cursor.cursor, "SELECT " + ", ".join(["%s::text"] * len(texts)), texts)
        for setting in ("on", "off"):
            cursor.execute(f"SET LOCAL standard_conforming_strings = {setting}")
            cursor.execute(sql)
            assert list(cursor.fetchone()) == texts
        cursor.execute("SET LOCAL standard_conforming_strings = on")
