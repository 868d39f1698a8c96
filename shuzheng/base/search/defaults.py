"""What the base itself lets find: nodes and people, only those of today. Registers add their own records."""

from __future__ import annotations

from uuid import UUID

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _

from shuzheng.base.accounts.models import Person
from shuzheng.base.org.models import Node
from shuzheng.base.search.sources import register


def _page(register_name: str, pk: UUID) -> str:
    try:
        return reverse("registers:detail", kwargs={"register": register_name, "pk": pk})
    except NoReverseMatch:  # a deployment without the register kit
        return ""


register(
    Node,
    label=_("机构"),
    title="name",
    fields=("short_name", "uscc", "code"),
    url=lambda pk: _page("nodes", pk),
    permission="org.node.view",
    icon="sitemap",
    indexed=lambda node: node.valid_to is None,
)
register(
    Person,
    label=_("人员"),
    title="name",
    fields=("number",),
    url=lambda pk: _page("people", pk),
    permission="accounts.person.view",
    icon="users",
    person=True,
    indexed=lambda person: person.is_active,
)
