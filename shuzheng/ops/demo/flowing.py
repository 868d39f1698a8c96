"""Requests of the demo, in mid-flight: a dozen over three tiers, each moved by the people whose turn it was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db.models import F

from shuzheng.base.access.actors import identify, identify_post
from shuzheng.base.accounts.models import Account
from shuzheng.base.core.actor import Actor
from shuzheng.base.flows import actions, defining, library, simple
from shuzheng.base.flows.bpmn.running import compiled
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
    accounts = {a.username: a for a in Account.objects.filter(username__in={s.who for s in SCENES})}
    return [_play(scene, accounts[scene.who]) for scene in SCENES if scene.who in accounts]


def _play(scene: Scene, account: Account) -> Case:
    actor = _actor(account)
    definition = Definition.objects.get(code=scene.code, state=Definition.State.PUBLISHED)
    case = Case(definition=definition)
    case.node_id, case.path = actor.organ_id, actor.organ_path
    with actor.scope.activate():
        [case] = actions.save_drafts([case], actor=actor, values=scene.values, is_urgent=scene.urgent)
        [case] = actions.start([case], actor=actor)
    for _turn in range(scene.decided):
        _decide(case, scene, verdict="pass", text="同意。")
    if scene.refused:
        _decide(case, scene, verdict="refuse", text=scene.refused)
    if scene.sent_back and (task := _first(case)):
        holder = _holder(task)
        with holder.scope.activate():
            actions.send_back([task], actor=holder, text=scene.sent_back, to="", straight=True)
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


def _decide(case: Case, scene: Scene, *, verdict: str, text: str) -> None:
    task = _first(case)
    if task is None:
        return
    if task.role == Task.Role.HANDLE and verdict == "refuse":
        _decide(case, scene, verdict="pass", text="已核。")
        task = _first(case)
        if task is None:
            return
    holder = _holder(task)
    outline = compiled(case.definition.bpmn, case.definition.tables).outline
    wanted = outline.steps[task.step.element].fields
    values = {code: _some(outline.field(code)) for code, right in wanted.items() if right == "required"}
    with holder.scope.activate():
        actions.decide([task], actor=holder, verdict=verdict, text=text, values=values if verdict == "pass" else {})


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
