"""Collections of the demo, in mid-flight: a county's meeting, a province's flood watch, an anonymous question of satisfaction."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from django.utils import timezone

from shuzheng.base.accounts.models import Person
from shuzheng.base.collect.actions import evening, usual_keeping
from shuzheng.base.collect.models import Answer, Asked, Collection, Value
from shuzheng.base.collect.questions import Question, answers
from shuzheng.base.collect.samples import sample
from shuzheng.base.core.bulk import insert_many
from shuzheng.base.org.models import Node
from shuzheng.ops.demo.nation import Nation
from shuzheng.ops.demo.personas import COUNTY, PROVINCE

SURNAMES, GIVEN = "王李张刘陈杨赵黄周吴徐孙", "伟芳娜敏静丽强磊军洋勇艳杰娟涛明"
REMARKS = ("通知早两天更好", "车位不够", "菜偏咸", "会议室投影要修", "很好")


def collect(nation: Nation) -> list[Collection]:
    """Make the three. Runs under a system scope; the same from run to run but for the days."""
    random = Random("collecting")
    made = []
    if COUNTY in nation.offices:
        office = nation.offices[COUNTY]
        level = [o for o in nation.institutions if o.path.startswith(f"{COUNTY}0/")]
        made.append(_make("meeting", office, "四季度安全工作会议报名", random, level, share=0.55))
        made.append(_satisfaction(office, random))
    if PROVINCE in nation.offices:
        below = [o for p, o in sorted(nation.offices.items()) if p.startswith(PROVINCE) and p.count("/") == 2]
        made.append(_make("flood", nation.offices[PROVINCE], "台风期间防汛值守统计", random, below, share=0.7))
    return made


def _open(name: str, office: Node, title: str, random: Random, asked: int) -> tuple[Collection, tuple[Question, ...]]:
    found = sample(name)
    if found is None:
        raise LookupError(f"no template named {name!r}")
    closes = evening(found.days + 1)
    row = Collection(
        title=title, questions=[q.data() for q in found.questions], audience=found.audience, per=found.per,
        closes_at=closes, keep_until=usual_keeping(closes), purpose=str(found.purpose), state=Collection.State.OPEN,
        asked=asked, maker="办公室", opened_at=timezone.now() - timedelta(hours=20),
        token=f"{random.getrandbits(128):032x}",
    )  # fmt: skip
    row.own(office)
    insert_many([row])
    return row, found.questions


def _make(name: str, office: Node, title: str, random: Random, organs: list[Node], *, share: float) -> Collection:
    """A collection that organs are asked; a part of them has answered."""
    row, questions = _open(name, office, title, random, len(organs))
    asked, sent, values = [], [], []
    for organ in organs:
        mark = Asked(collection=row, case_id=row.pk, name=organ.name)
        mark.own(organ)
        asked.append(mark)
        if random.random() > share:
            continue
        at = row.opened_at + timedelta(minutes=random.randint(5, 1100))
        mark.is_answered, mark.answered_at, mark.answered_by = True, at, _person(random)
        answer = _answer(row, f"o:{organ.pk}", at)
        answer.by, answer.organ_name, answer.sent_at = mark.answered_by, organ.name, at
        sent.append(answer)
        values += _values(row, answer, questions, random)
    insert_many(asked)
    insert_many(sent)
    insert_many(values)
    return row


def _satisfaction(office: Node, random: Random) -> Collection:
    """Without names: answers carry the day only."""
    people = list(Person.objects.filter(path__startswith=office.path, is_active=True).order_by("number"))
    row, questions = _open("service", office, "机关后勤服务满意度", random, len(people))
    Collection.objects.filter(pk=row.pk).update(is_anonymous=True, may_edit=False)
    row.is_anonymous = True
    marks, sent, values = [], [], []
    for place, person in enumerate(people):
        mark = Asked(collection=row, case_id=row.pk, person_id=person.pk, name=person.name, is_answered=place % 6 != 5)
        mark.own(office)
        marks.append(mark)
        if mark.is_answered:
            answer = _answer(row, "", row.opened_at)
            answer.pk = UUID(int=random.getrandbits(128), version=4)
            answer.respondent = f"t:{answer.ticket}"
            sent.append(answer)
            values += _values(row, answer, questions, random)
    insert_many(marks)
    insert_many(sent)
    insert_many(values)
    return row


def _answer(row: Collection, respondent: str, at: datetime) -> Answer:
    answer = Answer(collection=row, respondent=respondent, sent_on=timezone.localtime(at).date())
    answer.ticket = answer.pk.hex
    answer.node_id, answer.path = row.node_id, row.path
    return answer


def _person(random: Random) -> str:
    return random.choice(SURNAMES) + random.choice(GIVEN) + random.choice(("", random.choice(GIVEN)))


def _values(row: Collection, answer: Answer, questions: tuple[Question, ...], random: Random) -> list[Value]:
    given = {q.code: _given(q, answer, random) for q in questions}
    wanted = [q for q in questions if q.kind != "file" and given[q.code]]
    return [
        Value(
            answer=answer, collection=row, path=row.path, code=g.code, text=text, number=g.number, day=g.day, sealed=g.sealed,
        )
        for g in answers(wanted, given)
        for text in (g.texts or ("",))
    ]  # fmt: skip


def _given(question: Question, answer: Answer, random: Random) -> list[str]:
    if question.kind == "choice":
        return [random.choices(question.options, weights=[5, *[1] * (len(question.options) - 1)])[0]]
    if question.kind == "choices":
        return [o for o in question.options if random.random() < 0.35] or [question.options[0]]
    if question.kind == "number":
        return [str(random.randint(0, 2 if question.unit in ("天", "night") else 60))]
    if question.kind == "rating":
        return [str(random.choices((2, 3, 4, 5), weights=(1, 2, 5, 6))[0])]
    if question.kind == "phone":
        return [f"138{random.randint(0, 99_999_999):08d}"]
    if question.kind == "date":
        return [answer.sent_on.isoformat()]
    if question.label == "职务":
        return [random.choice(("主任", "副主任", "科长", "科员"))]
    if question.label.endswith("姓名"):
        return [answer.by or _person(random)]
    if question.required:
        return [_person(random)]
    return [random.choice(REMARKS)] if random.random() < 0.3 else []
