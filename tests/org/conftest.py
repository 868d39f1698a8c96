"""What the tests of the organisation tree share."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.utils import timezone

from shuzheng.base.core.scope import system_scope
from shuzheng.base.org.models import Node, OrganProfile

BEFORE, ON = date(2023, 1, 1), date(2024, 3, 1)


class Tree:
    """Short words for what the tests ask again and again, under the tests' own system scope."""

    def __init__(self, nation):
        self.nation = nation
        self.today = timezone.localdate()
        self.tomorrow = self.today + timedelta(days=1)

    def at(self, path):
        with system_scope("tests").activate():
            return Node.objects.get(path=path)

    def again(self, row):
        with system_scope("tests").activate():
            return type(row)._base_manager.get(pk=row.pk)

    def paths(self, model=Node, **conditions):
        with system_scope("tests").activate():
            return sorted(model._base_manager.filter(**conditions).values_list("path", flat=True))

    def profile(self, path, **values):
        with system_scope("tests").activate():
            row = OrganProfile(**values)
            row.own(Node.objects.get(path=path))
            row.save(force_insert=True)
            return row


@pytest.fixture
def tree(nation):
    return Tree(nation)


@pytest.fixture
def admin(nation):
    """The business administrator of the nation."""
    return nation.actor("0/ngoa/", "business_admin", at="")


@pytest.fixture
def county_admin(nation):
    return nation.actor("33/11/23/0/goa/", "business_admin", at="33/11/23/")
