"""Forms that ship with the platform, published by the root's office. Loading them again changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import yaml
from django.apps import apps

from shuzheng.base.core.actor import Actor
from shuzheng.base.core.manifest import MANIFESTS
from shuzheng.base.forms.actions import publish_definitions
from shuzheng.base.forms.models import Definition
from shuzheng.base.forms.spec import load
from shuzheng.base.org.models import Node

DATA = Path(__file__).parent / "data"


def files() -> Iterator[Path]:
    """The specifications that ship: ours, and ``data/forms/*.yaml`` of each app that is switched on."""
    yield from sorted(DATA.glob("*.yaml"))
    for label in MANIFESTS:
        yield from sorted(Path(apps.get_app_config(label).path).glob("data/forms/*.yaml"))


def load_forms(actor: Actor, owner: Node) -> list[Definition]:
    """Publish each shipped form that ``owner`` has not published yet in this very specification."""
    published = []
    with actor.scope.activate():
        for file in files():
            raw = yaml.safe_load(file.read_text(encoding="utf-8"))
            spec = load(raw)
            held = Definition.objects.filter(node=owner, code=spec.code).order_by("-edition").first()
            if held is not None and load(held.spec).digest == spec.digest:
                continue
            draft = Definition(
                code=spec.code,
                name=spec.name,
                name_en=spec.name_en,
                period_kind=spec.period_kind,
                basis=raw.get("basis", ""),
                spec=raw,
                edition=held.edition + 1 if held else 1,
            )
            draft.own(owner)
            published += publish_definitions([draft], actor=actor)
    return published
