"""``{% attachments record %}``: a record's files, with upload and removal for those who may."""

from __future__ import annotations

from typing import Any

from django import template
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.translation import gettext as _

from shuzheng.base.core.models import Scoped
from shuzheng.base.files import viruses
from shuzheng.base.files.models import Attachment

register = template.Library()


def panel(record: Scoped, request: Any) -> dict[str, Any]:
    """What the panel shows."""
    label, actor = record._meta.label_lower, request.actor
    rows = Attachment.objects.filter(target_model=label, target_id=record.pk).order_by("-pk")
    inside = actor is not None and record.path in actor.scope.write
    may_remove = inside and actor.may("files.attachment.remove", record.path)
    files = [
        {
            "name": row.name,
            "url": reverse("files:download", args=[row.pk]),
            "note": _note(row),
            "state": "warn" if row.has_macros else None,
            "remove_url": reverse("files:remove", args=[row.pk]) if may_remove else "",
        }
        for row in rows
    ]
    return {
        "files": files,
        "label": label,
        "record_id": record.pk,
        "may_add": inside and actor.may("files.attachment.add", record.path),
        "no_scanner": not viruses.is_present(),
        "request": request,
    }


def _note(row: Attachment) -> str:
    parts = [filesizeformat(row.size), row.uploaded_by]
    if row.has_macros:
        parts.append(_("含宏"))
    return " · ".join(parts)


@register.inclusion_tag("files/panel.html", takes_context=True)
def attachments(context: template.Context, record: Scoped) -> dict[str, Any]:
    """The files of ``record``."""
    shown = panel(record, context["request"])
    shown["csrf_token"] = context.get("csrf_token")
    return shown
