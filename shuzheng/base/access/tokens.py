"""The identity behind an API token."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from shuzheng.base.access.actors import Identity, identify, identify_post
from shuzheng.base.accounts.hashing import token_digest
from shuzheng.base.accounts.models import ApiToken
from shuzheng.kernel.errors import Denied

USED_EVERY = timedelta(minutes=1)
"""'Last used' is written at most this often."""


def identify_token(raw: str, ip: str, origin: Mapping[str, str] | None = None) -> Identity | None:
    """Who acts with the token ``raw`` from the address ``ip``: its post, with what is both the post's right and the token's.

    None when there is no such token, it is revoked or too old, its account is disabled, or its post is not held today:
    the answer is then 401 and says no more.

    Raises:
        Denied: the token is good, but not from this address.
    """
    if not raw.startswith(("szp_", "szs_")) or len(raw) > 100:
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT sz_token(%s)", [token_digest(raw)])
        answer = cursor.fetchone()[0]
    if answer is None:
        return None
    facts: dict[str, Any] = json.loads(answer) if isinstance(answer, str) else answer
    if not _allowed(ip, facts["addresses"]):
        raise Denied(_("此令牌不能从这个地址使用。"), code="token-address")
    post = UUID(facts["post"])
    where = {**(origin or {}), "ip": ip, "token": facts["id"]}
    if facts["kind"] == ApiToken.Type.PERSONAL:
        identity = identify(UUID(facts["account"]), post, where)
    else:
        identity = identify_post(post, where)
    # Acting in another post than the token's, since that one has ended, would be another right than was given out.
    if identity is None or identity.actor.id != post:
        return None
    _note_use(identity, UUID(facts["id"]), facts["used"], ip)
    narrowed = {n: r for n, r in identity.actor.grants.items() if n in set(facts["permissions"])}
    return replace(identity, actor=replace(identity.actor, grants=narrowed))


def _allowed(ip: str, addresses: list[str]) -> bool:
    if not addresses:
        return True
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return False
    return any(address in ipaddress.ip_network(item, strict=False) for item in addresses)


def _note_use(identity: Identity, token: UUID, used: str | None, ip: str) -> None:
    now = timezone.now()
    if used is not None and datetime.fromisoformat(used) > now - USED_EVERY:
        return
    with identity.actor.scope.activate():
        ApiToken.objects.filter(pk=token).update(last_used_at=now, last_ip=ip or None)
