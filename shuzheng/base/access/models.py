"""Who may do what, where and from when to when: roles, grants, sharing, and changes that two officers make."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField, DateRangeField
from django.db import models
from django.utils.translation import gettext_lazy as _

from shuzheng.base.accounts.models import Post
from shuzheng.base.core.models import Kind, PathField, Published, Record, Scoping
from shuzheng.base.org.models import Node


class Role(Published):
    """A named set of permissions: shipped ones belong to the nation's office, a node may define narrower ones for below."""

    scoping = Scoping(Kind.PUBLISHED, line="org")

    code = models.CharField(_("代码"), max_length=60)
    name = models.CharField(_("角色"), max_length=60)
    name_en = models.CharField(_("英文名"), max_length=80, blank=True)
    permissions = ArrayField(models.CharField(max_length=80), verbose_name=_("权限"), default=list)
    officer = models.CharField(_("三员"), max_length=10, blank=True)
    is_shipped = models.BooleanField(_("内置"), default=False)

    class Meta(Published.Meta):
        verbose_name = _("角色")
        constraints: ClassVar = [models.UniqueConstraint(fields=["node", "code"], name="access_role_code")]

    def __str__(self) -> str:
        return self.name


class Grant(Record):
    """A role held by a post in the subtree of a node, over a span of days.

    ``node`` (the owner) is the organ of the post; ``at`` is where the role holds: the organ itself, or a division.
    """

    scoping = Scoping(Kind.SUPERVISED, line="org")

    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="grants", verbose_name=_("岗位"))
    role = models.ForeignKey(Role, on_delete=models.PROTECT, related_name="grants", verbose_name=_("角色"))
    at = models.ForeignKey(Node, on_delete=models.PROTECT, related_name="+", verbose_name=_("授权范围"))
    at_path = PathField(editable=False)
    valid = DateRangeField(_("有效期"))
    granted_by = models.ForeignKey(
        Post, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("授权人")
    )

    class Meta(Record.Meta):
        verbose_name = _("授权")

    def __str__(self) -> str:
        return f"{self.post} · {self.role}"


class RoleChange(Record):
    """A request to grant or end roles: one officer asks, the security officer decides (domain §10.2)."""

    class State(models.TextChoices):
        ASKED = "asked", _("待审批")
        APPROVED = "approved", _("已批准")
        REFUSED = "refused", _("已驳回")
        WITHDRAWN = "withdrawn", _("已撤回")

    scoping = Scoping(Kind.SUPERVISED, line="org")

    state = models.CharField(_("状态"), max_length=10, choices=State, default=State.ASKED)
    verb = models.CharField(_("事项"), max_length=10, choices=[("grant", _("授予")), ("end", _("收回"))])
    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="+", verbose_name=_("岗位"))
    role = models.ForeignKey(Role, on_delete=models.PROTECT, related_name="+", verbose_name=_("角色"))
    at = models.ForeignKey(Node, on_delete=models.PROTECT, related_name="+", verbose_name=_("授权范围"))
    valid = DateRangeField(_("有效期"))
    reason = models.CharField(_("理由"), max_length=200)
    asked_by = models.ForeignKey(Post, on_delete=models.PROTECT, related_name="+", verbose_name=_("申请人"))
    decided_by = models.ForeignKey(
        Post, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("审批人")
    )
    decided_at = models.DateTimeField(_("审批时间"), null=True)
    opinion = models.CharField(_("意见"), max_length=200, blank=True)

    class Meta(Record.Meta):
        verbose_name = _("授权变更")

    def __str__(self) -> str:
        return f"{self.get_verb_display()} {self.role} · {self.post}"


class Sharing(Record):
    """Rows of ``node``'s subtree, of one business line, opened to another organ (无条件共享、有条件共享、不予共享; domain §9).

    Without ``to`` it opens nothing: it is the owner's word in the catalogue on how the data is shared. With ``to`` and
    active it opens ``shared_path`` for reading, on the days of ``valid``.
    """

    class Mode(models.TextChoices):
        UNCONDITIONAL = "unconditional", _("无条件共享")
        ON_REQUEST = "on_request", _("有条件共享")
        NONE = "none", _("不予共享")

    class State(models.TextChoices):
        ASKED = "asked", _("待审批")
        ACTIVE = "active", _("生效")
        REFUSED = "refused", _("已驳回")
        ENDED = "ended", _("已终止")

    # That data is shared, with whom and why is open to signed-in users, like the directory; the data is not.
    scoping = Scoping(Kind.DIRECTORY, line="org")

    line = models.CharField(_("业务条线"), max_length=30)
    mode = models.CharField(_("共享类型"), max_length=14, choices=Mode)
    state = models.CharField(_("状态"), max_length=10, choices=State)
    shared_path = PathField(_("共享范围"))
    to = models.ForeignKey(Node, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("共享给"))
    valid = DateRangeField(_("有效期"))
    purpose = models.CharField(_("用途"), max_length=200)
    asked_by = models.ForeignKey(Post, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("申请人"))
    decided_by = models.ForeignKey(
        Post, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("审批人")
    )
    decided_at = models.DateTimeField(_("审批时间"), null=True)
    opinion = models.CharField(_("意见"), max_length=200, blank=True)

    class Meta(Record.Meta):
        verbose_name = _("数据共享")

    def __str__(self) -> str:
        return f"{self.node} → {self.to}"
