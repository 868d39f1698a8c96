"""What the kit itself keeps: views that people name, remarks on records, and imports and exports under way."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from shuzheng.base.core.models import Following, Kind, Record, Scoping
from shuzheng.kernel.ids import uuid7


class SavedView(Record):
    """How one person looks at a register: a named view (its address), or with no name the columns kept for a tab."""

    scoping = Scoping(Kind.INTERNAL)

    person_id = models.UUIDField(editable=False)
    register = models.CharField(_("台账"), max_length=60)
    tab = models.CharField(max_length=60, blank=True)
    name = models.CharField(_("名称"), max_length=40, blank=True)
    query = models.TextField(_("条件"), blank=True)
    columns = models.JSONField(_("列"), default=list)
    sort = models.CharField(_("排序"), max_length=80, blank=True)
    density = models.CharField(_("疏密"), max_length=10, blank=True)

    class Meta(Record.Meta):
        verbose_name = _("视图")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["person_id", "register", "tab", "name"], name="registers_savedview_name")
        ]

    def __str__(self) -> str:
        return self.name or self.register


class Comment(Following):
    """A remark on a record, seen by those who see the record. It is kept with its author's name and organ of that time."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    model = models.CharField(_("对象类别"), max_length=80)
    object_id = models.CharField(_("对象"), max_length=80)
    text = models.CharField(_("评论"), max_length=500)
    person_id = models.UUIDField(editable=False)
    author = models.CharField(_("姓名"), max_length=80)
    organ = models.CharField(_("单位"), max_length=160)
    at = models.DateTimeField(_("时间"), auto_now_add=True)

    class Meta:
        verbose_name = _("评论")
        indexes: ClassVar = [
            models.Index(fields=["model", "object_id", "at"], name="registers_comment_object"),
            models.Index(fields=["path"], name="registers_comment_path"),
        ]

    def __str__(self) -> str:
        return self.text[:40]


class Transfer(Record):
    """A sheet that somebody brings in or takes out: an import from its check to its end, or an export.

    ``faults`` are those of the check, each with row, column, value and message. The file lies at ``file_path``; only the
    person who brought it may go on with it.
    """

    class Way(models.TextChoices):
        IMPORT = "import", _("导入")
        EXPORT = "export", _("导出")

    class State(models.TextChoices):
        CHECKED = "checked", _("已检查")
        WAITING = "waiting", _("排队中")
        RUNNING = "running", _("办理中")
        DONE = "done", _("已完成")
        FAILED = "failed", _("未完成")

    scoping = Scoping(Kind.INTERNAL)

    person_id = models.UUIDField(editable=False)
    post_id = models.UUIDField(editable=False)
    way = models.CharField(_("方向"), max_length=8, choices=Way)
    register = models.CharField(_("台账"), max_length=60)
    state = models.CharField(_("状态"), max_length=10, choices=State)
    filename = models.CharField(_("文件名"), max_length=200)
    query = models.TextField(_("条件"), blank=True)
    options = models.JSONField(default=dict)
    rows = models.PositiveIntegerField(_("行数"), default=0)
    created_rows = models.PositiveIntegerField(_("新增"), default=0)
    changed_rows = models.PositiveIntegerField(_("修改"), default=0)
    same_rows = models.PositiveIntegerField(_("未变"), default=0)
    notes = models.JSONField(default=list)
    faults = models.JSONField(_("问题"), default=list)
    digest = models.CharField(max_length=64, blank=True)

    class Meta(Record.Meta):
        verbose_name = _("导入导出")
        indexes: ClassVar = [
            *Record.Meta.indexes,
            models.Index(fields=["person_id", "created_at"], name="registers_transfer_person"),
        ]

    def __str__(self) -> str:
        return f"{self.get_way_display()} {self.filename}"
