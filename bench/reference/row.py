"""A bare Django view that reads one indexed row and answers with it as JSON."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse

from shuzheng.base.core.scope import system_scope
from shuzheng.base.forms.models import Round


def view(request: HttpRequest, pk: str) -> JsonResponse:
    with system_scope("forms.fold").activate():
        row = Round.objects.get(pk=pk)
        return JsonResponse({"id": str(row.pk), "title": row.title, "period": row.period, "asked": row.asked})
