"""Loading what ships into an empty database: a file of its own, as the other tests begin in a nation (``tests/worlds.py``)."""

from __future__ import annotations

import pytest

from shuzheng.base.standards.load import load_standards
from shuzheng.kernel.errors import Invalid


def test_loading_before_there_is_a_node_says_what_to_do(db):
    with pytest.raises(Invalid, match="先建立根节点"):
        load_standards()
