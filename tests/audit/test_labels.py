"""Every entry of the trail has a name that an auditor understands."""

from __future__ import annotations

import pytest
from django.urls import get_resolver
from django.utils import translation

from shuzheng.base.audit.labels import action_label, actor_label, labels
from shuzheng.base.core.action import ACTIONS
from shuzheng.base.core.registry import PERMISSIONS


def test_every_action_has_a_name_in_both_languages():
    get_resolver().url_patterns  # noqa: B018 -- loads every app's pages, and with them the actions
    assert sorted(name for name in ACTIONS if action_label(name) == name) == []
    assert sorted(set(labels()) & set(PERMISSIONS)) == []
    with translation.override("en"):
        assert [name for name in labels() if not action_label(name).isascii()] == []


@pytest.mark.parametrize(("name", "shown"), [("system:org.import", "系统任务"), ("朱娟帆", "朱娟帆")])
def test_jobs_are_named_as_the_system(name, shown):
    assert actor_label(name) == shown
