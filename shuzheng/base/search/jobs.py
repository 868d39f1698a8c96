"""Indexing anew in the background."""

from __future__ import annotations

from shuzheng.base.core.actor import Actor
from shuzheng.base.jobs.declare import job
from shuzheng.base.search.reindex import reindex


@job(scope="search.reindex", atomic=False)
def reindex_all(*, actor: Actor, kinds: list[str]) -> None:
    """``reindex``, for callers that don't wait."""
    reindex(kinds)
