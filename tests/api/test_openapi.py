"""The published description of the API: committed, so that no change goes unnoticed (``make openapi`` writes it anew)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.urls import get_resolver

from shuzheng.base.api.door import api

SNAPSHOT = Path(__file__).parents[2] / "docs" / "openapi.json"


@pytest.fixture(autouse=True)
def _routes() -> None:
    """The API is complete once the urls are built, whichever test comes first."""
    assert get_resolver().url_patterns


def test_the_served_description_is_the_committed_one():
    served = json.loads(json.dumps(api.get_openapi_schema(), ensure_ascii=False, default=str))
    assert served == json.loads(SNAPSHOT.read_text(encoding="utf-8")), (
        "the API changed: run `make openapi` and read the diff"
    )


def test_every_refusal_is_documented_as_a_problem():
    for path, operations in api.get_openapi_schema()["paths"].items():
        for method, operation in operations.items():
            refusals = {s: r for s, r in operation["responses"].items() if int(s) >= 400}
            assert "401" in map(str, refusals), f"{method} {path}"
            assert all("application/problem+json" in r.get("content", {}) for r in refusals.values()), (
                f"{method} {path}"
            )
