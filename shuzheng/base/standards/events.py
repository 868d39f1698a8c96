"""What the standards take up."""

from __future__ import annotations

from typing import Any

from shuzheng.base.core.actor import Actor
from shuzheng.base.events.subscribers import subscribe
from shuzheng.base.standards.models import Stamp


@subscribe("org.node.reorganised", scope="standards.resolve", name="standards.reread")
def reread(event: Any, actor: Actor) -> None:
    """Regions may have other paths now: every process reads its book of standards again."""
    Stamp.touch()
