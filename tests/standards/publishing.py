"""The way from draft to publication in one call, for tests about what is published."""

from __future__ import annotations

from shuzheng.base.core.actor import Actor
from shuzheng.base.standards import drafting
from tests.factories import Nation


def reviewer_of(nation: Nation, actor: Actor) -> Actor:
    """Somebody else of the same organ who may review."""
    return nation.actor(actor.organ_path, "reviewer", at=actor.division)


def publish(nation: Nation, rows, *, actor: Actor, key: str = ""):
    """Draft as ``actor``, submit, and have another person publish."""
    drafts = drafting.DRAFTERS[type(rows[0])](rows, actor=actor, key=key)
    return release(nation, drafts, actor=actor)


def release(nation: Nation, drafts, *, actor: Actor):
    """Submit drafts and have another person publish them."""
    drafting.submit_drafts(drafts, actor=actor)
    return drafting.publish_drafts(drafts, actor=reviewer_of(nation, actor))
