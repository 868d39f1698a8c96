"""Statistics of the demo: a saved view for each tier, a brief, three alerts of which one fires once the lake is filled."""

from __future__ import annotations

from datetime import date
from typing import TypeVar

from shuzheng.base.accounts.models import Account, Post
from shuzheng.base.core.bulk import insert_many
from shuzheng.base.stats.briefs import next_day
from shuzheng.base.stats.models_pages import AlertRule, Brief, View

Owned = TypeVar("Owned", View, Brief, AlertRule)

VIEWS = (
    ("gj.review", "各省综合能耗", "i=energy.total&by=province&look=map"),
    ("zj.review", "各市人均综合能耗", "i=energy.per_head&by=prefecture&look=rank"),
    ("ls.review", "各县用电逐月", "i=energy.electricity&by=county&across=month"),
    ("sc.review", "各机构单位面积能耗", "i=energy.per_area&by=institution&look=peers"),
)
RULES = (
    ("报送率低于 74%", "reporting.complete", "prefecture", "condition", "value < 74", "warn"),
    ("人均能耗同比升 30%", "energy.per_head", "prefecture", "condition", "change > 30", "over"),
    ("用电偏离以往", "energy.electricity", "prefecture", "deviation", "", "warn"),
)


def analyse(today: date) -> None:
    """Under the scope of the load."""
    names = {row[0] for row in VIEWS}
    people = dict(Account.objects.filter(username__in=names).values_list("username", "person_id"))
    posts = {
        post.person_id: post
        for post in Post.objects.filter(person__in=people.values()).select_related("node__organ").order_by("-pk")
    }
    held = {name: posts[person] for name, person in people.items() if person in posts}
    views = [
        _owned(View(name=name, query=query, post_id=held[who].pk), held[who])
        for who, name, query in VIEWS
        if who in held
    ]
    insert_many(views)
    maker = held.get("zj.review")
    if maker is None:
        return
    brief = Brief(
        name="各市能耗季报", query="i=energy.total&i=energy.per_head&by=prefecture", every=Brief.Every.QUARTER,
        posts=[p.pk for who, p in held.items() if who in ("zj.review", "ls.review")],
        next_on=next_day(Brief.Every.QUARTER, today),
    )  # fmt: skip
    insert_many([_owned(brief, maker)])
    insert_many(
        [
            _owned(
                AlertRule(
                    name=name, indicator=indicator, by=by, kind=kind, condition=condition, level=level, made_by=maker.pk,
                    posts=[maker.pk],
                ),
                maker,
            )
            for name, indicator, by, kind, condition, level in RULES
        ]
    )  # fmt: skip


def _owned(row: Owned, post: Post) -> Owned:
    organ = post.node.organ or post.node
    row.own(organ)
    return row
