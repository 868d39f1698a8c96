"""Signing in at the real hash: the form is posted through the whole program."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator

from django.test import Client
from django.urls import reverse

from bench import stock
from bench.measure import Result
from shuzheng.ops.demo.people import PASSWORD

LEAST = 15
TIMES = 60


def run() -> Iterator[Result]:
    """One after another in one process: sign-ins a second on one core."""
    client = Client(HTTP_HOST="localhost", REMOTE_ADDR="127.0.0.1")
    taken = []
    for _ in range(TIMES + 3):
        begin = time.perf_counter()
        _sign_in(client, stock.PERSONAS["county"])
        taken.append(time.perf_counter() - begin)
    yield Result(
        "sign-in", 1 / statistics.median(taken[3:]),
        "POST of name and password through all middleware: argon2id 19 MiB × 2, lock-out, session, trail; one process",
        bar=LEAST, unit="/s per core", least=True,
    )  # fmt: skip


def _sign_in(client: Client, username: str) -> None:
    client.cookies.clear()
    answer = client.post(reverse("account_login"), {"login": username, "password": PASSWORD})
    if answer.status_code != 302 or "sessionid" not in answer.cookies:
        raise AssertionError(f"sign-in answered {answer.status_code}")
