"""Long jobs that somebody started: how far they are, how they ended, and the file they made."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from shuzheng.base.core.models import Kind, Record, Scoping


class JobRun(Record):
    """One long job of one person. The queue itself keeps no record of people; this row is what they see."""

    class State(models.TextChoices):
        WAITING = "waiting", _("排队中")
        RUNNING = "running", _("进行中")
        DONE = "done", _("已完成")
        FAILED = "failed", _("未完成")
        STOPPED = "stopped", _("已停止")

    OVER: ClassVar = (State.DONE, State.FAILED, State.STOPPED)

    scoping = Scoping(Kind.INTERNAL)

    person_id = models.UUIDField(editable=False)
    account_id = models.UUIDField(editable=False)
    post_id = models.UUIDField(editable=False)
    task = models.CharField(max_length=80, editable=False)
    title = models.CharField(_("事项"), max_length=120)
    state = models.CharField(_("状态"), max_length=8, choices=State, default=State.WAITING)
    stop_asked = models.BooleanField(default=False, editable=False)
    done = models.PositiveIntegerField(_("已处理"), default=0)
    total = models.PositiveIntegerField(_("总数"), default=0)
    message = models.CharField(_("说明"), max_length=400, blank=True)
    faults = models.JSONField(_("问题"), default=list)
    result = models.CharField(max_length=200, blank=True, editable=False)
    result_name = models.CharField(_("结果文件"), max_length=120, blank=True)
    finished_at = models.DateTimeField(_("结束时间"), null=True)

    class Meta(Record.Meta):
        verbose_name = _("后台任务")
        indexes: ClassVar = [
            *Record.Meta.indexes,
            models.Index(fields=["person_id", "created_at"], name="jobs_jobrun_person"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_over(self) -> bool:
        return self.state in self.OVER
