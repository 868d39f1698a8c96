"""Requests of the demo, in mid-flight: a dozen over three tiers, each moved by the people whose turn it was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import groupby
from typing import Any

from django.db.models import F
from django.utils import timezone

from shuzheng.base.access.actors import identify, identify_post
from shuzheng.base.accounts.models import Account
from shuzheng.base.core.actor import Actor
from shuzheng.base.flows import actions, defining, library, simple
from shuzheng.base.flows.bpmn.compiling import compiled
from shuzheng.base.flows.defining import save_definitions
from shuzheng.base.flows.models import Case, Definition, Opinion, Step, Task

LONG = "按本季度工作安排，需要办理此事，相关材料已核对，请予审批。"


@dataclass(frozen=True)
class Scene:
    """A request: who starts it, how many decisions have been taken, and how long ago it began."""

    code: str
    who: str
    values: Mapping[str, Any]
    decided: int = 0
    hours: int = 20
    urgent: bool = False
    refused: str = ""
    sent_back: str = ""
    chosen: Mapping[str, str] = field(default_factory=dict)


SCENES = (
    Scene("seal", "sc.clerk", {"subject": "节约型机关创建验收报告", "seal": "单位公章", "copies": "6", "use": "报市局"}, 0, 3),
    Scene("seal", "sc.clerk", {"subject": "后勤服务外包合同", "seal": "合同章", "copies": "4", "use": "签订合同"}, 1, 26, True),
    Scene("purchase", "sc.clerk", {"subject": "会议室投影仪", "amount": "8600", "kind": "货物", "reason": LONG}, 0, 5),
    Scene("purchase", "sc.clerk", {"subject": "电动汽车充电桩", "amount": "186000", "kind": "货物", "reason": LONG}, 2, 60),
    Scene("room", "sc.clerk", {"subject": "四季度安全工作会议", "day": "2026-12-08", "time": "上午", "people": "42",
                               "needs": ["投影", "话筒", "桌签"]}, 0, 2),
    Scene("trip", "sc.clerk", {"place": "杭州市", "from": "2026-12-03", "back": "2026-12-04", "days": "2", "way": "火车",
                               "cost": "1260", "reason": "参加全省公共机构节能培训"}, 1, 30),
    Scene("trip", "sc.clerk", {"place": "北京市", "from": "2026-12-14", "back": "2026-12-19", "days": "6", "way": "火车",
                               "cost": "7800", "reason": "参加全国机关事务系统业务交流"}, 1, 8, True),
    Scene("news", "sc.clerk", {"subject": "县公共机构节能宣传周启动", "column": "节能宣传", "body": LONG, "open": "主动公开"}, 1, 12),
    Scene("instruct", "sc.review", {"subject": "老旧办公用房大中修立项", "content": LONG}, 1, 50),
    Scene("instruct", "ls.review", {"subject": "新增一辆应急保障用车编制", "content": LONG}, 1, 70),
    Scene("seal", "ls.review", {"subject": "全市公务用车检查通报", "seal": "单位公章", "copies": "12", "use": "印发各县"}, 1, 9,
          sent_back="补上主送单位名单。"),
    Scene("purchase", "ls.review", {"subject": "机关食堂蒸箱", "amount": "32000", "kind": "货物", "reason": LONG}, 1, 90,
          refused="公物仓有可用设备，先调剂。"),
)  # fmt: skip
ALL = 99
TRIP = {"way": "火车", "reason": LONG}
OVER = (
    Scene("seal", "sc.clerk", {"subject": "节能监察情况报告", "seal": "单位公章", "copies": "5", "use": "报市局"}, ALL, 310),
    Scene("seal", "sc.clerk", {"subject": "物业服务合同续签", "seal": "合同章", "copies": "4", "use": "签订合同"}, ALL, 700),
    Scene("seal", "sc.clerk", {"subject": "办公用房巡检通报", "seal": "单位公章", "copies": "20", "use": "印发"}, ALL, 1100),
    Scene("seal", "ls.review", {"subject": "全市能耗定额执行通报", "seal": "单位公章", "copies": "12", "use": "印发各县"}, ALL, 900),
    Scene("seal", "ls.review", {"subject": "公务用车租赁协议", "seal": "合同章", "copies": "4", "use": "签订合同"}, ALL, 1500),
    Scene("purchase", "sc.clerk", {"subject": "办公纸张", "amount": "4200", "kind": "货物", "reason": LONG}, ALL, 420),
    Scene("purchase", "sc.clerk", {"subject": "电梯维保服务", "amount": "68000", "kind": "服务", "reason": LONG}, ALL, 1300),
    Scene("purchase", "sc.clerk", {"subject": "屋面防水维修", "amount": "45800", "kind": "工程", "reason": LONG}, ALL, 860),
    Scene("purchase", "ls.review", {"subject": "档案密集架", "amount": "92000", "kind": "货物", "reason": LONG}, 2, 1000,
          refused="今年没有预算，列入明年。"),
    Scene("trip", "sc.clerk", {**TRIP, "place": "嘉兴市", "from": "2026-10-13", "back": "2026-10-14", "days": "2", "cost": "980"},
          ALL, 1200),
    Scene("trip", "sc.clerk", {**TRIP, "place": "西安市", "from": "2026-10-20", "back": "2026-10-25", "days": "6", "cost": "6900"},
          ALL, 1060),
    Scene("trip", "gj.review", {**TRIP, "place": "杭州市", "from": "2026-10-12", "back": "2026-10-15", "days": "4", "cost": "3600"},
          ALL, 1250),
    Scene("trip", "gj.review", {**TRIP, "place": "成都市", "from": "2026-10-26", "back": "2026-10-31", "days": "6", "cost": "8200"},
          ALL, 900),
    Scene("trip", "gj.review", {**TRIP, "place": "天津市", "from": "2026-11-09", "back": "2026-11-09", "days": "1", "cost": "260"},
          ALL, 560),
)  # fmt: skip
"""Requests that are over, of the last two months: what statistics count, and what a new edition is played with."""
STEP_HOURS = (3, 20, 7, 46, 2, 11)


ADAPTER, ADAPTED = "zj.admin", "vehicle-trip"
"""Whose office has adapted which standard process."""


def adapt() -> Definition:
    """A province takes a standard over and changes what it may: a shorter limit, a step more, one that it can do without."""
    actor = _actor(Account.objects.get(username=ADAPTER))
    with actor.scope.activate():
        standard = Definition.objects.get(code=ADAPTED, state=Definition.State.PUBLISHED)
        row = Definition(code=ADAPTED)
        row.node_id, row.path = actor.organ_id, actor.organ_path
        [draft] = library.adopt([row], actor=actor, standard=standard)
        told = simple.from_bpmn(draft.bpmn, draft.tables)
        told["steps"] = [s for s in told["steps"] if s["id"] != "publish"]
        at = next(n for n, s in enumerate(told["steps"]) if s["id"] == "compliance")
        told["steps"][at]["due"] = "2h"
        platform = {
            "type": "step", "id": "platform", "name": "省平台合并乘车", "name_en": "Shared rides on the platform", "kind": "handle",
            "mode": "claim", "who": ["role:clerk@office"], "due": "1h", "overdue": "pass",
        }  # fmt: skip
        told["steps"].insert(at + 1, platform)
        [draft] = defining.save_definitions([draft], actor=actor, bpmn=simple.to_bpmn(told))
        [row] = defining.publish([draft], actor=actor)
    return row


def flow() -> list[Case]:
    """Start them and let time pass. Runs inside the load; each step is the action that a person would take."""
    scenes = (*OVER, *SCENES)
    accounts = {a.username: a for a in Account.objects.filter(username__in={s.who for s in scenes})}
    found = [_play(scene, accounts[scene.who]) for scene in scenes if scene.who in accounts]
    _draft()
    return found


def _draft() -> None:
    """The office of the nation thinks of asking its head from three days' travel on: a draft to be played with past cases."""
    admin = Account.objects.filter(username="gj.admin").first()
    row = Definition.objects.filter(code="trip", state=Definition.State.PUBLISHED).first()
    if admin is None or row is None:
        return
    actor = _actor(admin)
    text = row.bpmn.replace("days &gt;= 5", "days &gt;= 3").replace("五天或五千元以上", "三天或五千元以上")
    with actor.scope.activate():
        save_definitions([row], actor=actor, bpmn=text, tables=row.tables)


def _play(scene: Scene, account: Account) -> Case:
    actor = _actor(account)
    definition = Definition.objects.get(code=scene.code, state=Definition.State.PUBLISHED)
    case = Case(definition=definition)
    case.node_id, case.path = actor.organ_id, actor.organ_path
    with actor.scope.activate():
        [case] = actions.save_drafts([case], actor=actor, values=scene.values, is_urgent=scene.urgent)
        [case] = actions.start([case], actor=actor)
    for _turn in range(scene.decided):
        if not _decide(case, scene, verdict="pass", text="同意。"):
            break
    if scene.refused:
        _decide(case, scene, verdict="refuse", text=scene.refused)
    if scene.sent_back and (task := _first(case)):
        holder = _holder(task)
        with holder.scope.activate():
            actions.send_back([task], actor=holder, text=scene.sent_back, to="", straight=True)
    if scene in OVER:
        _spread(case, scene.hours)
    else:
        _age(case, timedelta(hours=scene.hours))
    return case


def _first(case: Case) -> Task | None:
    open_ = Task.objects.filter(case_id=case.pk, state=Task.State.OPEN).exclude(role__in=Task.TO_READ)
    return open_.order_by("opened_at", "pk").first()


def _holder(task: Task) -> Actor:
    return _actor(Account.objects.filter(person_id=task.person_id).first(), task)


def _actor(account: Account | None, task: Task | None = None) -> Actor:
    found = identify(account.pk) if account is not None else identify_post(task.post_id) if task is not None else None
    if found is None:
        raise LookupError("a request of the demo waits for somebody who holds no post")
    return found.actor


def _decide(case: Case, scene: Scene, *, verdict: str, text: str) -> bool:
    """Whoever's turn it is decides; False when nobody is waited for."""
    task = _first(case)
    if task is None:
        return False
    if task.role == Task.Role.HANDLE and verdict == "refuse":
        _decide(case, scene, verdict="pass", text="已核。")
        task = _first(case)
        if task is None:
            return False
    holder = _holder(task)
    outline = compiled(case.definition.bpmn, case.definition.tables).outline
    wanted = outline.steps[task.step.element].fields
    values = {code: _some(outline.field(code)) for code, right in wanted.items() if right == "required"}
    with holder.scope.activate():
        actions.decide([task], actor=holder, verdict=verdict, text=text, values=values if verdict == "pass" else {})
    return True


def _some(item: Any) -> str:
    """Something to put into a field that a step must fill."""
    if item.kind in ("choice", "choices"):
        return str(item.options[-1])
    return {"date": "2026-11-30", "number": "4", "money": "100"}.get(item.kind, "拟请分管领导阅示。")


def _age(case: Case, by: timedelta) -> None:
    """As if it had begun that long ago."""
    Step.objects.filter(case_id=case.pk).update(opened_at=F("opened_at") - by, closed_at=F("closed_at") - by / 2)
    Task.objects.filter(case_id=case.pk).update(opened_at=F("opened_at") - by / 2, done_at=F("done_at") - by / 2)
    Opinion.objects.filter(case_id=case.pk).update(at=F("at") - by / 2)
    Opinion.objects.filter(case_id=case.pk, verb="start").update(at=F("at") - by / 2)
    Case.objects.filter(pk=case.pk).update(started_at=F("started_at") - by, ended_at=F("ended_at") - by / 2)


def _spread(case: Case, hours: int) -> None:
    """As if it had begun that long ago, and each step had taken its time after the one before."""
    begin = at = timezone.now() - timedelta(hours=hours)
    said = Opinion.objects.filter(case_id=case.pk)
    said.filter(verb="start").update(at=begin)
    steps = Step.objects.filter(case_id=case.pk).order_by("opened_at", "pk")
    for number, (_at, together) in enumerate(groupby(steps, key=lambda s: s.opened_at)):
        first, at = at, at + timedelta(hours=STEP_HOURS[(number + hours) % len(STEP_HOURS)])
        for step in together:  # what opened in one move goes on having opened together
            left = first if step.closed_at == step.opened_at else at
            due = first + (step.due - step.opened_at) if step.due else None
            Step.objects.filter(pk=step.pk).update(opened_at=first, closed_at=left, due=due)
            Task.objects.filter(step=step).update(opened_at=first, due=due)
            Task.objects.filter(step=step).exclude(done_at=None).update(done_at=left)
            said.filter(step_id=step.pk).update(at=left)
    Case.objects.filter(pk=case.pk).update(started_at=begin, ended_at=at)
