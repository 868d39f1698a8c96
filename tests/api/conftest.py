"""A program's view: a client that sends a token."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from shuzheng.base.accounts.account_actions import issue_own
from shuzheng.base.accounts.models import Account, Post
from shuzheng.base.core.action import new_key
from shuzheng.base.core.scope import system_scope
from tests.factories import actor_of


@dataclass
class Program:
    """Calls the API with one token."""

    raw: str
    client: Client

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> HttpResponse:
        sent = {"Authorization": f"Bearer {self.raw}", **{k.replace("_", "-"): v for k, v in headers.items()}}
        data = {} if body is None else {"data": json.dumps(body), "content_type": "application/json"}
        return self.client.generic(method, f"/api/v1{path}", headers=sent, **data)

    def get(self, path: str, **headers: str) -> HttpResponse:
        return self.call("GET", path, **headers)

    def post(self, path: str, body: Any, key: str | None = None) -> HttpResponse:
        return self.call("POST", path, body, Idempotency_Key=key or new_key())

    def patch(self, path: str, body: Any, version: int, key: str | None = None) -> HttpResponse:
        return self.call("PATCH", path, body, Idempotency_Key=key or new_key(), If_Match=f'"{version}"')

    def put(self, path: str, body: Any, key: str | None = None) -> HttpResponse:
        return self.call("PUT", path, body, Idempotency_Key=key or new_key())

    def delete(self, path: str, version: int = 1, key: str | None = None) -> HttpResponse:
        return self.call("DELETE", path, Idempotency_Key=key or new_key(), If_Match=f'"{version}"')


Issue = Callable[..., Program]


@pytest.fixture
def program(nation) -> Issue:
    """Makes programs: ``program("33/11/23/0/u1/", "clerk")``; ``permissions`` narrows the token, ``addresses`` binds it."""

    def issue(
        organ: str, *roles: str, at: str | None = None, permissions: Sequence[str] = (), addresses: Sequence[str] = ()
    ) -> Program:
        account = nation.account(organ, *roles, at=at)
        return token_for(account, permissions, addresses)

    return issue


def token_for(account: Account, permissions: Sequence[str] = (), addresses: Sequence[str] = ()) -> Program:
    actor = actor_of(account)
    with system_scope("tests").activate():
        post = Post.objects.get(pk=actor.id)
    [token] = issue_own(
        [post],
        actor=actor,
        account=account,
        name="对接程序",
        permissions=list(permissions or actor.grants),
        addresses=list(addresses),
        expires_at=timezone.now() + timedelta(days=30),
    )
    return Program(token.raw, Client())
