"""Templates that a collection can begin with. Labels are the program's words: what is made of them belongs to its maker."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from shuzheng.base.collect.models import Collection
from shuzheng.base.collect.questions import Question, paste

Audience, Per = Collection.Audience, Collection.Per


@dataclass(frozen=True)
class Sample:
    """A template: its questions as they would be pasted, for whom, and in how many days it closes."""

    name: str
    title: str
    lines: str
    audience: str
    per: str
    days: int
    icon: str
    purpose: str = ""

    @property
    def questions(self) -> tuple[Question, ...]:
        return paste(str(self.lines))


SAMPLES = (
    Sample(
        "meeting", _("会议报名"),
        _("参会人员姓名*\n职务\n联系电话*\n是否参加：参加/请假*\n是否用餐：是/否\n住宿天数（天）\n请假原因"),
        Audience.LEVEL, Per.ORGAN, 3, "users", _("会务安排"),
    ),
    Sample(
        "duty", _("值班安排"),
        _("值班日期*\n带班领导*\n值班人员*\n值班电话*\n备注"),
        Audience.LEVEL, Per.ANY, 3, "calendar-time", _("节假日值班联络"),
    ),
    Sample(
        "supplies", _("物资需求统计"),
        _("物资类别：办公用品/防汛物资/防暑降温/其他*\n需要数量（件）*\n预计金额（元）\n需用日期\n用途说明"),
        Audience.BELOW, Per.ORGAN, 5, "package",
    ),
    Sample(
        "flood", _("防汛值守统计"),
        _("应急队伍人数（人）*\n沙袋存量（只）*\n抽水泵（台）*\n值守情况：24 小时值守/白天值守/未值守*\n有无险情：无/有*\n险情说明\n现场照片\n值守电话*"),
        Audience.BELOW, Per.ORGAN, 1, "droplet", _("防汛值守联络"),
    ),
    Sample(
        "service", _("后勤服务满意度"),
        _("食堂满意度*\n保洁满意度*\n最想改进：食堂/保洁/停车/会议/维修（多选）\n意见"),
        Audience.OWN, Per.PERSON, 7, "star",
    ),
)  # fmt: skip


def sample(name: str) -> Sample | None:
    return next((s for s in SAMPLES if s.name == name), None)
