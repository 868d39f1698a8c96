"""Extensions, exemptions, late filing after the lock; reporting on behalf; nil reports; own signatures; issuing to a part."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from shuzheng.base.core.actor import system_actor
from shuzheng.base.core.scope import system_scope
from shuzheng.base.forms import actions, allowances, signing, standing
from shuzheng.base.forms.models import Allowance, Cell, Round, Signature, Submission
from shuzheng.base.forms.queries import board, overall
from shuzheng.base.forms.saving import save
from shuzheng.base.org.models import OrganProfile
from shuzheng.kernel.errors import Denied, Invalid, Missing
from tests.forms.conftest import UNIT, due, full
from tests.rows import stored

pytestmark = pytest.mark.django_db
COUNTY, SECOND = "33/11/23/", "33/11/23/0/u2/"
State = Submission.State


def later(days: int = 5):
    return timezone.now() + timedelta(days=days)


def ask(reporting, what="extension", until=None, **more):
    until = until if until is not None else (None if what == "exemption" else later())
    [row] = allowances.ask_allowances(
        [reporting.submission()], actor=reporting.unit(), round=reporting.round, what=what, why="停电三天", until=until,
        **more,
    )  # fmt: skip
    return row


def test_an_institution_asks_and_its_county_grants_another_day(reporting):
    row = ask(reporting)
    assert (row.state, row.decider, row.at_name) == ("asked", COUNTY, "甲县第1小学")
    allowances.decide_allowances([row], actor=reporting.reviewer(COUNTY), agree=True, until=later(3))
    stored_row = reporting.submission()
    assert stored_row.due_at.date() == later(3).date()
    assert reporting.submission(SECOND).due_at == due()
    with system_scope("tests").activate():
        row = Allowance.objects.get()
    assert (row.state, row.touched, bool(row.decided_by)) == ("granted", 1, True)


def test_a_refusal_says_why_and_changes_nothing(reporting):
    row = ask(reporting)
    with pytest.raises(Invalid, match="不同意的原因"):
        allowances.decide_allowances([row], actor=reporting.reviewer(COUNTY), agree=False)
    allowances.decide_allowances([row], actor=reporting.reviewer(COUNTY), agree=False, opinion="可用备用电源")
    assert reporting.submission().due_at == due()
    with pytest.raises(Invalid, match="已经办过"):
        allowances.decide_allowances([row], actor=reporting.reviewer(COUNTY), agree=True)


def test_only_the_tier_above_decides_and_asking_twice_is_refused(reporting):
    row = ask(reporting)
    with pytest.raises(Invalid, match="不由本级审批"):
        allowances.decide_allowances([row], actor=reporting.reviewer("33/11/"), agree=True)
    with pytest.raises(Missing):
        allowances.decide_allowances([row], actor=reporting.reviewer("33/11/22/"), agree=True)
    with pytest.raises(Denied):
        allowances.decide_allowances([row], actor=reporting.unit(), agree=True)
    with pytest.raises(Invalid, match="已经申请过"):
        ask(reporting)


def test_a_county_asks_for_all_below_it_and_the_prefecture_grants(reporting):
    county = reporting.nation.organ(COUNTY)
    reporting.handed_in(SECOND)
    [row] = allowances.ask_allowances(
        [county], actor=reporting.reviewer(COUNTY), round=reporting.round, what="extension", why="洪水", until=later()
    )
    assert row.decider == "33/11/"
    allowances.decide_allowances([row], actor=reporting.reviewer("33/11/"), agree=True)
    assert reporting.submission().due_at.date() == later().date()
    assert reporting.submission(SECOND).due_at == due()  # handed in already


def test_an_extension_beyond_the_tiers_own_review_is_for_the_tier_above(reporting):
    with system_scope("tests").activate():
        Round.objects.filter(pk=reporting.round.pk).update(tier_due={"4": later(2).isoformat()})
        reporting.round = Round.objects.get(pk=reporting.round.pk)
    row = ask(reporting)
    with pytest.raises(Invalid) as caught:
        allowances.decide_allowances([row], actor=reporting.reviewer(COUNTY), agree=True)
    assert caught.value.faults[0].field == "until"


def test_an_exempted_institution_is_not_asked_and_can_be_asked_again(reporting):
    county = reporting.nation.organ(COUNTY)
    allowances.decide_allowances([ask(reporting, "exemption")], actor=reporting.reviewer(COUNTY), agree=True)
    assert reporting.submission().state == State.EXEMPT
    reader = reporting.reviewer(COUNTY)
    with reader.scope.activate():
        whole = overall(reporting.round, county, timezone.now())
        [line] = board(reporting.round, county, timezone.now())
    assert (whole.asked, whole.exempt, whole.unreported) == (line.asked, line.exempt, line.unreported) == (1, 1, 1)
    with pytest.raises(Invalid):
        actions.fill([reporting.submission()], actor=reporting.unit(), values=full())
    allowances.end_exemptions([reporting.submission()], actor=reporting.reviewer(COUNTY), why="已恢复运转")
    reporting.handed_in(UNIT)


def test_after_the_lock_only_an_allowance_opens_the_form(reporting):
    with system_scope("tests").activate():
        Round.objects.filter(pk=reporting.round.pk).update(locks_at=timezone.now() - timedelta(hours=1))
    with pytest.raises(Invalid, match="锁定"):
        reporting.handed_in(UNIT)
    allowances.decide_allowances([ask(reporting, "unlock")], actor=reporting.reviewer(COUNTY), agree=True)
    reporting.handed_in(UNIT)
    with pytest.raises(Invalid, match="锁定"):
        reporting.handed_in(SECOND)


def test_a_tier_grants_by_itself_below_and_not_to_itself(reporting):
    county = reporting.reviewer(COUNTY)
    allowances.grant_allowances(
        [reporting.submission()], actor=county, round=reporting.round, what="extension", why="系统故障", until=later()
    )
    assert reporting.submission().due_at.date() == later().date()
    neighbour = reporting.submission("33/11/22/0/u1/")
    with pytest.raises(Missing):
        allowances.grant_allowances([neighbour], actor=county, round=reporting.round, what="exemption", why="系统故障")


def test_the_county_reports_on_behalf_and_it_is_marked(reporting):
    clerk = reporting.nation.actor("33/11/23/0/goa/", "clerk", at=COUNTY)
    typed = {code: str(value) for code, value in full(e01_m1=10).items()}
    with pytest.raises(Denied, match="代报原因"):
        save(clerk, reporting.submission(), typed)
    standing.stand_in([reporting.submission()], actor=clerk, why="村小无网络")
    save(clerk, reporting.submission(), typed)
    standing.submit_for([reporting.submission()], actor=clerk, signers={"statistics": "甲", "head": "乙"})
    row = reporting.submission()
    assert (row.state, row.behalf, row.behalf_reason) == (State.SUBMITTED, "甲县机关事务中心", "村小无网络")
    other = reporting.nation.actor("33/11/22/0/goa/", "clerk", at="33/11/22/")
    with pytest.raises(Missing):
        standing.stand_in([reporting.submission(SECOND)], actor=other, why="帮忙")


def test_what_the_institution_hands_in_itself_is_not_on_behalf(reporting):
    clerk = reporting.nation.actor("33/11/23/0/goa/", "clerk", at=COUNTY)
    standing.stand_in([reporting.submission()], actor=clerk, why="村小无网络")
    assert reporting.handed_in(UNIT).behalf == ""


def test_a_nil_report_sets_amounts_to_nought_and_keeps_known_facts(reporting):
    stored(OrganProfile, reporting.nation.organ(UNIT), floor_area="900", energy_headcount=40)
    standing.report_nil([reporting.submission()], actor=reporting.unit(), signers={"statistics": "甲", "head": "乙"})
    row = reporting.submission()
    assert (row.state, row.is_nil, row.errors) == (State.SUBMITTED, True, 0)
    with system_scope("tests").activate():
        cells = {c.code: c for c in Cell.objects.filter(submission=row)}
    assert (cells["e01_m1"].value, cells["e01_m1"].source) == (0, "nil")
    assert (cells["area"].value, cells["area"].source) == (900, "register")


def test_numbers_that_were_filled_in_are_no_nil_report(reporting):
    actions.fill([reporting.submission()], actor=reporting.unit(), values=full(e01_m1=5))
    with pytest.raises(Invalid, match="不能零报告"):
        standing.report_nil([reporting.submission()], actor=reporting.unit())


def test_three_persons_sign_in_turn_and_a_change_asks_them_again(reporting):
    with system_scope("tests").activate():
        Round.objects.filter(pk=reporting.round.pk).update(signing="own")
    filler = reporting.unit()
    statistics, head = reporting.nation.actor(UNIT, "leader"), reporting.nation.actor(UNIT, "leader")
    actions.fill([reporting.submission()], actor=filler, values=full(e01_m1=100))
    with pytest.raises(Invalid, match="还缺签署"):
        actions.submit([reporting.submission()], actor=filler)
    with pytest.raises(Invalid, match="先由统计负责人签"):
        signing.sign([reporting.submission()], actor=head, role="head")
    signing.sign([reporting.submission()], actor=statistics, role="statistics")
    actions.fill([reporting.submission()], actor=filler, values={"e01_m1": Decimal(101)})
    with pytest.raises(Invalid, match="先由统计负责人签"):
        signing.sign([reporting.submission()], actor=head, role="head")
    signing.sign([reporting.submission()], actor=statistics, role="statistics")
    signing.sign([reporting.submission()], actor=head, role="head")
    actions.submit([reporting.submission()], actor=filler)
    row = reporting.submission()
    assert row.signers == {"statistics": statistics.name, "head": head.name}
    with system_scope("tests").activate():
        signed = signing.of_edition(row)
        assert [(s.role, s.is_own) for s in signed] == [("filler", True), ("statistics", True), ("head", True)]
        assert len({s.digest for s in signed}) == 1


def test_names_that_the_filler_wrote_down_are_told_from_own_signatures(reporting):
    actions.fill([reporting.submission()], actor=reporting.unit(), values=full(e01_m1=100))
    actions.submit([reporting.submission()], actor=reporting.unit(), signers={"statistics": "甲", "head": "乙"})
    with system_scope("tests").activate():
        rows = Signature.objects.order_by("role")
        assert [(s.role, s.name, s.is_own) for s in rows if s.role != "filler"] == [
            ("head", "乙", False), ("statistics", "甲", False),
        ]  # fmt: skip


def test_a_round_asks_tiers_types_or_a_list_with_deadlines_of_their_own(reporting):
    issuer = reporting.nation.actor("0/ngoa/", "business_admin", at="")
    wanted = [reporting.nation.organ(p) for p in (UNIT, "33/11/0/u1/", "32/0/u1/")]

    def paths(**what):
        divisions = [reporting.nation.organ("33/"), reporting.nation.organ("32/")]
        rounds = actions.issue_rounds(
            divisions, actor=issuer, definition=reporting.definition, period="2026Q2", due_at=due(), **what
        )
        actions.open_rounds(rounds, actor=system_actor("forms.open"))
        with system_scope("tests").activate():
            return dict(Submission.objects.filter(round__in=rounds).values_list("path", "due_at"))

    assert set(paths(nodes=[n.pk for n in wanted])) == {n.path for n in wanted}
    counties = paths(tiers=[4], node_due={"33/11/": due(day=20), COUNTY: due(day=22)})
    assert counties == {
        UNIT: due(day=22), SECOND: due(day=22), "33/11/22/0/u1/": due(day=20), "33/11/22/0/u2/": due(day=20),
    }  # fmt: skip


@pytest.mark.parametrize("verb", [standing.fill_for, standing.submit_for])
def test_nobody_fills_in_or_hands_in_for_others_without_the_right(reporting, verb):
    neighbour = reporting.nation.actor("33/11/22/0/goa/", "clerk", at="33/11/22/")
    with pytest.raises((Denied, Missing)):
        verb([reporting.submission()], actor=neighbour, **({"values": {}} if verb is standing.fill_for else {}))
    assert reporting.submission().state == State.TODO
