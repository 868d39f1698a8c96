"""Who is competent for a line in a division: seen on the node's page with its days, changed there by the authority above."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from shuzheng.base.core.scope import system_scope
from shuzheng.base.org.competence import competent_for
from shuzheng.base.org.forms import label_of
from shuzheng.base.org.places import division_path

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("path", "home"),
    [("33/11/0/goa/", "33/11/"), ("0/goa/", ""), ("11/10/0/u1/d1/", "11/10/"), ("33/11/", "33/11/"), ("", "")],
)
def test_division_of_an_organ(path, home):
    assert division_path(path) == home


def test_authority_names_the_competent_organ_from_a_day(nation, client):
    client.force_login(nation.account("33/11/0/goa/", "business_admin", at="33/11/"))
    county, organ = nation.organ("33/11/23/"), nation.organ("33/11/23/0/u1/")
    address = f"/org/nodes/{county.pk}/competence/"
    today = date.today()
    later = today + timedelta(days=30)
    values = {"line": "general", "organ": label_of(organ.name, organ.path), "on": later.isoformat()}
    assert client.post(address, {**values, "organ": "没有的单位"}).status_code == 422
    assert client.post(address, values).status_code == 302
    with system_scope("tests").activate():
        assert competent_for("general", county, later) == organ
        assert competent_for("general", county, today) != organ
    page = client.get(f"/org/nodes/{county.pk}/").content.decode()
    assert organ.name in page and "待生效" in page and address in page


def test_organ_of_elsewhere_is_refused_with_the_reason(nation, client):
    client.force_login(nation.account("33/11/0/goa/", "business_admin", at="33/11/"))
    county, other = nation.organ("33/11/23/"), nation.organ("32/0/u1/")
    values = {"line": "general", "organ": label_of(other.name, other.path), "on": date.today().isoformat()}
    answer = client.post(f"/org/nodes/{county.pk}/competence/", values)
    assert answer.status_code == 422 and "也不在其上级" in answer.content.decode()
