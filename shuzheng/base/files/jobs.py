"""Tidying: contents that no attachment names any more."""

from __future__ import annotations

from django.core.files.storage import default_storage
from django.utils import timezone

from shuzheng.base.core.actor import Actor
from shuzheng.base.files.models import Attachment
from shuzheng.base.files.store import ROOT, SPARED
from shuzheng.base.jobs.declare import job


@job(scope="files.tidy", cron="10 4 * * *", atomic=False)
def remove_orphans(*, actor: Actor) -> int:
    """Delete stored contents without an attachment that are older than a day; returns how many."""
    if not default_storage.exists(ROOT):
        return 0
    removed = 0
    for folder in default_storage.listdir(ROOT)[0]:
        digests = default_storage.listdir(f"{ROOT}/{folder}")[1]
        with actor.scope.activate():
            named = set(Attachment.objects.filter(digest__in=digests).values_list("digest", flat=True))
        for digest in set(digests) - named:
            name = f"{ROOT}/{folder}/{digest}"
            if default_storage.get_modified_time(name) < timezone.now() - SPARED:
                default_storage.delete(name)
                removed += 1
    return removed
