"""Row policies: what a scope shows and lets be written."""

from __future__ import annotations

import pytest
from django.db import connection, transaction
from django.db.utils import ProgrammingError

from shuzheng.base.core.guard import Unscoped
from shuzheng.base.core.scope import system_scope
from shuzheng.base.org.models import Node, OrganProfile

pytestmark = pytest.mark.django_db


@pytest.fixture
def everywhere(nation):
    """A profile for every organ of the nation."""
    with system_scope("tests").activate():
        for path, node in nation.nodes.items():
            if "/0/" in f"/{path}" and "fin" not in path:
                row = OrganProfile()
                row.own(node)
                row.save(force_insert=True)
    return nation


def visible(actor):
    with actor.scope.activate():
        return set(OrganProfile.objects.values_list("path", flat=True))


def test_query_outside_a_scope_raises(nation):
    with pytest.raises(Unscoped, match="org_node"):
        Node.objects.count()


def test_an_organ_sees_its_own_rows_only(everywhere):
    assert visible(everywhere.actor("33/11/23/0/u1/", "clerk")) == {"33/11/23/0/u1/"}


def test_an_authority_sees_what_it_supervises(everywhere):
    county = visible(everywhere.actor("33/11/23/0/goa/"))
    assert county == {"33/11/23/0/goa/", "33/11/23/0/u1/", "33/11/23/0/u2/"}
    province = visible(everywhere.actor("33/0/goa/"))
    assert county < province
    assert all(p.startswith("33/") for p in province)
    assert len(visible(everywhere.actor("0/ngoa/"))) == 19


def test_writing_outside_the_write_range_is_refused_by_the_database(everywhere):
    county = everywhere.actor("33/11/23/0/goa/", "business_admin", at="33/11/23/")
    with county.scope.activate():
        assert OrganProfile.objects.filter(path="33/11/23/0/u1/").update(contact="x") == 0
        assert OrganProfile.objects.filter(path="33/11/23/0/goa/").update(contact="x") == 1
        row = OrganProfile()
        row.node_id, row.path = everywhere.organ("33/11/22/0/goa/").pk, "33/11/22/0/goa/"
        with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
            row.save(force_insert=True)


def test_scopes_nest_and_put_the_previous_one_back(everywhere):
    clerk = everywhere.actor("33/11/23/0/u1/", "clerk")
    with clerk.scope.activate():
        assert OrganProfile.objects.count() == 1
        with system_scope("tests").activate():
            assert OrganProfile.objects.count() == 19
        assert OrganProfile.objects.count() == 1


def test_the_running_role_can_not_lift_a_policy(everywhere):
    for sql in (
        "ALTER TABLE org_node DISABLE ROW LEVEL SECURITY",
        "DROP POLICY sz_read ON org_node",
        "TRUNCATE org_node",
    ):
        with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)
