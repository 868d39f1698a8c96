"""Create, rename, move, merge, split, abolish: dated, previewed, applied on their day, with everything that hangs on a node."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from psycopg.types.range import DateRange

from shuzheng.base.access.models import Grant
from shuzheng.base.accounts.models import Person, Post
from shuzheng.base.audit.models import Entry
from shuzheng.base.core.scope import system_scope
from shuzheng.base.events.models import Event
from shuzheng.base.org.actions import (
    abolish_nodes,
    apply_reorganisations,
    cancel_reorganisations,
    create_nodes,
    merge_nodes,
    move_nodes,
    rename_nodes,
    split_nodes,
)
from shuzheng.base.org.competence import competent_for, set_competence
from shuzheng.base.org.due import apply_due, settle
from shuzheng.base.org.history import ancestors_on, children_on, diff, node_on, search_on, tree_on
from shuzheng.base.org.models import Competence, Node, NodeKind, NodeVersion, OrganProfile, Reorganisation
from shuzheng.base.org.places import draft_node
from shuzheng.base.org.preview import preview
from shuzheng.kernel.errors import Conflict, Denied, Invalid, Missing
from shuzheng.kernel.uscc import make_uscc
from tests.org.conftest import BEFORE, ON

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture(autouse=True)
def reading(nation):
    """Tests read back under a system scope; each action opens its actor's own inside it."""
    with system_scope("tests").activate():
        yield


# Creation


def test_new_organ_stands_in_its_division_with_a_version_and_its_staffing(tree, county_admin):
    uscc = make_uscc(body="1")
    draft = draft_node(tree.at("33/11/23/"), "甲县档案馆", NodeKind.ORGAN, type="23", uscc=uscc, code="archive")
    [node] = create_nodes(
        [draft], actor=county_admin, on=ON, basis="甲编〔2024〕1 号", profiles={draft.pk: {"staff_public": 12}}
    )

    assert (node.path, node.tier, node.division, node.organ) == ("33/11/23/0/archive/", 4, tree.at("33/11/23/"), node)
    assert node.initials == "jxdag"
    [version] = NodeVersion.objects.filter(node=node)
    assert (version.valid, version.name, version.uscc) == (DateRange(ON, None), "甲县档案馆", uscc)
    assert OrganProfile.objects.get(node=node).staff_public == 12
    [done] = Reorganisation.objects.filter(verb="create")
    assert (done.state, done.basis, done.result["nodes"]) == ("applied", "甲编〔2024〕1 号", [str(node.pk)])
    assert Event.objects.get(name="org.node.reorganised").ids == [str(node.pk)]


def test_organ_without_a_code_gets_one(tree, county_admin):
    [node] = create_nodes([draft_node(tree.at("33/11/23/"), "甲县体育馆", "organ")], actor=county_admin, on=ON)
    assert len(node.code) >= 8
    assert node.path == f"33/11/23/0/{node.code}/"


def test_wrong_values_are_all_named_and_nothing_is_created(tree, county_admin):
    county = tree.at("33/11/23/")
    drafts = [
        draft_node(county, "", "organ", code="u1"),
        draft_node(county, "乙馆", "organ", code="x y", uscc="123"),
        draft_node(tree.at("33/11/23/0/u1/"), "丙局", "organ", code="c"),
    ]
    with pytest.raises(Invalid) as caught:
        create_nodes(drafts, actor=county_admin, on=ON)
    assert [f.field for f in caught.value.faults] == ["name", "code", "uscc", "parent", "code"]
    assert not Node.objects.filter(name="乙馆").exists()


def test_credit_code_belongs_to_one_living_node(tree, county_admin):
    uscc = make_uscc(body="7")
    county = tree.at("33/11/23/")
    create_nodes([draft_node(county, "甲馆", "organ", code="a", uscc=uscc)], actor=county_admin, on=BEFORE)
    with pytest.raises(Invalid, match="已属于另一家单位"):
        create_nodes([draft_node(county, "乙馆", "organ", code="b", uscc=uscc)], actor=county_admin, on=ON)
    abolish_nodes([tree.at("33/11/23/0/a/")], actor=county_admin, on=ON)
    [node] = create_nodes([draft_node(county, "乙馆", "organ", code="b", uscc=uscc)], actor=county_admin, on=ON)
    assert node.uscc == uscc


# Renaming


def test_renaming_keeps_the_old_name_for_the_past(tree, county_admin):
    node = tree.at("33/11/23/0/u1/")
    rename_nodes([node], actor=county_admin, on=ON, name="甲县实验小学")

    now = tree.again(node)
    assert (now.name, now.initials, now.version, now.path) == ("甲县实验小学", "jxsyxx", node.version + 1, node.path)
    assert node_on(node.pk, ON - timedelta(days=1)).name == "甲县第1小学"
    assert node_on(node.pk, ON).name == "甲县实验小学"


def test_renaming_dated_back_leaves_a_later_name_alone(tree, county_admin):
    node = tree.at("33/11/23/0/u1/")
    rename_nodes([node], actor=county_admin, on=ON, name="今名")
    rename_nodes([tree.again(node)], actor=county_admin, on=BEFORE, name="中名", short_name="短")

    assert tree.again(node).name == "今名"
    assert tree.again(node).short_name == "短"
    names = [(v.name, v.short_name) for v in NodeVersion.objects.filter(node=node).order_by("valid")]
    assert names == [("甲县第1小学", ""), ("中名", "短"), ("今名", "短")]


def test_change_before_the_node_began_is_refused(tree, county_admin):
    with pytest.raises(Invalid, match="还没有启用"):
        rename_nodes([tree.at("33/11/23/0/u1/")], actor=county_admin, on=date(2019, 1, 1), name="早名")


# Moving


def test_moving_a_county_takes_everything_below_along(tree, admin, nation):
    profile = tree.profile("33/11/23/0/u1/", contact="张三")
    account = nation.account("33/11/23/0/u1/", "clerk")
    grantee = nation.account("33/11/23/0/goa/", "business_admin", at="33/11/23/")
    county = tree.at("33/11/23/")

    move_nodes([county], actor=admin, to=tree.at("33/10/"), on=ON, basis="国函〔2024〕1 号")

    assert tree.again(county).path == "33/10/23/"
    assert tree.paths(path__startswith="33/11/23/") == []
    assert "33/10/23/0/u1/fin/" in tree.paths()
    assert tree.again(profile).path == "33/10/23/0/u1/"
    post = Post.objects.get(person=account.person)
    assert post.path == "33/10/23/0/u1/"
    grant = Grant.objects.get(post__person=grantee.person)
    assert (grant.path, grant.at_path) == ("33/10/23/0/goa/", "33/10/23/")
    assert set(Competence.objects.filter(division=county).values_list("path", flat=True)) == {"33/10/23/"}
    assert tree.paths(NodeVersion, node=county) == ["33/10/23/", "33/10/23/"]
    [event] = Event.objects.filter(name="org.node.reorganised")
    assert event.payload["moved"] == [["33/11/23/", "33/10/23/"]]


def test_a_moved_county_is_read_by_its_new_prefecture_and_no_more_by_the_old(tree, admin, nation):
    tree.profile("33/11/23/0/u1/")
    move_nodes([tree.at("33/11/23/")], actor=admin, to=tree.at("33/10/"), on=ON)
    seen = {}
    for path in ("33/10/0/goa/", "33/11/0/goa/"):
        with nation.actor(path, "reviewer").scope.activate():
            seen[path] = OrganProfile.objects.count()
    assert seen == {"33/10/0/goa/": 1, "33/11/0/goa/": 0}


def test_trail_keeps_the_path_of_its_time(tree, admin, county_admin):
    node = tree.at("33/11/23/0/u1/")
    rename_nodes([node], actor=county_admin, on=BEFORE, name="旧名")
    move_nodes([tree.at("33/11/23/")], actor=admin, to=tree.at("33/10/"), on=ON)
    assert {e.path for e in Entry.objects.filter(object_id=str(node.pk))} == {"33/11/23/0/u1/"}
    moved = Entry.objects.get(action="org.node.move", model="org.node")
    assert moved.before["path"], moved.after["path"] == ("33/11/23/", "33/10/23/")


def test_moving_where_the_code_is_taken_asks_for_another(tree, admin):
    with pytest.raises(Invalid, match="换一个代码"):
        move_nodes([tree.at("33/11/23/0/u1/")], actor=admin, to=tree.at("33/11/22/"), on=ON)
    node = tree.at("33/11/23/0/u1/")
    move_nodes([node], actor=admin, to=tree.at("33/11/22/"), on=ON, codes={node.pk: "u9"})
    moved = tree.again(node)
    assert (moved.path, moved.division) == ("33/11/22/0/u9/", tree.at("33/11/22/"))
    assert tree.at("33/11/22/0/u9/fin/").division == tree.at("33/11/22/")


@pytest.mark.parametrize(
    ("path", "to", "said"),
    [
        ("33/11/", "33/11/23/", "自己的下级"),
        ("33/11/23/0/u1/", "33/11/22/0/u1/", "只能放在区划下"),
        ("33/11/", "33/10/", "层级必须低于"),
        ("", "33/", "国家不能划转"),
        ("33/11/23/", "33/11/", "已经在"),
    ],
)
def test_moves_that_make_no_sense_are_refused(tree, admin, path, to, said):
    with pytest.raises(Invalid, match=said):
        move_nodes([tree.at(path)], actor=admin, to=tree.at(to), on=ON)


# Merging


def test_absorbed_county_hands_over_children_records_posts_and_grants(tree, admin, nation):
    absorbed, into = tree.at("33/11/22/"), tree.at("33/11/23/")
    profile = tree.profile("33/11/22/0/u1/", contact="李四")
    account = nation.account("33/11/22/0/goa/", "business_admin", at="33/11/22/")
    fin = tree.at("33/11/23/0/u1/fin/")

    merge_nodes([absorbed], actor=admin, into=into, on=ON)

    gone = tree.again(absorbed)
    assert (gone.valid_to, gone.path) == (ON, "33/11/22/")
    assert NodeVersion.objects.get(node=absorbed).successor == into
    # Both counties have organs goa, u1 and u2: those that came get the code of where they came from.
    assert tree.paths(parent=into) == sorted(
        f"33/11/23/0/{c}/" for c in ("goa", "u1", "u2", "goa-22", "u1-22", "u2-22")
    )
    assert tree.again(profile).path == "33/11/23/0/u1-22/"
    assert tree.again(fin).path == "33/11/23/0/u1/fin/"
    grant = Grant.objects.get(post__person=account.person)
    assert (grant.at, grant.at_path, grant.path) == (into, "33/11/23/", "33/11/23/0/goa-22/")
    assert {v.valid.upper for v in Competence.objects.filter(division=absorbed)} == {ON}
    assert not Competence.objects.filter(division=into, organ__path="33/11/23/0/goa-22/").exists()


def test_absorbed_organ_hands_over_posts_grants_and_competence_and_its_like_records_stay(tree, admin, nation):
    absorbed, into = tree.at("33/11/23/0/u1/"), tree.at("33/11/23/0/u2/")
    theirs, ours = tree.profile(absorbed.path, contact="张三"), tree.profile(into.path, contact="李四")
    account = nation.account(absorbed.path, "clerk")
    set_competence([tree.at("33/11/23/")], actor=admin, line="general", organ=absorbed, on=BEFORE)

    merge_nodes([absorbed], actor=admin, into=into, on=ON)

    assert (tree.again(theirs).node, tree.again(ours).node) == (absorbed, into)
    post = Post.objects.get(person=account.person)
    assert (post.node, post.path) == (into, into.path)
    grant = Grant.objects.get(post=post)
    assert (grant.at, grant.at_path, grant.node) == (into, into.path, into)
    county = tree.at("33/11/23/")
    assert competent_for("general", county, ON - timedelta(days=1)) == absorbed
    assert competent_for("general", county, ON) == into
    fin = tree.at("33/11/23/0/u2/fin/")
    assert (fin.organ, fin.parent) == (into, into)
    assert node_on(fin.pk, BEFORE).parent_id == absorbed.pk


def test_person_of_an_absorbed_organ_acts_in_the_successor(tree, admin, nation):
    from tests.factories import actor_of

    account = nation.account("33/11/23/0/u1/", "clerk")
    merge_nodes([tree.at("33/11/23/0/u1/")], actor=admin, into=tree.at("33/11/23/0/u2/"), on=ON)
    assert actor_of(account).organ_path == "33/11/23/0/u2/"


@pytest.mark.parametrize(
    ("path", "into"), [("33/11/23/", "33/11/"), ("33/11/23/", "33/10/"), ("33/11/23/0/u1/", "33/11/22/")]
)
def test_only_like_merges_with_like(tree, admin, path, into):
    with pytest.raises(Invalid):
        merge_nodes([tree.at(path)], actor=admin, into=tree.at(into), on=ON)


# Splitting


def test_split_makes_new_organs_beside_the_old_one(tree, county_admin):
    node, fin = tree.at("33/11/23/0/u1/"), tree.at("33/11/23/0/u1/fin/")
    split_nodes([node], actor=county_admin, parts=[{"name": "甲县南校", "code": "s", "children": [fin]}], on=ON)
    new = tree.at("33/11/23/0/s/")
    assert (new.kind, new.type, new.division) == ("organ", "21", tree.at("33/11/23/"))
    assert tree.again(fin).path == "33/11/23/0/s/fin/"
    assert tree.again(node).valid_to is None


def test_split_that_ends_the_old_one_names_an_heir(tree, county_admin, nation):
    node = tree.at("33/11/23/0/u1/")
    account = nation.account(node.path, "clerk")
    parts = [{"name": "南校", "code": "s"}, {"name": "北校", "code": "n"}]
    with pytest.raises(Invalid, match="承接"):
        split_nodes([node], actor=county_admin, parts=parts, on=ON, continues=False)
    split_nodes([node], actor=county_admin, parts=parts, on=ON, continues=False, heir=1)
    assert tree.again(node).valid_to == ON
    assert Post.objects.get(person=account.person).path == "33/11/23/0/n/"
    assert tree.at("33/11/23/0/n/fin/").parent == tree.at("33/11/23/0/n/")


# Abolition


def test_abolition_ends_posts_grants_and_competence_and_leaves_records(tree, admin, nation):
    county = tree.at("33/11/22/")
    profile = tree.profile("33/11/22/0/goa/")
    account = nation.account("33/11/22/0/goa/", "clerk")
    with pytest.raises(Invalid, match="还有 3 个下级"):
        abolish_nodes([county], actor=admin, on=ON)
    abolish_nodes([county], actor=admin, on=ON, with_children=True)

    assert not Node.objects.filter(path__startswith="33/11/22/", valid_to=None).exists()
    post = Post.objects.get(person=account.person)
    assert post.valid.upper == ON
    assert Grant.objects.get(post=post).valid.upper == ON
    assert not Competence.objects.filter(division=county, valid__contains=ON).exists()
    assert tree.again(profile).path == "33/11/22/0/goa/"
    assert node_on(county.pk, ON) is None
    assert node_on(county.pk, ON - timedelta(days=1)).name == "乙县"


def test_code_of_a_node_that_is_gone_is_not_given_again(tree, admin):
    abolish_nodes([tree.at("33/11/22/0/u1/")], actor=admin, on=ON)
    with pytest.raises(Invalid, match="已用过代码"):
        create_nodes([draft_node(tree.at("33/11/22/"), "新校", "organ", code="u1")], actor=admin, on=ON)


# Dated ahead


def test_change_dated_ahead_waits_for_its_day(tree, admin):
    county = tree.at("33/11/23/")
    move_nodes([county], actor=admin, to=tree.at("33/10/"), on=tree.tomorrow)
    assert tree.again(county).path == "33/11/23/"
    assert apply_due(tree.today) == {"applied": [], "refused": []}

    [row] = Reorganisation.objects.filter(state="planned")
    Reorganisation.objects.filter(pk=row.pk).update(on=tree.today)
    done = apply_due(tree.today)

    assert [r.pk for r in done["applied"]] == [row.pk]
    assert tree.again(county).path == "33/10/23/"
    assert tree.again(row).state == "applied"
    assert Entry.objects.filter(
        object_id=str(county.pk), action="org.reorganisation.apply", actor="system:org.reorganise"
    ).exists()


def test_planned_change_that_the_tree_no_longer_allows_says_why_and_stays(tree, admin):
    node = tree.at("33/11/23/0/u1/")
    rename_nodes([node], actor=admin, on=tree.tomorrow, name="新名")
    abolish_nodes([node], actor=admin, on=ON, with_children=True)
    Reorganisation.objects.filter(state="planned").update(on=tree.today)
    done = apply_due(tree.today)
    [row] = done["refused"]
    assert tree.again(row).state == "planned"
    assert "已停用" in tree.again(row).result["fault"]


def test_planned_change_is_cancelled_once(tree, admin):
    rename_nodes([tree.at("33/11/23/0/u1/")], actor=admin, on=tree.tomorrow, name="新名")
    [row] = Reorganisation.objects.filter(state="planned")
    with pytest.raises(Invalid, match="生效日期"):
        apply_reorganisations([row], actor=admin)
    cancel_reorganisations([row], actor=admin)
    with pytest.raises(Invalid, match="已不是待生效"):
        cancel_reorganisations([row], actor=admin)


def test_planned_creation_makes_the_node_on_its_day(tree, county_admin):
    draft = draft_node(tree.at("33/11/23/"), "甲县新馆", "organ", code="n")
    assert create_nodes([draft], actor=county_admin, on=tree.tomorrow) == [tree.at("33/11/23/")]
    assert tree.paths(code="n") == []
    Reorganisation.objects.update(on=tree.today)
    apply_due(tree.today)
    assert tree.at("33/11/23/0/n/").pk == draft.pk


# Rights


def test_county_changes_what_is_below_it_and_not_itself(tree, county_admin):
    with pytest.raises(Denied):
        rename_nodes([tree.at("33/11/23/")], actor=county_admin, on=ON, name="新县")
    rename_nodes([tree.at("33/11/23/0/u1/")], actor=county_admin, on=ON, name="新校")


def test_county_changes_nothing_of_another(tree, county_admin):
    with pytest.raises(Denied):
        rename_nodes([tree.at("33/11/22/0/u1/")], actor=county_admin, on=ON, name="新校")
    with pytest.raises(Denied):
        move_nodes([tree.at("33/11/23/0/u1/")], actor=county_admin, to=tree.at("33/11/22/"), on=ON)
    with pytest.raises(Denied):
        merge_nodes([tree.at("33/11/23/0/u1/")], actor=county_admin, into=tree.at("33/11/22/0/u1/"), on=ON)


def test_clerk_changes_no_node(tree, nation):
    clerk = nation.actor("33/11/23/0/u1/", "clerk")
    with pytest.raises(Denied):
        rename_nodes([tree.at("33/11/23/0/u1/")], actor=clerk, on=ON, name="新校")


def test_trail_names_the_actor_and_the_handover(tree, county_admin):
    node = tree.at("33/11/23/0/u1/")
    rename_nodes([node], actor=county_admin, on=ON, name="新校", reason="并校")
    entry = Entry.objects.get(object_id=str(node.pk))
    assert (entry.actor, entry.handed_over, entry.reason) == (str(county_admin.id), True, "并校")
    assert (entry.before["name"], entry.after["name"]) == ("甲县第1小学", "新校")


def test_planned_change_of_another_county_does_not_exist(tree, admin, nation):
    rename_nodes([tree.at("33/11/22/0/u1/")], actor=admin, on=tree.tomorrow, name="新名")
    [row] = Reorganisation.objects.filter(state="planned")
    other = nation.actor("33/11/23/0/goa/", "business_admin", at="33/11/23/")
    with pytest.raises(Missing):
        cancel_reorganisations([row], actor=other)


def test_stale_version_is_a_conflict_and_a_retry_has_no_second_effect(tree, county_admin):
    node = tree.at("33/11/23/0/u1/")
    for _ in range(2):
        rename_nodes([node], actor=county_admin, on=ON, name="新校", key="k1", seen={node.pk: node.version})
    assert Reorganisation.objects.count() == 1
    with pytest.raises(Conflict):
        rename_nodes([node], actor=county_admin, on=ON, name="又改", seen={node.pk: node.version})


# Preview


def test_preview_counts_what_a_move_touches_and_writes_nothing(tree, admin, nation):
    tree.profile("33/11/23/0/u1/")
    nation.account("33/11/23/0/u1/", "clerk")
    county = tree.at("33/11/23/")
    seen = preview(
        "move", [county], on=tree.tomorrow, actor=admin, values={"to": str(tree.at("33/10/").pk), "code": ""}
    )
    counts = {t.model: t.rows for t in seen.records}
    assert (seen.nodes, seen.planned, seen.faults) == (5, True, [])
    assert (counts["org.organprofile"], counts["accounts.post"], counts["access.grant"]) == (1, 1, 1)
    assert [c.path for c in seen.children] == [f"33/11/23/0/{c}/" for c in ("goa", "u1", "u2")]
    assert tree.again(county).path == "33/11/23/"


def test_preview_says_what_an_abolition_ends_and_why_it_is_refused(tree, admin, nation):
    nation.account("33/11/22/0/goa/", "clerk")
    seen = preview("abolish", [tree.at("33/11/22/")], on=ON, actor=admin, values={"with_children": False})
    ending = {t.model: t.ending for t in seen.records if t.ending}
    assert ending["accounts.post"] == ending["access.grant"] == 1
    assert ending["org.competence"] >= 3
    assert "还有 3 个下级" in seen.faults[0].message


def test_preview_needs_the_right(tree, nation):
    with pytest.raises(Denied):
        preview("move", [tree.at("33/11/23/")], on=ON, actor=nation.actor("33/11/22/0/u1/"), values={})


# As it was on a date


def test_tree_on_a_day_has_the_paths_of_that_day(tree, admin):
    county = tree.at("33/11/23/")
    move_nodes([county], actor=admin, to=tree.at("33/10/"), on=ON)
    then = {n.id: n.path for n in tree_on(ON - timedelta(days=1))}
    now = {n.id: n.path for n in tree_on(ON)}
    assert (then[county.pk], now[county.pk]) == ("33/11/23/", "33/10/23/")
    below = tree_on(BEFORE, county.pk)
    assert [n.path for n in below] == [f"33/11/23/{p}" for p in ("", "0/goa/", "0/u1/", "0/u1/fin/", "0/u2/")]
    assert [n.name for n in ancestors_on([county.pk], BEFORE)[county.pk]] == ["国家", "甲省", "甲市"]
    below = [n.name for n in children_on(tree.at("33/11/").pk, ON)]
    assert (below[0], set(below[1:])) == ("乙县", {"甲市第1小学", "甲市第2小学", "甲市机关事务中心"})


def test_search_finds_a_former_name_on_its_day_only(tree, county_admin):
    rename_nodes([tree.at("33/11/23/0/u1/")], actor=county_admin, on=ON, name="甲县实验小学")
    assert [n.name for n in search_on("第1小学", BEFORE, within="33/11/23/")] == ["甲县第1小学"]
    assert search_on("第1小学", ON, within="33/11/23/") == []
    assert [n.name for n in search_on("jxsy", ON)] == ["甲县实验小学"]


def test_difference_between_two_days_names_each_change_once(tree, admin):
    county, absorbed = tree.at("33/11/23/"), tree.at("33/11/23/0/u1/")
    rename_nodes([tree.at("33/10/0/u1/")], actor=admin, on=ON, name="新校")
    merge_nodes([absorbed], actor=admin, into=tree.at("33/11/23/0/u2/"), on=ON)
    move_nodes([county], actor=admin, to=tree.at("33/10/"), on=ON)
    [new] = create_nodes([draft_node(tree.at("32/"), "丙市", "division", code="05")], actor=admin, on=ON)
    found = {d.id: (set(d.what), d.successor_id) for d in diff(ON - timedelta(days=1), ON)}
    assert found == {
        tree.at("33/10/0/u1/").pk: ({"renamed"}, None),
        absorbed.pk: ({"ended"}, tree.at("33/10/23/0/u2/").pk),
        tree.at("33/10/23/0/u2/fin/").pk: ({"moved"}, None),
        county.pk: ({"moved"}, None),
        new.pk: ({"created"}, None),
    }


@pytest.mark.parametrize("count", [1, 3])
def test_children_take_two_queries_however_many(tree, admin, count, django_assert_num_queries):
    parent = tree.at("33/10/")
    drafts = [draft_node(parent, f"县{n}", "division", code=f"2{n}") for n in range(count)]
    create_nodes(drafts, actor=admin, on=BEFORE)
    with django_assert_num_queries(2):
        children_on(parent.pk, ON)


# Competence


def test_competence_is_dated_and_a_new_one_ends_the_old(tree, county_admin):
    county = tree.at("33/11/23/")
    before, after = tree.at("33/11/23/0/goa/"), tree.at("33/11/23/0/u1/")
    set_competence([county], actor=county_admin, line="general", organ=after, on=ON)
    assert competent_for("general", county, ON - timedelta(days=1)) == before
    assert competent_for("general", county, ON) == after
    assert competent_for("general", county, date(2019, 1, 1)) is None
    set_competence([county], actor=county_admin, line="general", organ=before, on=ON)
    assert competent_for("general", county, ON) == before


def test_competent_organ_stands_in_the_division_or_above(tree, county_admin, admin):
    county = tree.at("33/11/23/")
    with pytest.raises(Invalid, match="不在"):
        set_competence([county], actor=county_admin, line="general", organ=tree.at("33/11/22/0/goa/"), on=ON)
    set_competence([county], actor=admin, line="general", organ=tree.at("33/11/0/goa/"), on=ON)
    with pytest.raises(Denied):
        set_competence([tree.at("33/11/22/")], actor=county_admin, line="general", organ=tree.at("33/11/0/goa/"), on=ON)


# Stragglers


def test_row_added_with_the_old_path_during_a_move_is_mended(tree, admin, nation):
    node = tree.at("33/11/23/0/u1/")
    move_nodes([tree.at("33/11/23/")], actor=admin, to=tree.at("33/10/"), on=ON)
    late = Person(name="迟到", number="late", node_id=node.pk, path=node.path)
    late.save(force_insert=True)
    [row] = Reorganisation.objects.all()
    assert settle(row) == 1
    assert tree.again(late).path == "33/10/23/0/u1/"
