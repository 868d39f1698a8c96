"""The search table: one row for each record that can be found, seen by those who see the record."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.utils.translation import gettext_lazy as _

from shuzheng.base.core.models import Following
from shuzheng.kernel.ids import uuid7


class Doc(Following):
    """What is findable of a record. ``vec`` holds its words (A the title's, B the others'), ``initials`` its pinyin initials."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    model = models.CharField(max_length=80, db_collation="C")
    object_id = models.UUIDField()
    label = models.CharField(max_length=200)
    sub = models.CharField(max_length=200, blank=True)
    name = models.CharField(max_length=200, db_collation="C")
    initials = models.CharField(max_length=200, blank=True, db_collation="C")
    vec = SearchVectorField()

    class Meta:
        verbose_name = _("搜索")
        constraints: ClassVar = [models.UniqueConstraint(fields=["model", "object_id"], name="search_doc_object")]
        indexes: ClassVar = [
            # Two, so that neither way in which a row can be in sight reads through the other's matches: what is seen by
            # place, and what is seen wherever it lies (a published record is in both).
            GinIndex(fields=["vec"], name="search_doc_placed", condition=~models.Q(rule="=directory")),
            GinIndex(
                fields=["vec"],
                name="search_doc_open",
                condition=models.Q(rule="=directory")
                | models.Q(audience__isnull=False)
                | models.Q(case_id__isnull=False),
            ),
            models.Index(fields=["path", "object_id"], name="search_doc_scope"),
            models.Index(fields=["initials"], name="search_doc_initials"),
            models.Index(fields=["name"], name="search_doc_name"),
            models.Index(fields=["audience"], name="search_doc_audience", condition=models.Q(audience__isnull=False)),
            models.Index(fields=["case_id"], name="search_doc_case", condition=models.Q(case_id__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.label
