"""The shipped divisions: complete, in their places, loaded once."""

from __future__ import annotations

import time
from collections import Counter

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shuzheng.base.audit.models import Entry
from shuzheng.base.core.scope import system_scope
from shuzheng.base.org.divisions import SINCE, divisions, load_divisions
from shuzheng.base.org.models import Node, NodeVersion
from shuzheng.base.org.places import division_code
from shuzheng.kernel.errors import Denied


def test_every_row_of_the_file_has_a_path_of_its_own_and_its_parent_before_it():
    seen = {""}
    for path, row in divisions():
        assert path not in seen
        assert path[: path[:-1].rfind("/") + 1] in seen
        assert division_code(path) == row["code"]
        seen.add(path)
    assert len(seen) == 3215


@pytest.mark.django_db
def test_divisions_are_loaded_once_with_versions_and_in_time():
    start = time.process_time()
    with CaptureQueriesContext(connection) as queries:
        fresh = load_divisions()
    took = time.process_time() - start
    with system_scope("tests").activate():
        assert len(fresh) == Node.objects.count() == NodeVersion.objects.count() == 3215
        assert Counter(Node.objects.values_list("tier", flat=True)) == {1: 1, 2: 31, 3: 333, 4: 2850}
        for path, name in {
            "": "国家",
            "33/": "浙江省",
            "33/11/": "丽水市",
            "42/9004/": "仙桃市",
            "11/0101/": "东城区",
        }.items():
            assert Node.objects.get(path=path).name == name
        xiantao = Node.objects.get(path="42/9004/")
        assert (xiantao.tier, xiantao.parent.name, xiantao.initials) == (4, "湖北省", "xts")
        assert NodeVersion.objects.get(node=xiantao).valid.lower == SINCE
        assert Entry.objects.filter(actor="system:org.import").count() == 3215
    assert load_divisions() == []
    # Set-wise: its own time, not that of a machine that does other things besides.
    assert len(queries) < 25
    assert took < 3, f"{took:.1f} s"


def test_only_the_system_loads_divisions(nation):
    with pytest.raises(Denied):
        load_divisions(nation.actor("0/ngoa/", "business_admin", at=""))
