"""Telling other systems: an HTTPS POST, signed with HMAC-SM3, to addresses that can't be ours.

A guard against requests forged through us (SSRF): only https, unless the host stands in ``SZ_WEBHOOK_HOSTS``; the name is
resolved once, every address it has must be a public one, and the connection goes to the address that was looked at, so
that a second answer of the name server changes nothing. Redirects are not followed.
"""

from __future__ import annotations

import ipaddress
import json
import socket
from urllib.parse import urlsplit
from uuid import UUID

import httpx
from cryptography.hazmat.primitives import hashes, hmac
from django.conf import settings
from django.utils.translation import gettext as _

from shuzheng.base.core.keys import decrypt
from shuzheng.base.events.models import Event, Webhook
from shuzheng.kernel.errors import Invalid

TIMEOUT = 10.0


class Unreachable(RuntimeError):
    """The other side did not take the event."""


def find(pk: UUID) -> Webhook | None:
    """The subscription, while it is on."""
    return Webhook.objects.filter(pk=pk, is_active=True).first() if settings.SZ_WEBHOOKS else None


def check_url(url: str) -> tuple[str, int, list[str]]:
    """Host, port and the addresses that may be connected to.

    Raises:
        Invalid: not https, or an address of ours.
    """
    parts = urlsplit(url)
    host, allowed = parts.hostname or "", parts.hostname in settings.SZ_WEBHOOK_HOSTS
    if parts.scheme not in ("https", "http") or not host or parts.username or (parts.scheme == "http" and not allowed):
        raise Invalid.one("url", _("地址须以 https:// 开头；内网地址请管理员列入 SZ_WEBHOOK_HOSTS。"), value=url)
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
        found = sorted({str(item[4][0]) for item in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)})
    except (OSError, ValueError) as error:
        raise Invalid.one("url", _("解析不了主机名 {host}。").format(host=host), value=url) from error
    if not allowed and not all(ipaddress.ip_address(address).is_global for address in found):
        raise Invalid.one("url", _("{host} 指向内网或本机地址，已拒绝。").format(host=host), value=url)
    return host, port, found


def body(event: Event) -> bytes:
    """What is sent: no more than the event holds, which is ids and masks."""
    return json.dumps(
        {
            "id": str(event.id),
            "name": event.name,
            "schema": event.schema,
            "origin": event.origin,
            "at": event.at.isoformat(),
            "path": event.path,
            "ids": event.ids,
            "payload": event.payload,
        },
        ensure_ascii=False,
    ).encode()


def signature(secret: str, content: bytes) -> str:
    """``sm3=<hex>``: HMAC-SM3 of the body, for the header ``X-Shuzheng-Signature``."""
    key = hmac.HMAC(secret.encode(), hashes.SM3())
    key.update(content)
    return f"sm3={key.finalize().hex()}"


def post(hook: Webhook, event: Event) -> None:
    """Send one event; returns once the other side answered 2xx.

    Raises:
        Unreachable: it did not, or the address is refused now.
    """
    try:
        host, port, addresses = check_url(hook.url)
    except Invalid as fault:
        raise Unreachable(fault.message) from fault
    content = body(event)
    address = f"[{addresses[0]}]" if ":" in addresses[0] else addresses[0]
    parts = urlsplit(hook.url)
    target = parts._replace(netloc=f"{address}:{port}").geturl()
    headers = {
        "Host": host if parts.port is None else f"{host}:{port}",
        "Content-Type": "application/json",
        "X-Shuzheng-Event": event.name,
        "X-Shuzheng-Delivery": str(event.id),
        "X-Shuzheng-Signature": signature(decrypt(hook.secret), content),
    }
    try:
        with httpx.Client(timeout=TIMEOUT, follow_redirects=False, trust_env=False) as client:
            answer = client.post(target, content=content, headers=headers, extensions={"sni_hostname": host})
    except httpx.HTTPError as error:
        raise Unreachable(f"{type(error).__name__}: {error}") from error
    if not answer.is_success:
        raise Unreachable(f"HTTP {answer.status_code}")
