"""People, the posts they hold, and the accounts they sign in with."""

from __future__ import annotations

import secrets
from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField, DateRangeField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from shuzheng.base.core.keys import EncryptedTextField
from shuzheng.base.core.models import Kind, Record, Scoping
from shuzheng.kernel.ids import uuid7


class Person(Record):
    """Somebody who works for a public body. The directory (name, organ) is open to signed-in users; the rest is not."""

    scoping = Scoping(Kind.DIRECTORY, line="org")

    name = models.CharField(_("姓名"), max_length=60)
    number = models.CharField(_("工号"), max_length=40)
    is_active = models.BooleanField(_("在职"), default=True)
    pinyin = models.CharField(max_length=200, blank=True, editable=False, db_collation="C")
    initials = models.CharField(_("拼音首字母"), max_length=60, blank=True, editable=False, db_collation="C")

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
    mobile = EncryptedTextField(_("手机号"), blank=True, kind="mobile")
    mobile_index = models.CharField(max_length=64, blank=True, db_index=True, editable=False)
    identity = EncryptedTextField(_("身份证号"), blank=True, kind="identity")
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

    def __str__(self) -> str:
        return f"{self.person} {self.name}"


def new_stamp() -> str:
    """What sessions of an account are checked against (``Account.stamp``)."""
    return secrets.token_hex(16)


class AccountManager(BaseUserManager["Account"]):
    def get_by_natural_key(self, username: str | None) -> Account:
        return self.get(username=(username or "").lower())


class Account(AbstractBaseUser):
    """A sign-in. Found before any scope is known, so it has no row policy and holds no personal data beyond its name.

    ``username`` is in lower case. ``stamp`` is part of what every session of the account is checked against: a new one
    ends them all at their next request.
    """

    sensitive = frozenset({"password", "stamp"})

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    username = models.CharField(_("账号"), max_length=60, unique=True)
    person = models.OneToOneField(
        Person, on_delete=models.PROTECT, null=True, related_name="account", verbose_name=_("人员")
    )
    is_active = models.BooleanField(_("启用"), default=True)
    password_changed_at = models.DateTimeField(_("密码更改时间"), null=True)
    must_change_password = models.BooleanField(_("下次登录须改密码"), default=False)
    stamp = models.CharField(max_length=32, default=new_stamp, editable=False)
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

    @property
    def path(self) -> str:
        """The owner's path, that of the person: whoever keeps the person's organ keeps the account. Needs a scope."""
        return self.person.path if self.person is not None else ""

    def set_password(self, raw_password: str | None) -> None:
        super().set_password(raw_password)
        self.password_changed_at = timezone.now()

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        return salted_hmac(
            "shuzheng.base.accounts.session", self.password + self.stamp, secret=secret, algorithm="sha256"
        ).hexdigest()


class PasswordPast(models.Model):
    """A password that an account had: it may not come back for a while."""

    sensitive = frozenset({"password"})

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="past_passwords")
    password = models.CharField(max_length=128)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("历史密码")

    def __str__(self) -> str:
        return f"{self.account} {self.at:%Y-%m-%d}"


class PasswordPolicy(models.Model):
    """The rules of sign-in of this deployment from a day on: rows are added, never changed, so the past stays provable.

    The defaults follow GB/T 22239-2019, level 3, 身份鉴别 (complexity, change at intervals, lock after failures, leaving
    when idle). Read before anybody is signed in, so without a row policy.
    """

    class Factor(models.TextChoices):
        NOBODY = "nobody", _("自愿")
        OFFICERS = "officers", _("三员必须")
        ALL = "all", _("全员必须")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    valid_from = models.DateField(_("启用日期"))
    min_length = models.PositiveSmallIntegerField(
        _("密码最短长度（位）"), default=10, validators=[MinValueValidator(8), MaxValueValidator(64)]
    )
    classes = models.PositiveSmallIntegerField(
        _("密码至少含几类字符"), default=3, validators=[MinValueValidator(1), MaxValueValidator(4)]
    )
    history = models.PositiveSmallIntegerField(
        _("不得与最近几次密码相同"), default=5, validators=[MaxValueValidator(24)]
    )
    max_age_days = models.PositiveSmallIntegerField(_("密码有效期（天，0 为不限）"), default=90)
    tries = models.PositiveSmallIntegerField(
        _("同一地址连续错几次锁定"), default=5, validators=[MinValueValidator(3), MaxValueValidator(10)]
    )
    account_tries = models.PositiveSmallIntegerField(
        _("同一账号合计错几次锁定"), default=20, validators=[MinValueValidator(5), MaxValueValidator(100)]
    )
    lock_minutes = models.PositiveSmallIntegerField(
        _("锁定时长（分钟）"), default=15, validators=[MinValueValidator(5), MaxValueValidator(1440)]
    )
    idle_minutes = models.PositiveSmallIntegerField(
        _("多久不操作须重新登录（分钟）"), default=30, validators=[MinValueValidator(5), MaxValueValidator(720)]
    )
    invitation_hours = models.PositiveSmallIntegerField(
        _("一次性码有效期（小时）"), default=72, validators=[MinValueValidator(1), MaxValueValidator(720)]
    )
    second_factor = models.CharField(_("第二因素"), max_length=10, choices=Factor, default=Factor.NOBODY)
    recorded_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("登录规则")
        constraints: ClassVar = [models.UniqueConstraint(fields=["valid_from"], name="accounts_policy_from")]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.valid_from}"


class Invitation(models.Model):
    """A one-time code with which the holder of an account sets its password: the first one, or one that was reset."""

    sensitive = frozenset({"digest"})

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="invitations")
    digest = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField(_("失效时间"))
    used_at = models.DateTimeField(_("使用时间"), null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    made_by = models.UUIDField(null=True)
    """The post that gave the code out; none when ``shuzheng init`` did."""
    needs_second = models.BooleanField(_("须第二人核准"), default=False)
    """An officer's code: void until another officer has confirmed it, so that no officer can become another."""
    confirmed_by = models.UUIDField(null=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("一次性码")

    def __str__(self) -> str:
        return str(self.account)


class ApiToken(Record):
    """A key for programs: acts in one post with a part of its rights, from some addresses, until a day.

    A personal token dies with its account; a service token, of a system, needs no account but the post must be held.
    """

    class Type(models.TextChoices):
        PERSONAL = "personal", _("个人令牌")
        SERVICE = "service", _("服务令牌")

    scoping = Scoping(Kind.INTERNAL, line="org")
    sensitive = frozenset({"digest"})

    kind = models.CharField(_("类别"), max_length=10, choices=Type)
    name = models.CharField(_("用途"), max_length=60)
    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="+", verbose_name=_("岗位"))
    account = models.ForeignKey(Account, on_delete=models.CASCADE, null=True, related_name="+")
    prefix = models.CharField(_("令牌开头"), max_length=12)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    permissions = ArrayField(models.CharField(max_length=80), verbose_name=_("权限"), default=list)
    addresses = ArrayField(models.CharField(max_length=50), verbose_name=_("允许的地址"), default=list, blank=True)
    expires_at = models.DateTimeField(_("失效时间"))
    revoked_at = models.DateTimeField(_("吊销时间"), null=True)
    last_used_at = models.DateTimeField(_("最近使用"), null=True, editable=False)
    last_ip = models.GenericIPAddressField(_("最近地址"), null=True, editable=False)

    class Meta(Record.Meta):
        verbose_name = _("接口令牌")

    def __str__(self) -> str:
        return f"{self.name} {self.prefix}…"


class CacheEntry(models.Model):
    """Django's cache in the database: counters and codes of sign-in, which every web process must see."""

    cache_key = models.CharField(max_length=255, primary_key=True)
    value = models.TextField()
    expires = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = _("登录缓存")

    def __str__(self) -> str:
        return self.cache_key
