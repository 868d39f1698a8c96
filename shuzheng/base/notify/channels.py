"""Channels beside the portal: mail, SMS gateway, enterprise messenger, and a file for tests and rehearsals.

A channel is a port: it is on when its variables are set. Texts that leave the platform hold the title and a link, never
the body: what is confidential stays behind sign-in.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from django.conf import settings
from django.core.mail import send_mail
from django.utils.translation import gettext_lazy as _

TIMEOUT = 10.0


class Undelivered(RuntimeError):
    """The channel did not take it; tried again later."""


@dataclass(frozen=True)
class Contact:
    """How a person is reached. Empty where it isn't known."""

    name: str
    email: str = ""
    mobile: str = ""


@dataclass(frozen=True)
class Message:
    """What is said: ``key`` is the same when it is sent again, so that a gateway can drop the second."""

    key: str
    title: str
    link: str
    sender: str

    def text(self) -> str:
        return f"【{self.sender}】{self.title}" + (f" {self.link}" if self.link else "")


@dataclass(frozen=True)
class Channel:
    """One way to reach people. ``send`` returns False when the person has no address for it."""

    name: str
    label: Any
    is_on: Callable[[], bool]
    send: Callable[[Contact, Message], bool]


def _post(url: str, body: dict[str, Any], key: str) -> dict[str, Any]:
    headers = {"Idempotency-Key": key}
    if token := os.environ.get("SZ_SMS_TOKEN") if url == os.environ.get("SZ_SMS_URL") else "":
        headers["Authorization"] = f"Bearer {token}"
    try:
        answer = httpx.post(url, json=body, headers=headers, timeout=TIMEOUT, follow_redirects=False, trust_env=False)
        answer.raise_for_status()
        found = answer.json() if answer.content else {}
    except (httpx.HTTPError, ValueError) as error:
        raise Undelivered(f"{type(error).__name__}: {error}") from error
    return found if isinstance(found, dict) else {}


def _mail(to: Contact, message: Message) -> bool:
    if not to.email:
        return False
    try:
        send_mail(message.title, message.text(), settings.DEFAULT_FROM_EMAIL, [to.email])
    except OSError as error:  # smtplib's faults among them
        raise Undelivered(str(error)) from error
    return True


def _sms(to: Contact, message: Message) -> bool:
    """An HTTP gateway: ``POST {"mobile", "text", "key"}``; 2xx means taken."""
    if not to.mobile:
        return False
    _post(os.environ["SZ_SMS_URL"], {"mobile": to.mobile, "text": message.text(), "key": message.key}, message.key)
    return True


def _messenger(to: Contact, message: Message) -> bool:
    """A group robot of 政务微信/企业微信 or 钉钉: one body that both read, each taking its own way of naming the person."""
    text = {"content": message.text(), "mentioned_mobile_list": [to.mobile] if to.mobile else []}
    body = {"msgtype": "text", "text": text, "at": {"atMobiles": text["mentioned_mobile_list"], "isAtAll": False}}
    answer = _post(os.environ["SZ_MESSENGER_URL"], body, message.key)
    if answer.get("errcode", 0) != 0:  # both say faults in a 200
        raise Undelivered(f"{answer.get('errcode')} {answer.get('errmsg', '')}")
    return True


def _file(to: Contact, message: Message) -> bool:
    line = {"to": to.name, "title": message.title, "link": message.link, "sender": message.sender, "key": message.key}
    with Path(os.environ["SZ_NOTIFY_FILE"]).open("a", encoding="utf-8") as out:
        out.write(json.dumps(line, ensure_ascii=False) + "\n")
    return True


def _set(name: str) -> Callable[[], bool]:
    return lambda: bool(os.environ.get(name))


CHANNELS: dict[str, Channel] = {
    c.name: c
    for c in (
        Channel("mail", _("邮件"), lambda: bool(settings.EMAIL_HOST and settings.DEFAULT_FROM_EMAIL), _mail),
        Channel("sms", _("短信"), _set("SZ_SMS_URL"), _sms),
        Channel("messenger", _("政务微信/钉钉"), _set("SZ_MESSENGER_URL"), _messenger),
        Channel("file", _("文件（演练）"), _set("SZ_NOTIFY_FILE"), _file),
    )
}


def switched_on() -> list[Channel]:
    """The channels that this deployment has."""
    return [channel for channel in CHANNELS.values() if channel.is_on()]
