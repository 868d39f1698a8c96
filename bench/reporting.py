"""Reporting at full size, for the soak: a round for every institution, boards, approval, folding, drilling down."""

from __future__ import annotations

import argparse
import contextlib
import io
import statistics
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db import connections
from django.utils import timezone
from psycopg.types.range import DateRange

from bench.measure import timed
from shuzheng.base.access.actors import identify_post
from shuzheng.base.access.models import Grant, Role
from shuzheng.base.accounts.models import Person, Post
from shuzheng.base.audit import verify as trail
from shuzheng.base.audit.sealer import seal
from shuzheng.base.core.actor import Actor, system_actor
from shuzheng.base.forms import actions, queries, rollup
from shuzheng.base.forms.jobs import fold_once
from shuzheng.base.forms.models import Definition, RollupDelta, Round, Submission
from shuzheng.base.forms.spec import load as load_spec
from shuzheng.base.org.models import Node
from shuzheng.kernel.periods import Period, PeriodKind
from shuzheng.ops.demo.load import load as load_demo

COUNTY = "33/11/23/"
FORM = "energy-quarterly"
FILLED = 200
SYSTEM = system_actor("demo.load")


def load(scale: str) -> str:
    """The demo at this scale."""
    load_demo(scale, lambda what, done, total: None)
    return f"{_count('org_node'):,} nodes, {_count('forms_submission'):,} submissions, {_count('forms_cell'):,} cells"


def size() -> str:
    """How much room it takes."""
    with connections["owner"].cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("SELECT pg_size_pretty(pg_database_size(current_database()))")
        return f"{cursor.fetchone()[0]}; the time is that of VACUUM ANALYZE"


def _count(table: str) -> int:
    with connections["owner"].cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        return int(cursor.fetchone()[0])


def _actor(organ_path: str, at: str, *roles: str) -> Actor:
    """Somebody at an organ who holds roles in a division; made when nobody of that number is there."""
    number = f"soak-{organ_path}-{'-'.join(roles)}"[:40]
    with SYSTEM.scope.activate():
        post = Post.objects.filter(person__number=number).first()
        if post is None:
            organ, place = Node.objects.get(path=organ_path), Node.objects.get(path=at)
            always = DateRange(timezone.localdate() - timedelta(days=1), None)
            person = Person(name="张三", number=number)
            person.own(organ)
            person.save(force_insert=True)
            post = Post(person=person, name="审核人", valid=always)
            post.own(organ)
            post.save(force_insert=True)
            for code in roles:
                grant = Grant(post=post, role=Role.objects.get(code=code), at=place, at_path=place.path, valid=always)
                grant.own(organ)
                grant.save(force_insert=True)
    identity = identify_post(post.pk)
    if identity is None:
        raise LookupError(f"nobody acts at {organ_path}")
    return identity.actor


def nation() -> Actor:
    return _actor("0/goa/", "", "business_admin", "reviewer")


def county() -> Actor:
    return _actor(f"{COUNTY}0/goa/", COUNTY, "reviewer")


def _round() -> Round:
    return Round.objects.select_related("definition").filter(title="soak").latest("created_at")


def open_round() -> str:
    """A round for everybody, issued by the nation; opening it makes a submission for each institution."""
    actor = nation()
    with actor.scope.activate():
        definition = Definition.objects.get(code=FORM, state=Definition.State.PUBLISHED)
        period = Period.containing(timezone.localdate(), PeriodKind.QUARTER)
        root = Node.objects.get(path="")
        [made] = actions.issue_rounds(
            [root], actor=actor, definition=definition, period=str(period), title="soak",
            due_at=timezone.now() + timedelta(days=20),
        )  # fmt: skip
    opener = system_actor("forms.open")
    with opener.scope.activate():
        found = Round.objects.select_related("definition").get(pk=made.pk)
        [opened] = actions.open_rounds([found], actor=opener)
    return f"{opened.asked:,} submissions"


def _median(times: int, do: Any) -> float:
    do()
    return statistics.median(timed(do) for _ in range(times))


def board(times: int, path: str = "") -> tuple[float, str]:
    """Who is how far, by what stands below a division, in the nation's scope."""
    actor = nation()
    with actor.scope.activate():
        round_, division = _round(), Node.objects.get(path=path)
        parts = queries.board(round_, division, timezone.now())
        seconds = _median(times, lambda: queries.board(round_, division, timezone.now()))
    return (
        seconds,
        f"{len(parts)} lines over {sum(p.asked for p in parts):,} submissions; the question of the page, median of {times}",
    )


def _form(spec: Any) -> dict[str, Decimal | None]:
    values: dict[str, Decimal | None] = {cell.code: Decimal(0) for cell in spec.inputs}
    values |= {"area": Decimal(3200), "people": Decimal(64)}
    return {code: value for code, value in values.items() if code in {c.code for c in spec.inputs}}


def fill() -> tuple[float, str]:
    """Institutions of one county fill in and hand in, one after the other."""
    with SYSTEM.scope.activate():
        round_ = _round()
        open_ = Submission.objects.filter(round=round_, path__startswith=COUNTY, state__in=("todo", "draft"))
        organs = [s.node for s in open_.select_related("node").order_by("path")[:FILLED]]
    spec = load_spec(round_.definition.spec)
    reasons = {c.code: "新增用能面积" for c in spec.checks if c.level == "warning"}  # last year's figures differ
    taken = []
    for number, organ in enumerate(organs):
        actor = _actor(organ.path, organ.path, "clerk")
        values = _form(spec) | {f"e01_m{n}": Decimal(900 + number) for n in (1, 2, 3)} | {"e01_cost": Decimal(2100)}
        taken.append(timed(lambda a=actor, o=organ, v=values: _hand_in(a, o, v, reasons)))
    return statistics.median(
        taken
    ), f"fill and submit of {len(spec.inputs)} cells with all checks; median of {len(organs)}"


def _hand_in(actor: Actor, organ: Node, values: dict[str, Decimal | None], reasons: dict[str, str]) -> None:
    for verb, more in ((actions.fill, {"values": values, "explanations": reasons}), (actions.submit, {})):
        with actor.scope.activate():
            row = Submission.objects.select_related("node", "round__definition").get(
                round__title="soak", node_id=organ.pk
            )
        verb([row], actor=actor, **more)


def approve() -> str:
    """All that waits at the county, in one action."""
    actor = county()
    with actor.scope.activate():
        division = Node.objects.get(path=COUNTY)
        rows = list(queries.waiting_for(_round(), division).select_related("node", "round__definition"))
    actions.approve(rows, actor=actor)
    return f"{len(rows)} submissions in one action, with trail, event and roll-up"


def fold() -> str:
    """What approvals left behind is added to the totals."""
    with SYSTEM.scope.activate():
        waiting = RollupDelta.objects.count()
    actor = system_actor("forms.fold")
    while fold_once(actor):
        pass
    return f"{waiting:,} deltas"


def totals(times: int) -> tuple[float, str]:
    """The county's sums from the roll-up; they equal the recount from the cells."""
    actor = county()
    with actor.scope.activate():
        round_ = _round()
        sums, units = rollup.totals(round_, COUNTY)
        if (sums, units) != _plain(rollup.recount(round_, COUNTY, actor.tier), sums):
            raise AssertionError("the roll-up is not the recount")
        seconds = _median(times, lambda: rollup.totals(round_, COUNTY))
    return seconds, f"{len(sums)} sums of {units} institutions, equal to the recount; median of {times}"


def _plain(counted: tuple[dict[str, Decimal], int], like: dict[str, Decimal]) -> tuple[dict[str, Decimal], int]:
    return {code: counted[0].get(code, Decimal(0)) for code in like}, counted[1]


def drill(times: int) -> tuple[float, str]:
    """From the nation's number to its parts, at the cell that the county has."""
    actor = nation()
    with actor.scope.activate():
        round_ = _round()
        division = Node.objects.get(path=COUNTY)
        parts = queries.drill(round_, division, "e01_m1", division.tier)
        root = Node.objects.get(path="")
        seconds = _median(times, lambda: queries.drill(round_, root, "e01_m1", 1))
    return seconds, f"the nation's parts of one cell; median of {times} (the county's are {len(parts)})"


def verify() -> str:
    """Everything sealed, and the whole chain gone through."""
    seal()
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        code = trail.command(argparse.Namespace())
    if code:
        raise AssertionError(said.getvalue())
    return f"{_count('audit_link'):,} links sealed and verified"
