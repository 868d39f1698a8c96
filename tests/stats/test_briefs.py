"""Briefs: each recipient gets their own numbers, once, as a notice with files."""

from __future__ import annotations

from datetime import date

import pytest
from django.test import Client

from shuzheng.base.core.actor import system_actor
from shuzheng.base.core.scope import system_scope
from shuzheng.base.files.models import Attachment
from shuzheng.base.notify.models import Receipt
from shuzheng.base.stats import briefs
from shuzheng.base.stats.models_pages import Brief, BriefCopy
from tests.factories import actor_of
from tests.stats.test_pages import PERIOD

pytestmark = pytest.mark.django_db

QUERY = f"i=energy.electricity&by=county&{PERIOD}&at=33/"


@pytest.mark.parametrize(
    ("every", "after", "then"),
    [
        ("week", date(2026, 11, 22), date(2026, 11, 23)),
        ("week", date(2026, 11, 23), date(2026, 11, 30)),
        ("month", date(2026, 12, 31), date(2027, 1, 1)),
        ("month", date(2026, 1, 1), date(2026, 2, 1)),
        ("quarter", date(2026, 11, 22), date(2027, 1, 1)),
        ("quarter", date(2026, 1, 1), date(2026, 4, 1)),
        ("quarter", date(2026, 3, 31), date(2026, 4, 1)),
    ],
)
def test_next_day(every, after, then):
    assert briefs.next_day(every, after) == then


@pytest.fixture
def brief(counted):
    province = counted.nation.account("33/0/goa/", "reviewer", "leader", at="33/")
    county = counted.nation.account("33/11/23/0/goa/", "reviewer", at="33/11/23/")
    actors = [actor_of(a) for a in (province, county)]
    row = Brief(name="各县用电", query=QUERY, posts=[a.id for a in actors], next_on=date(2026, 11, 1))
    row.node_id, row.path = actors[0].organ_id, actors[0].organ_path
    briefs.set_briefs([row], actor=actors[0])
    return row, province, county


def send(day: date = date(2026, 11, 2)) -> int:
    return briefs.run(system_actor("stats.brief"), day)


def test_each_recipient_gets_their_own_numbers(brief):
    row, province, county = brief
    assert send() == 2
    with system_scope("tests").activate():
        copies = {c.post_id: c for c in BriefCopy.objects.all()}
        names = {a.name.rsplit(".", 1)[1] for a in Attachment.objects.all()}
        receipts = Receipt.objects.count()
        next_on = Brief.objects.get().next_on
    assert [r[1] for r in copies[actor_of(province).id].table["rows"]] == ["4,000", "10,000"]
    assert [r[1] for r in copies[actor_of(county).id].table["rows"]] == ["10,000"]
    assert copies[actor_of(county).id].path == "33/11/23/0/goa/"
    assert (names, receipts, next_on) == ({"xlsx", "pdf"}, 2, date(2026, 12, 1))


def test_sent_again_makes_nothing_new(brief):
    row, _province, _county = brief
    send()
    with system_scope("tests").activate():
        Brief.objects.update(next_on=row.next_on)  # as if the worker had died before noting the next day
    assert send() == 0


def test_copy_opens_for_its_recipient_only(brief):
    _row, province, county = brief
    send()
    with system_scope("tests").activate():
        copy = BriefCopy.objects.get(post_id=actor_of(county).id)
    client = Client()
    client.force_login(county)
    assert "10,000" in client.get(f"/stats/briefs/copies/{copy.pk}/").content.decode()
    assert "各县用电" in client.get("/stats/briefs/").content.decode()
    other = Client()
    other.force_login(province)
    assert other.get(f"/stats/briefs/copies/{copy.pk}/").status_code == 404


def test_pages_of_briefs(brief):
    row, province, _county = brief
    client = Client()
    client.force_login(province)
    number = province.person.number
    assert client.get(f"/stats/briefs/new/?{QUERY}").status_code == 200
    assert (
        client.post(f"/stats/briefs/new/?{QUERY}", {"name": "新", "every": "week", "posts": "nobody"}).status_code
        == 422
    )
    made = client.post(
        f"/stats/briefs/new/?{QUERY}", {"name": "新", "every": "week", "posts": number, "is_active": "on"}
    )
    assert made.status_code == 302
    changed = client.post(f"/stats/briefs/{row.pk}/", {"name": "改", "every": "month", "posts": number})
    assert changed.status_code == 302
    with system_scope("tests").activate():
        assert not Brief.objects.get(pk=row.pk).is_active
    assert client.post(f"/stats/briefs/{row.pk}/remove/").status_code == 302
