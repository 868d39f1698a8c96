"""The deadline day, for the soak: every county's institutions hand in at once over the API, with answers lost, calls sent twice and a web process killed.

Nothing may be lost or counted double; the roll-ups of all tiers must equal what the clients sent, to the last digit.
"""

from __future__ import annotations

import queue
import statistics
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from functools import cache
from random import Random
from typing import Any

from django.db import connections
from django.test import Client
from django.utils import timezone
from psycopg.types.range import DateRange

from bench import reporting
from bench.crowd import Crowd
from bench.measure import Result
from shuzheng.base.access.actors import identify_post
from shuzheng.base.access.models import Grant, Role
from shuzheng.base.accounts.hashing import token_digest
from shuzheng.base.accounts.models import ApiToken, Person, Post
from shuzheng.base.core.action import new_key
from shuzheng.base.core.actor import Actor, system_actor
from shuzheng.base.core.bulk import insert_many
from shuzheng.base.core.scope import ancestors
from shuzheng.base.forms import actions, queries
from shuzheng.base.forms.jobs import fold_once
from shuzheng.base.forms.models import Round
from shuzheng.base.forms.spec import load as load_spec
from shuzheng.base.org.models import Node, NodeKind, Tier
from shuzheng.base.org.places import draft_node
from shuzheng.base.org.versions import first_version

EACH = 20
"""Institutions of a county that hand in that evening."""
PROCESSES, THREADS = 4, 4
"""Web processes and their threads: so many requests are under way at once."""
CHUNK = 40
LOST, TWICE = 0.10, 0.05
"""Shares of submissions of which every answer is lost and asked for again, and which two clients send at the same time."""
TRIES = 8
MARK = "soak-d"
BATCH = 500
TIERS = (Tier.COUNTY, Tier.PREFECTURE, Tier.PROVINCE, Tier.NATION)


def people(counties: int) -> str:
    """In each of so many counties twenty institutions of this day, a clerk in each, and a token for its program."""
    actor = system_actor("demo.load")
    always = DateRange(timezone.localdate() - timedelta(days=1), None)
    until = timezone.now() + timedelta(days=300)
    with actor.scope.activate():
        role = Role.objects.get(code="clerk")
        found = list(Node.objects.filter(kind=NodeKind.DIVISION, tier=Tier.COUNTY).order_by("path")[:counties])
        made, persons, posts, grants, tokens = [], [], [], [], []
        for number in range(len(found) * EACH):
            county = found[number // EACH]
            organ = draft_node(
                county, f"公共机构{number:06d}", NodeKind.ORGAN, code=f"d{number:06d}", type="22", is_reporting=True,
                valid_from=county.valid_from,
            )  # fmt: skip
            person = Person(name="李四", number=f"{MARK}{number:06d}")
            post = Post(person=person, name="统计员", valid=always)
            grant = Grant(post=post, role=role, at=organ, at_path=organ.path, valid=always)
            token = ApiToken(
                kind=ApiToken.Type.SERVICE, name=MARK, post=post, prefix=_token(number)[:8], expires_at=until,
                digest=token_digest(_token(number)), permissions=[f"forms.submission.{v}" for v in ("view", "fill", "submit")],
            )  # fmt: skip
            made.append(organ)
            for row, rows in ((person, persons), (post, posts), (grant, grants), (token, tokens)):
                row.own(organ)
                rows.append(row)
        for rows in (made, [first_version(o) for o in made], persons, posts, grants, tokens):
            insert_many(rows)
    return f"{len(found):,} counties × {EACH} institutions, each with a clerk and a token"


def _token(number: int) -> str:
    return f"szs_soak_deadline_{number:06d}"


def _round() -> Round:
    return Round.objects.select_related("definition").filter(title="soak").latest("created_at")


# What a client sends


@cache
def _inputs(round_id: str) -> dict[str, Decimal]:
    with reporting.SYSTEM.scope.activate():
        spec = load_spec(Round.objects.select_related("definition").get(pk=round_id).definition.spec)
    return {**{cell.code: Decimal(0) for cell in spec.inputs}, "area": Decimal(3200), "people": Decimal(64)}


def sent(number: int, inputs: dict[str, Decimal]) -> dict[str, Decimal]:
    """The numbers of one institution: another amount for each, at a price that needs no explanation."""
    months = {f"e01_m{month}": Decimal(900 + (number * 7919 + month) % 100) for month in (1, 2, 3)}
    return {**inputs, **months, "e01_cost": Decimal(2100), "e05_m1": Decimal(number % 97) / 10, "e05_cost": Decimal(70)}


def work(kind: str, item: Any) -> Any:
    """One institution's evening, or one division's approvals, in a web process."""
    return _hand_in(*item) if kind == "hand in" else _approve(item)


def _hand_in(number: int, submission: str, round_id: str, loses: bool) -> tuple[float, int]:
    """Fill and submit over the API; whoever hears nothing asks again under the same key. Returns seconds and calls."""
    client = _client()
    cells = {code: f"{value:f}" for code, value in sent(number, _inputs(round_id)).items()}
    steps: tuple[tuple[str, str, dict[str, Any], dict[str, str]], ...] = (
        ("put", "cells", {"cells": cells}, {"If-Match": "1"}),
        ("post", "submit", {"statistics": "王五", "head": "赵六"}, {}),
    )
    begin, calls = time.perf_counter(), 0
    for verb, name, body, more in steps:
        headers = {"Authorization": f"Bearer {_token(number)}", "Idempotency-Key": f"{MARK}-{name}-{number}", **more}
        for again in range(TRIES):
            answer = getattr(client, verb)(
                f"/api/v1/forms/submissions/{submission}/{name}", body, content_type="application/json", headers=headers
            )
            calls += 1
            if answer.status_code == 200 and not (loses and again == 0):
                break
            if answer.status_code not in (200, 409, 429, 503):
                raise AssertionError(f"{name} of {number} answered {answer.status_code}: {answer.content[:500]!r}")
        else:
            raise AssertionError(f"{name} of {number} was not taken in {TRIES} tries")
    return time.perf_counter() - begin, calls


_OWN = threading.local()


def _client() -> Client:
    """One for each thread, as a web process builds its chain of middleware once; tokens need no cookies."""
    if not hasattr(_OWN, "client"):
        _OWN.client = Client(HTTP_HOST="localhost", REMOTE_ADDR="127.0.0.1")
    return _OWN.client


def _reviewer(division: Node) -> Actor:
    """The office's own reviewer at a division."""
    with reporting.SYSTEM.scope.activate():
        grant = Grant.objects.filter(role__code="reviewer", at=division).first()
    identity = identify_post(grant.post_id) if grant else None
    if identity is None:
        raise LookupError(f"nobody reviews at {division.path!r}")
    return identity.actor


def _approve(path: str) -> int:
    """Everything that waits at a division, ``BATCH`` at a time."""
    with reporting.SYSTEM.scope.activate():
        division = Node.objects.get(path=path)
    actor, count = _reviewer(division), 0
    while True:
        with actor.scope.activate():
            rows = list(queries.waiting_for(_round(), division).select_related("node", "round__definition")[:BATCH])
        if not rows:
            return count
        actions.approve(rows, actor=actor, key=new_key())
        count += len(rows)


# The day


def burst() -> Iterator[Result]:
    """All hand in at once; one web process is killed in the middle, and its clients turn to the others."""
    with reporting.SYSTEM.scope.activate():
        round_ = _round()
    items = []
    random = Random("deadline")
    for number, submission in _asked(round_):
        item = (number, submission, str(round_.pk), random.random() < LOST)
        items += [item, item] if random.random() < TWICE else [item]
    with Crowd("bench.deadline:work", PROCESSES, THREADS) as crowd:
        begin = time.perf_counter()
        answers, killed = _serve(crowd, items)
        seconds = time.perf_counter() - begin
    count = len(_asked(round_))
    calls = sum(n for _seconds, n in answers)
    how = (
        f"{count:,} institutions fill {len(_inputs(str(round_.pk)))} cells and submit over the API (WSGI, {PROCESSES} processes"
        f" × {THREADS} threads), {calls:,} calls: {LOST:.0%} of answers lost and asked again, {TWICE:.0%} sent by two at once,"
        f" a process killed when {killed:,} were done"
    )
    yield Result("deadline day: submissions a second", count / seconds, how, unit="/s")
    p95 = statistics.quantiles([s for s, _n in answers], n=20)[18]
    yield Result(
        "deadline day: fill and submit, p95", p95, f"retries included, {PROCESSES * THREADS} under way at once"
    )


def _asked(round_: Round) -> list[tuple[int, str]]:
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "SELECT substr(n.code, 2)::int, s.id::text FROM forms_submission s JOIN org_node n ON n.id = s.node_id"
            " WHERE s.round_id = %s AND n.code ~ '^d[0-9]{6}$' ORDER BY md5(n.code)",
            [round_.pk],
        )
        return list(cursor.fetchall())


def _serve(crowd: Crowd, items: list[Any]) -> tuple[list[tuple[float, int]], int]:
    """Hand the items to the processes, chunk by chunk; what a dead one had in hand goes to another."""
    waiting: queue.SimpleQueue[list[Any]] = queue.SimpleQueue()
    for start in range(0, len(items), CHUNK):
        waiting.put(items[start : start + CHUNK])
    answers: list[tuple[float, int]] = []
    faults: list[str] = []
    chunks = -(-len(items) // CHUNK)
    killed = 0

    def feed(process: Any, pipe: Any, victim: bool) -> None:
        nonlocal killed
        done = 0
        while not faults:
            try:
                chunk = waiting.get(timeout=0.5)
            except queue.Empty:
                if len(answers) >= len(items):
                    return
                continue
            try:
                pipe.send(("hand in", chunk))
                if victim and done == max(1, chunks // PROCESSES // 2):
                    time.sleep(0.2)  # in the middle of a chunk
                    process.kill()
                said = pipe.recv()
            except (EOFError, OSError):
                waiting.put(chunk)
                killed = len(answers)
                return
            if isinstance(said, str):
                faults.append(said)
                return
            answers.extend(said)
            done += 1

    feeders = [
        threading.Thread(target=feed, args=(process, pipe, place == 0))
        for place, (process, pipe) in enumerate(crowd.members)
    ]
    for feeder in feeders:
        feeder.start()
    for feeder in feeders:
        feeder.join()
    if faults or len(answers) != len(items):
        raise AssertionError(f"{len(answers):,} of {len(items):,} were answered: {faults[:3]}")
    if not killed:
        raise AssertionError("no process was killed")
    return answers, killed


def complete() -> str:
    """None lost, none double: each was handed in once, is kept once, sits in the trail and the outbox once."""
    with reporting.SYSTEM.scope.activate():
        round_ = _round()
    expected = len(_asked(round_))
    mine = "s.round_id = %s AND s.node_id IN (SELECT id FROM org_node WHERE code ~ '^d[0-9]{6}$')"
    counts = {
        "handed in once": f"SELECT count(*) FROM forms_submission s WHERE {mine} AND s.state = 'submitted' AND s.edition = 1",
        "kept": f"SELECT count(*) FROM forms_edition e JOIN forms_submission s ON s.id = e.submission_id WHERE {mine}",
        "in the trail": "SELECT count(*) FROM audit_entry a JOIN forms_submission s ON a.object_id = s.id::text"
        f" WHERE {mine} AND a.model = 'forms.submission' AND a.action = 'forms.submission.submit' AND a.after ? 'submitted_at'",
        "published": "SELECT count(*) FROM (SELECT DISTINCT jsonb_array_elements_text(e.ids) AS id, e.id AS event FROM events_event e"
        f" WHERE e.name = 'forms.submission.submitted') x JOIN forms_submission s ON s.id::text = x.id WHERE {mine}",
    }
    with connections["owner"].cursor() as cursor:
        for what, sql in counts.items():
            cursor.execute(sql, [round_.pk])
            [found] = cursor.fetchone()
            if found != expected:
                raise AssertionError(f"{what}: {found:,} of {expected:,}")
    return f"{expected:,} submissions: each handed in, kept, in the trail and published exactly once"


def approvals() -> str:
    """County by county, then prefectures, provinces, the nation; each tier's divisions approve side by side."""
    said = []
    with Crowd("bench.deadline:work", PROCESSES, 1) as crowd:
        for tier in TIERS:
            with reporting.SYSTEM.scope.activate():
                rows = _round().submissions.filter(waiting_tier=tier).values_list("path", flat=True)
                above = {a for path in rows for a in ancestors(path)}
                paths = list(
                    Node.objects.filter(kind=NodeKind.DIVISION, tier=tier, path__in=above).values_list(
                        "path", flat=True
                    )
                )
            crowd.send("approve", paths)
            said.append(f"{sum(crowd.collect()):,} in {len(paths):,}")
    return f"approved by tier, counties first: {', '.join(said)} divisions"


def exact() -> str:
    """Folded, the roll-up of every division equals the sum of what its institutions sent, in every cell."""
    folder = system_actor("forms.fold")
    while fold_once(folder):
        pass
    with reporting.SYSTEM.scope.activate():
        round_ = _round()
    inputs = _inputs(str(round_.pk))
    sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    units: dict[str, int] = defaultdict(int)
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT path FROM org_node WHERE kind = 'division'")
        divisions = {path for [path] in cursor.fetchall()}
        cursor.execute(
            "SELECT substr(n.code, 2)::int, s.path FROM forms_submission s JOIN org_node n ON n.id = s.node_id"
            " WHERE s.round_id = %s AND n.code ~ '^d[0-9]{6}$'",
            [round_.pk],
        )
        for number, path in cursor.fetchall():
            values = sent(number, inputs)
            for place in [a for a in ancestors(path) if a in divisions]:
                units[place] += 1
                for code, value in values.items():
                    sums[place, code] += value
        cursor.execute(
            "SELECT path, code, sum(value), sum(units) FROM (SELECT path, code, value, units FROM forms_rolluptotal WHERE round_id = %s"
            " UNION ALL SELECT path, code, value, units FROM forms_rollupdelta WHERE round_id = %s) x GROUP BY 1, 2",
            [round_.pk, round_.pk],
        )
        held = {(path, code): (value, count) for path, code, value, count in cursor.fetchall()}
    wrong = [p for p, n in units.items() if held.get((p, ""), (0, 0))[1] != n]
    wrong += [key for key, value in sums.items() if key in held and held[key][0] != value]
    missing = {code for _place, code in sums} - {code for _place, code in held} - {"area", "people", "nev"}
    if wrong or missing or {path for path, _code in held} != units.keys():
        raise AssertionError(
            f"{len(wrong)} of the roll-ups differ ({wrong[:3]}), cells without one: {sorted(missing)[:5]}"
        )
    compared = sum(key in held for key in sums)
    return f"{len(units):,} divisions, {compared:,} sums, equal to what was sent in every digit"
