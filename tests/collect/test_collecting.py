"""Asking and answering: who is asked, who is let in, once each, what it comes to, and the days when things go wrong."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from threading import Thread

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from shuzheng.base.audit.models import Entry
from shuzheng.base.collect import actions, door
from shuzheng.base.collect.audience import targets
from shuzheng.base.collect.events import tell_opened, tell_reminded
from shuzheng.base.collect.figures import FEW, find, measure, waiting
from shuzheng.base.collect.jobs import close_due, retain
from shuzheng.base.collect.models import Answer, Asked, Collection, Value
from shuzheng.base.core.actor import system_actor
from shuzheng.base.core.scope import system_scope
from shuzheng.base.events.models import Event
from shuzheng.base.files.models import Attachment
from shuzheng.base.notify.models import Receipt
from shuzheng.kernel.errors import Conflict, Denied, Invalid, Missing
from tests.collect.conftest import OFFICE, OTHER, UNIT, answer, colleague, fresh, stored

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def test_organs_of_the_own_level_are_asked_and_answer_once_each(nation, make, maker):
    row = make()
    with maker.scope.activate():
        assert [a.node.path for a in waiting(row)] == [UNIT, OTHER]
    answer(row, nation.actor(UNIT), q1="1,234.5", q3=["安全", "采购"], q4="早点通知")
    answer(row, nation.actor(OTHER), q1="5", q2="请假", q3=["采购"])
    with maker.scope.activate():
        found = measure(fresh(row))
    by = {f.question.code: f for f in found.figures}
    assert (found.answers, found.asked, found.answered) == (2, 2, 2)
    assert (by["q1"].total, by["q1"].least, by["q1"].most) == (Decimal("1239.5"), 5, Decimal("1234.5"))
    assert by["q2"].bars == (("参加", 1), ("请假", 1))
    assert by["q3"].bars == (("安全", 1), ("节能", 0), ("采购", 2)) and by["q3"].count == 2
    assert by["q4"].said == ("早点通知",)


def test_the_tier_below_is_its_offices_and_own_people_are_asked_one_by_one(nation, make):
    prefecture = nation.actor("33/11/0/goa/", "clerk", at="33/11/")
    below = make(by=prefecture, audience="below")
    colleague(nation, "33/11/0/goa/", name="甲")
    own = make(by=prefecture, audience="own", per="person")
    with prefecture.scope.activate():
        assert {a.node.path for a in waiting(below)} == {OFFICE, "33/11/22/0/goa/"}
        assert {a.name for a in waiting(own)} >= {"甲"} and all(a.person_id for a in waiting(own))


def test_a_list_names_organs_and_people_and_says_which_line_names_nobody(nation, make, maker):
    colleague(nation, UNIT, name="张三")
    row = make(audience="list", per="any", names="甲县第2小学\n张三\n", is_open=False)
    with maker.scope.activate():
        assert [t.name for t in targets(row, maker)] == ["甲县第2小学", "张三"]
        for bad in ("甲县第九小学", "乙县第1小学"):  # none, and out of reach
            actions.save_collections([row], actor=maker, names=f"张三\n{bad}")
            with pytest.raises(Invalid) as refused:
                targets(row, maker)
            assert "第 2 行" in refused.value.faults[0].message


def test_who_was_not_asked_is_not_let_in_and_sees_nothing(nation, make):
    row = make()
    stranger = nation.actor("33/11/22/0/u1/", "clerk")
    with pytest.raises(Denied):
        door.come_in(row.token, stranger)
    answer(row, nation.actor(UNIT))
    for reader in (stranger, nation.actor(UNIT, "clerk")):
        with reader.scope.activate():
            assert not Answer.objects.exists() and not Value.objects.exists() and not Collection.objects.exists()
    with stranger.scope.activate():
        assert not Asked.objects.exists()


def test_a_forged_token_and_an_old_one_open_nothing(nation, make, maker):
    row = make(audience="open", per="any")
    for token in ("", "x", row.token[:-1] + ("A" if row.token[-1] != "A" else "B"), "' OR 1=1"):
        with pytest.raises(Missing):
            door.come_in(token, None)
    old = row.token
    with maker.scope.activate():
        actions.relink([row], actor=maker)
    with pytest.raises(Missing):
        door.come_in(old, None)
    assert door.come_in(fresh(row).token, None).collection.pk == row.pk


def test_the_same_page_sent_twice_is_one_answer(nation, make):
    row = make(per="any")
    who = nation.actor(UNIT)
    first, second = answer(row, who, ticket="t1"), answer(row, who, ticket="t1", q1=99)
    assert first.is_fresh and not second.is_fresh and len(stored(row)) == 1
    answer(row, who, ticket="t2")
    assert len(stored(row)) == 2


def test_two_of_an_organ_answer_at_once_and_the_second_sees_what_the_first_wrote(nation, make):
    row = make()
    answer(row, colleague(nation, UNIT, name="甲")[1], q1=7)
    with pytest.raises(Conflict) as clash:
        answer(row, colleague(nation, UNIT, name="乙")[1], q1=8)
    assert "甲" in clash.value.message and clash.value.current["values"]["q1"] == ["7"]
    version = clash.value.current["version"]
    answer(row, colleague(nation, UNIT, name="乙")[1], q1=8, version=version)
    [left] = stored(row)
    assert left.by == "乙"
    with system_scope("tests").activate():
        assert Value.objects.get(answer=left, code="q1").number == 8


def test_an_answer_is_the_persons_to_change_until_it_closes(nation, make, maker):
    row = make(audience="own", per="person")
    answer(row, maker, q1=1)
    guest = door.come_in(row.token, maker)
    assert guest.is_done and guest.may_edit and door.held(guest)["q1"] == ["1"]
    answer(row, maker, q1=2, version=guest.answer.version)
    with maker.scope.activate():
        actions.close([fresh(row)], actor=maker)
    assert not door.come_in(row.token, maker).may_edit
    fixed = make(audience="own", per="person", may_edit=False)
    answer(fixed, maker)
    with pytest.raises(Denied):
        answer(fixed, maker, version=1)


def test_closing_while_somebody_types_takes_nothing_and_says_so(nation, make, maker):
    row = make()
    guest = door.come_in(row.token, nation.actor(UNIT))
    with maker.scope.activate():
        actions.close([fresh(row)], actor=maker)
    with guest.actor.scope.activate(), pytest.raises(Invalid) as refused:
        door.send(guest, {"q1": ["3"], "q2": ["参加"]}, {}, ticket="t")
    assert refused.value.code == "collect.closed" and stored(row) == []
    with maker.scope.activate():
        actions.reopen([fresh(row)], actor=maker, closes_at=actions.evening(1))
    answer(row, nation.actor(UNIT))
    assert len(stored(row)) == 1


def test_past_its_time_it_takes_nothing_and_a_job_closes_it(nation, make):
    row = make()
    with system_scope("tests").activate():
        Collection.objects.filter(pk=row.pk).update(closes_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(Invalid):
        answer(row, nation.actor(UNIT))
    close_due()
    assert fresh(row).state == "closed"


def test_no_more_answers_than_asked_for(nation, make):
    row = make(audience="open", per="any", max_answers=2)
    answer(row, None)
    answer(row, None)
    with pytest.raises(Invalid) as refused:
        answer(row, None)
    assert refused.value.code == "collect.full" and len(stored(row)) == 2


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"q1": ""}, "q1"),
        ({"q1": "三"}, "q1"),
        ({"q1": "9" * 25}, "q1"),
        ({"q2": "也许"}, "q2"),
        ({"q2": ["参加", "请假"]}, "q2"),
        ({"q4": "长" * 2001}, "q4"),
    ],
)
def test_each_question_says_what_is_wrong_with_it(nation, make, values, code):
    row = make()
    with pytest.raises(Invalid) as refused:
        answer(row, nation.actor(UNIT), **values)
    assert [f.field for f in refused.value.faults] == [code] and stored(row) == []


def test_nothing_of_an_anonymous_answer_leads_back_to_the_person(nation, make, maker):
    _account, who = colleague(nation, OFFICE, name="某某人")
    row_asked = make(audience="own", per="person", is_anonymous=True, lines="食堂满意度*\n意见")
    with system_scope("tests").activate():
        before = set(Entry.objects.values_list("pk", flat=True)), set(Event.objects.values_list("pk", flat=True))
    answer(row_asked, who, q1=5, q2="换厨师")
    [left] = stored(row_asked)
    assert (left.by, left.organ_name, left.sent_at) == ("", "", None)
    assert left.respondent.startswith("t:") and left.pk.version == 4
    assert timezone.localtime(left.created_at).strftime("%H%M%S%f") == "000000000000"
    with system_scope("tests").activate():
        entries = Entry.objects.exclude(pk__in=before[0])
        events = Event.objects.exclude(pk__in=before[1])
        said = "".join(str(vars(e)) for e in [*entries, *events])
        mark = Asked.objects.get(collection=row_asked, person_id=who.person_id)
    for word in (who.name, str(who.person_id), str(who.id), "换厨师", str(left.pk)):
        assert word not in said
    assert mark.is_answered and mark.answered_at is None and mark.answered_by == ""
    with pytest.raises(Denied):
        answer(row_asked, who, q1=1, q2="")
    with maker.scope.activate():
        assert measure(row_asked).is_hidden  # too few to hide among


def test_anonymous_figures_show_from_five_answers_on(nation, make, maker):
    people = [colleague(nation, OFFICE)[1] for _n in range(FEW)]
    row = make(audience="own", per="person", is_anonymous=True, lines="食堂满意度*")
    for person in people:
        answer(row, person, q1=4, q2="")
    with maker.scope.activate():
        [figure] = measure(row).figures
    assert figure.bars[3] == ("4", FEW) and figure.mean == 4


def test_a_phone_number_is_stored_encrypted_and_shown_masked(nation, make, maker):
    row = make(lines="联系电话*")
    answer(row, nation.actor(UNIT), q1="13800001234", q2="")
    with system_scope("tests").activate():
        value = Value.objects.get(collection=row)
        assert value.sealed.startswith("sm4:") and value.text == ""
    [left] = stored(row)
    with maker.scope.activate():
        assert door.values_of([left], clear=False)[left.pk] == {"q1": ["138****1234"]}
        assert door.values_of([left])[left.pk] == {"q1": ["13800001234"]}
        said = "".join(str(e.after) for e in Entry.objects.filter(model="collect.answer"))
    assert "13800001234" not in said


def test_a_file_is_attached_and_one_too_large_is_refused_with_nothing_kept(nation, make, maker, monkeypatch):
    row = make(lines="现场照片*", audience="open", per="any")
    monkeypatch.setattr(door, "FILE_MB", 2)  # one for who is not signed in
    large = SimpleUploadedFile("a.txt", b"x" * (1 << 20) + b"x")
    with pytest.raises(Invalid) as refused:
        answer(row, None, files={"q1": large}, q2="")
    assert refused.value.faults[0].field == "q1" and stored(row) == []
    with pytest.raises(Invalid):  # not what its name says
        answer(row, None, files={"q1": SimpleUploadedFile("a.png", b"no picture")}, q2="")
    assert stored(row) == []
    answer(row, None, files={"q1": SimpleUploadedFile("说明.txt", "一号楼".encode())}, q2="")
    [left] = stored(row)
    assert left.files["q1"]["name"] == "说明.txt"
    with maker.scope.activate():
        assert Attachment.objects.get(target_id=left.pk).path == row.path
    with nation.actor(UNIT, "clerk").scope.activate():
        assert not Attachment.objects.filter(target_id=left.pk).exists()


def test_everybody_asked_is_told_and_only_the_late_are_reminded(nation, make, maker):
    row = make()
    actor = system_actor("collect.tell")
    with actor.scope.activate():
        tell_opened(event_of("collect.collection.opened"), actor)
        assert {r.path for r in Receipt.objects.filter(template="collect.opened")} == {UNIT, OTHER}
    answer(row, nation.actor(UNIT))
    with maker.scope.activate():
        actions.remind([fresh(row)], actor=maker)
        with pytest.raises(Invalid):
            actions.remind([fresh(row)], actor=maker)
    with actor.scope.activate():
        tell_reminded(event_of("collect.collection.reminded"), actor)
        assert {r.path for r in Receipt.objects.filter(template="collect.reminded")} == {OTHER}


def event_of(name: str) -> Event:
    return Event.objects.filter(name=name).latest("at")


def test_answers_and_their_files_go_on_the_day_they_may_be_kept_to(nation, make):
    row, young = make(lines="现场照片*", audience="open", per="any"), make(audience="open", per="any")
    answer(row, None, files={"q1": SimpleUploadedFile("a.txt", "楼".encode())}, q2="")
    answer(young, None)
    with system_scope("tests").activate():
        Collection.objects.filter(pk=row.pk).update(keep_until=timezone.localdate() - timedelta(days=1))
    retain()
    retain()
    assert stored(row) == [] and len(stored(young)) == 1
    assert fresh(row).purged_at is not None and fresh(row).state == "closed"
    with system_scope("tests").activate():
        assert not Attachment.objects.filter(target_model="collect.answer").exists()


def test_what_was_asked_changes_no_more_once_it_is_out(nation, make, maker):
    row = make()
    with maker.scope.activate():
        actions.save_collections(
            [row],
            actor=maker,
            title="新标题",
            closes_at=actions.evening(9),
            keep_until=row.keep_until + timedelta(days=9),
        )
        with pytest.raises(Invalid):
            actions.save_collections([fresh(row)], actor=maker, questions=[])
        with pytest.raises(Invalid):
            actions.delete([fresh(row)], actor=maker)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"audience": "open", "per": "person"}, "per"),
        ({"audience": "level", "per": "person"}, "per"),
        ({"per": "organ", "is_anonymous": True}, "is_anonymous"),
        ({"lines": "联系电话", "purpose": ""}, "purpose"),
        ({"lines": "联系电话", "per": "any", "is_anonymous": True}, "is_anonymous"),
        ({"closes_at": timezone.now() - timedelta(hours=1)}, "closes_at"),
        ({"keep_until": timezone.localdate() + timedelta(days=4000)}, "keep_until"),
    ],
)
def test_what_does_not_go_together_is_refused(make, values, field):
    with pytest.raises(Invalid) as refused:
        make(**values)
    assert [f.field for f in refused.value.faults] == [field]


def test_open_to_anybody_needs_a_right_of_its_own(nation, make):
    reviewer = nation.actor(OFFICE, "reviewer", at="33/11/23/")
    with pytest.raises(Denied):
        make(by=reviewer, audience="open", per="any")


def test_to_ask_others_one_needs_the_right_at_theirs(nation, make):
    own_only = nation.actor(OFFICE, "clerk")
    with pytest.raises(Denied):
        make(by=own_only)
    assert make(by=own_only, audience="own", per="person").state == "open"


def test_figures_take_the_same_queries_for_three_answers_as_for_one(nation, make, maker):
    row = make(audience="open", per="any")
    answer(row, None)
    with maker.scope.activate():
        measure(row)
        with CaptureQueriesContext(connection) as one:
            measure(row)
            door.values_of(list(find(row)))
    answer(row, None)
    answer(row, None)
    with maker.scope.activate(), CaptureQueriesContext(connection) as three:
        measure(row)
        door.values_of(list(find(row)))
    assert len(three) == len(one)


@pytest.mark.django_db(transaction=True)
def test_six_at_the_same_moment_take_the_last_places_and_no_more(nation, make):
    row = make(audience="open", per="any", max_answers=3)
    outcomes: list[str] = []

    def go(n: int) -> None:
        try:
            answer(row, None, ticket=f"t{n}")
            outcomes.append("in")
        except Invalid:
            outcomes.append("full")
        finally:
            connection.close()

    threads = [Thread(target=go, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("in") == 3 == len(stored(row))
