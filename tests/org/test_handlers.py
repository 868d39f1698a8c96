"""Nothing that refers to a node is forgotten when the tree changes."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.db import models

from shuzheng.base.core.models import PathField, Record
from shuzheng.base.org.handlers import HANDLERS, Handler, NoHandler, handler_for, links, register
from shuzheng.base.org.models import Node


def test_every_model_that_refers_to_a_node_has_a_handler():
    missing = []
    for model in apps.get_models(include_auto_created=True):
        if links(model):
            try:
                handler_for(model)
            except NoHandler as fault:
                missing.append(str(fault))
    assert missing == []


def test_every_handler_stands_for_a_model_and_its_fields():
    for label, handler in HANDLERS.items():
        model = apps.get_model(label)
        names = {f.name for f in model._meta.concrete_fields}
        columns = {c for c in handler.follows.values() if c}
        assert {*handler.follows, *columns, *handler.keeps, *handler.paths} <= names, label
        assert not handler.ends or handler.ends in names, label


def test_many_to_many_to_nodes_would_be_noticed():
    tables = [m for m in apps.get_models(include_auto_created=True) if m._meta.auto_created]
    assert [m._meta.label for m in tables if links(m)] == []


def test_a_second_key_to_a_node_needs_a_word():
    class Lent(Record):
        to = models.ForeignKey(Node, on_delete=models.PROTECT, related_name="+")
        at_path = PathField()

        class Meta:
            app_label = "dummy_org"
            managed = False

    try:
        with pytest.raises(NoHandler, match=r"dummy_org\.lent\.to"):
            handler_for(Lent)
        register("dummy_org.lent", Handler(follows={"to": "at_path"}))
        assert handler_for(Lent).follows == {"to": "at_path"}
        with pytest.raises(ValueError, match="already"):
            register("dummy_org.Lent", Handler())
    finally:
        HANDLERS.pop("dummy_org.lent", None)
        apps.all_models.pop("dummy_org", None)
        apps.clear_cache()
