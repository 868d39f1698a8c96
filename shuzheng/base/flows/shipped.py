"""Processes that ship with the platform, published by the root's office for everybody. Loading them again changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from django.apps import apps

from shuzheng.base.core.actor import Actor
from shuzheng.base.core.manifest import MANIFESTS
from shuzheng.base.flows.defining import digest_of, publish, take_over
from shuzheng.base.flows.models import Definition
from shuzheng.base.flows.trials import read_file
from shuzheng.base.org.models import Node

DATA = Path(__file__).parent / "data"


def files() -> Iterator[Path]:
    """The processes that ship: ours, and ``flows/*.bpmn`` of each app that is switched on."""
    yield from sorted(DATA.glob("*.bpmn"))
    for label in MANIFESTS:
        yield from sorted(Path(apps.get_app_config(label).path).glob("flows/*.bpmn"))


def load_flows(actor: Actor, owner: Node) -> list[Definition]:
    """Publish each shipped process that ``owner`` has never published word for word; its decision tables lie beside it
    as ``<code>.<decision>.dmn``, its test cases as ``<code>.tests.json``."""
    published = []
    with actor.scope.activate():
        for file in files():
            text = file.read_text(encoding="utf-8")
            tables = {
                t.stem.partition(".")[2]: t.read_text(encoding="utf-8") for t in file.parent.glob(f"{file.stem}.*.dmn")
            }
            editions = Definition.objects.filter(node=owner, code=file.stem)
            if editions.filter(digest=digest_of(text, tables)).exists():
                continue  # published once; what the owner has made of it since is theirs
            held = editions.order_by("-edition").first()
            row = Definition(code=file.stem, edition=held.edition + 1 if held else 1)
            row.own(owner)
            take_over(row, text, tables)
            tests = file.with_suffix(".tests.json")
            shipped = read_file(tests.read_text(encoding="utf-8")) if tests.exists() else []
            kept = held.trials if held is not None else []
            row.trials = shipped + [t for t in kept if t["name"] not in {s["name"] for s in shipped}]
            published += publish([row], actor=actor)
    return published
