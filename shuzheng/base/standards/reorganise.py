"""Standards follow their division when it moves. When it is absorbed, what it had set for itself ends with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.apps import apps
from django.db.models import Model

from shuzheng.base.org.handlers import Handler, links, register
from shuzheng.base.org.models import Node


@dataclass(frozen=True)
class Regional(Handler):
    """Rows with a region: the organ that answers for them changes with a merger, the region does not.

    The successor's own rules hold in the absorbed division from then on; what it had set stays to be read.
    """

    paths: tuple[str, ...] = ("region",)

    def merge(self, model: type[Model], absorbed: Node, successor: Node, on: date) -> int:
        return Handler(owner=self.owner).merge(model, absorbed, successor, on)


for model in apps.get_app_config("standards").get_models():
    if "region" in links(model):
        register(model._meta.label, Regional())
