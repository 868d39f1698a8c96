"""Quick collections: what is asked, who is asked, and the answers, one typed row a value.

A collection and its answers belong to the office that asks and are seen by nobody else. Whoever is asked has a row of their
own (``Asked``) and comes in by the token of the link; ``door`` says who is let in.
"""

from __future__ import annotations

import secrets
from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from shuzheng.base.core.keys import EncryptedTextField
from shuzheng.base.core.models import CaseRecord, Kind, Record, Scoped, Scoping

NUMBER = {"max_digits": 24, "decimal_places": 6}


def new_token() -> str:
    """128 random bits: a link that can't be guessed."""
    return secrets.token_urlsafe(16)


class Collection(Record):
    """A collection. ``questions`` is read by ``collect.questions``; it changes no more once somebody was asked."""

    class State(models.TextChoices):
        DRAFT = "draft", _("草稿")
        OPEN = "open", _("收集中")
        CLOSED = "closed", _("已结束")

    class Audience(models.TextChoices):
        OWN = "own", _("本单位人员")
        LEVEL = "level", _("本级各单位")
        BELOW = "below", _("下一级主管部门")
        LIST = "list", _("名单上的单位和人员")
        LINK = "link", _("有链接的已登录人员")
        OPEN = "open", _("有链接的任何人，不登录")

    class Per(models.TextChoices):
        PERSON = "person", _("每人一份")
        ORGAN = "organ", _("每单位一份")
        ANY = "any", _("不限份数")

    scoping = Scoping(Kind.INTERNAL)
    sensitive = frozenset({"token"})

    title = models.CharField(_("标题"), max_length=120)
    intro = models.TextField(_("说明"), max_length=2000, blank=True)
    questions = models.JSONField(_("问题"), default=list)
    # A column called audience is a path of a published record everywhere else.
    audience = models.CharField(_("收集对象"), max_length=6, choices=Audience, default=Audience.OWN, db_column="asks")
    names = models.TextField(_("名单"), max_length=20_000, blank=True)
    """As it was pasted, one a line: names or credit codes of organs, names or numbers of people."""
    per = models.CharField(_("份数"), max_length=6, choices=Per, default=Per.PERSON)
    closes_at = models.DateTimeField(_("截止时间"))
    state = models.CharField(_("状态"), max_length=6, choices=State, default=State.DRAFT)
    is_anonymous = models.BooleanField(_("匿名"), default=False)
    may_edit = models.BooleanField(_("截止前可改"), default=True)
    max_answers = models.PositiveIntegerField(_("最多份数"), null=True, blank=True)
    purpose = models.CharField(_("收集目的"), max_length=200, blank=True)
    keep_until = models.DateField(_("答卷保存至"))
    purged_at = models.DateTimeField(_("答卷删除时间"), null=True, editable=False)
    token = models.CharField(max_length=32, unique=True, default=new_token, editable=False)
    asked = models.PositiveIntegerField(_("应填"), default=0)
    once = models.JSONField(_("重复问题的决定"), default=dict, blank=True)
    maker = models.CharField(_("发起人"), max_length=80, blank=True)
    opened_at = models.DateTimeField(_("发出时间"), null=True)
    reminded_at = models.DateTimeField(_("催填时间"), null=True)

    class Meta(Record.Meta):
        verbose_name = _("收集表")
        indexes: ClassVar = [*Record.Meta.indexes, models.Index(fields=["keep_until"], name="collect_keep")]

    def __str__(self) -> str:
        return self.title

    @property
    def is_taking(self) -> bool:
        """Whether answers are taken now."""
        return self.state == self.State.OPEN and timezone.now() < self.closes_at

    @property
    def is_named(self) -> bool:
        """Whether an answer says whose it is."""
        return not self.is_anonymous and self.audience != self.Audience.OPEN

    @property
    def names_the_asked(self) -> bool:
        """Whether it is known beforehand who should answer."""
        return self.audience not in (self.Audience.LINK, self.Audience.OPEN)


class Asked(CaseRecord):
    """Somebody who is asked: a person, or an organ (``person_id`` empty). Belongs to their organ; the asker takes part in the case.

    Of an anonymous collection it says that they answered, never when and what.
    """

    scoping = Scoping(Kind.CASE)

    collection = models.ForeignKey(Collection, on_delete=models.CASCADE, related_name="asked_rows")
    person_id = models.UUIDField(null=True, editable=False)
    name = models.CharField(_("对象"), max_length=120)
    is_answered = models.BooleanField(_("已填"), default=False)
    answered_at = models.DateTimeField(_("填写时间"), null=True)
    answered_by = models.CharField(_("填写人"), max_length=80, blank=True)

    class Meta(CaseRecord.Meta):
        verbose_name = _("收集对象")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["collection", "node", "person_id"], name="collect_asked_once", nulls_distinct=False
            )
        ]
        indexes: ClassVar = [
            *CaseRecord.Meta.indexes,
            models.Index(fields=["person_id"], name="collect_asked_person"),
            models.Index(fields=["case_id"], name="collect_asked_case"),
        ]

    def __str__(self) -> str:
        return self.name


class Answer(Record):
    """One answer. ``respondent`` tells whose it is where there is one each: ``p:<person>``, ``o:<organ>``, else ``t:<ticket>``.

    ``ticket`` was made by the page that sent it: the same page sent twice (a lost answer) is one answer.
    """

    scoping = Scoping(Kind.INTERNAL)

    collection = models.ForeignKey(Collection, on_delete=models.CASCADE, related_name="answers")
    respondent = models.CharField(max_length=80, editable=False, db_collation="C")
    ticket = models.CharField(max_length=64, editable=False, db_collation="C")
    by = models.CharField(_("填写人"), max_length=80, blank=True)
    organ_name = models.CharField(_("单位"), max_length=120, blank=True)
    sent_on = models.DateField(_("提交日期"))
    sent_at = models.DateTimeField(_("提交时间"), null=True)
    files = models.JSONField(_("文件"), default=dict, blank=True)
    """By code of the question: ``{"id", "name"}`` of the attachment."""

    class Meta(Record.Meta):
        verbose_name = _("答卷")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["collection", "respondent"], name="collect_answer_once"),
            models.UniqueConstraint(fields=["collection", "ticket"], name="collect_answer_ticket"),
        ]

    def __str__(self) -> str:
        return f"{self.collection} · {self.by or '—'}"


class Value(Scoped):
    """One value of an answer; of a question with several choices one row each. Phone numbers lie encrypted in ``sealed``."""

    scoping = Scoping(Kind.INTERNAL)

    id = models.BigAutoField(primary_key=True)
    answer = models.ForeignKey(Answer, on_delete=models.CASCADE, related_name="values")
    collection = models.ForeignKey(Collection, on_delete=models.CASCADE, related_name="+")
    code = models.CharField(max_length=12, db_collation="C")
    text = models.TextField(blank=True)
    number = models.DecimalField(null=True, **NUMBER)
    day = models.DateField(null=True)
    sealed = EncryptedTextField(blank=True, kind="mobile")

    class Meta:
        verbose_name = _("答案")
        indexes: ClassVar = [
            models.Index(fields=["collection", "code"], name="collect_value_code"),
            models.Index(fields=["path", "id"], name="collect_value_scope"),
        ]

    def __str__(self) -> str:
        return f"{self.code} = {self.text or self.number or self.day or '***'}"
