"""People, the posts they hold, and the accounts they sign in with."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import DateRangeField
from django.db import models
from django.utils.translation import gettext_lazy as _

from shuzheng.base.core.models import Kind, Record, Scoping
from shuzheng.kernel.ids import uuid7


class Person(Record):
    """Somebody who works for a public body. The directory (name, organ) is open to signed-in users; the rest is not."""

    scoping = Scoping(Kind.DIRECTORY, line="org")

    name = models.CharField(_("姓名"), max_length=60)
    number = models.CharField(_("工号"), max_length=40)
    is_active = models.BooleanField(_("在职"), default=True)
    pinyin = models.CharField(max_length=200, blank=True, editable=False, db_collation="C")
    initials = models.CharField(max_length=60, blank=True, editable=False, db_collation="C")

    class Meta(Record.Meta):
        verbose_name = _("人员")
        constraints: ClassVar = [models.UniqueConstraint(fields=["number"], name="accounts_person_number")]
        indexes: ClassVar = [
            *Record.Meta.indexes,
            models.Index(fields=["path", "pinyin"], name="accounts_person_name"),
            models.Index(fields=["initials"], name="accounts_person_initials"),
        ]

    def __str__(self) -> str:
        return self.name


class PersonContact(Record):
    """Contact and identity data of a person: scoped, encrypted, masked by default (docs/threat-model.md)."""

    scoping = Scoping(Kind.SUPERVISED, line="org")
    sensitive = frozenset({"mobile", "mobile_index", "identity", "identity_index"})

    person = models.OneToOneField(Person, on_delete=models.CASCADE, related_name="contact", verbose_name=_("人员"))
    mobile = models.TextField(_("手机号"), blank=True)
    mobile_index = models.CharField(max_length=64, blank=True, db_index=True, editable=False)
    identity = models.TextField(_("身份证号"), blank=True)
    identity_index = models.CharField(max_length=64, blank=True, db_index=True, editable=False)
    email = models.EmailField(_("邮箱"), blank=True)

    class Meta(Record.Meta):
        verbose_name = _("联系方式")

    def __str__(self) -> str:
        return str(self.person)


class Post(Record):
    """A person at a node over a span of days (post x node x from/to). One acts in one post at a time."""

    scoping = Scoping(Kind.DIRECTORY, line="org")

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="posts", verbose_name=_("人员"))
    name = models.CharField(_("岗位"), max_length=60)
    valid = DateRangeField(_("任期"))
    is_main = models.BooleanField(_("主岗"), default=True)

    class Meta(Record.Meta):
        verbose_name = _("岗位")
        indexes: ClassVar = [*Record.Meta.indexes, models.Index(fields=["person"], name="accounts_post_person")]

    def __str__(self) -> str:
        return f"{self.person} {self.name}"


class AccountManager(BaseUserManager["Account"]):
    def get_by_natural_key(self, username: str | None) -> Account:
        return self.get(username__iexact=username)


class Account(AbstractBaseUser):
    """A sign-in. Found before any scope is known, so it has no row policy and holds no personal data beyond its name."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    username = models.CharField(_("账号"), max_length=60, unique=True)
    person = models.OneToOneField(
        Person, on_delete=models.PROTECT, null=True, related_name="account", verbose_name=_("人员")
    )
    is_active = models.BooleanField(_("启用"), default=True)
    password_changed_at = models.DateTimeField(_("口令更改时间"), null=True)
    must_change_password = models.BooleanField(_("下次登录须改口令"), default=False)
    language = models.CharField(_("语言"), max_length=10, blank=True)
    density = models.CharField(_("疏密"), max_length=10, blank=True)
    acting_post = models.UUIDField(null=True, editable=False)
    """The post chosen last; checked against the posts held at each request."""
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = AccountManager()
    USERNAME_FIELD = "username"

    class Meta:
        verbose_name = _("账号")

    def __str__(self) -> str:
        return self.username
