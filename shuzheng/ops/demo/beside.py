"""Beside the usual way, in the demo: cells asked again, extensions, exemptions, nil reports, reporting on behalf, a correction, circulars.

Done with the verbs that people use, by the posts that would do it, so that trail, signatures and notices are there as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from shuzheng.base.access.actors import identify, identify_post
from shuzheng.base.accounts.models import Account, Post
from shuzheng.base.core.actor import Actor, system_actor
from shuzheng.base.forms import actions, allowances, amendments, circulars, standing
from shuzheng.base.forms.engine import check, compute
from shuzheng.base.forms.factors import resolve
from shuzheng.base.forms.history import before
from shuzheng.base.forms.models import Round, Submission
from shuzheng.base.forms.prefill import prefilled
from shuzheng.base.forms.spec import Value, load
from shuzheng.kernel.periods import Period
from shuzheng.ops.demo.nation import Nation
from shuzheng.ops.demo.personas import COUNTY, NEIGHBOUR, PREFECTURE, PROVINCE
from shuzheng.ops.demo.reporting import consumption

ASKED, ANSWERED, CORRECTED = 3, 19, 27
"""By their place in the county: institutions that all tiers have approved, so that nobody's queue is held up."""
LATER, GRANTED, HELPED = 14, 28, 35
"""Institutions that have not begun."""
PLUS = Decimal(120)


def go_on(nation: Nation, today: date) -> None:
    """After the load: what happens in rounds beside filling in and passing. The same from run to run but for the days."""
    _Beside(nation, today).run()


class _Beside:
    def __init__(self, nation: Nation, today: date) -> None:
        self.nation, self.today = nation, today
        with system_actor("demo.load").scope.activate():
            rounds = list(Round.objects.select_related("definition").order_by("-due_at"))
        self.open = next(r for r in rounds if r.state == Round.State.OPEN)
        self.closed = next(r for r in rounds if r.state == Round.State.CLOSED and not r.audience)
        self.spec = load(self.open.definition.spec)

    def run(self) -> None:
        self.cells()
        self.exceptions()
        self.behalf()
        self.nil_report()
        self.circulars()

    # Who acts, and on what

    def office(self, username: str) -> Actor:
        identity = identify(Account.objects.get(username=username).pk)
        if identity is None:
            raise LookupError(username)
        return identity.actor

    def clerk(self, submission: Submission) -> Actor:
        with system_actor("demo.load").scope.activate():
            post = Post.objects.filter(node_id=submission.node_id, name="统计员").order_by("pk").first()
        identity = identify_post(post.pk) if post else None
        if identity is None:
            raise LookupError(submission.path)
        return identity.actor

    def of(self, place: int, division: str = COUNTY, round_: Round | None = None) -> Submission:
        """The submission of the how-many-eth institution of a county."""
        organ = [n for n in self.nation.institutions if n.path.startswith(division)][place]
        return self.find(node=organ, round=round_ or self.open)

    def find(self, **where: object) -> Submission:
        with system_actor("demo.load").scope.activate():
            rows = Submission.objects.select_related("node", "round__definition").filter(**where)
            return rows.order_by("path")[0]

    # What they do

    def cells(self) -> None:
        """One cell waits for the institution, one for the county's confirmation; one was corrected after the round had ended."""
        county = self.office("sc.review")
        until = self.open.due_at + timedelta(days=2)
        asked, answered = self.of(ASKED), self.of(ANSWERED)
        amendments.return_cells(
            [asked], actor=county, cells={"e02_m2": "与水费单相差较大，核对后改正或说明。"}, due_at=until
        )
        [row] = amendments.return_cells([answered], actor=county, cells={"e01_m2": "与电费单不符。"}, due_at=until)
        amendments.answer(
            [self.again(row)], actor=self.clerk(answered), values=self.more(answered, "e01_m2"), note="抄表差错，已改。"
        )
        late = self.of(CORRECTED, round_=self.closed)
        amendments.correct(
            [late], actor=self.clerk(late), values=self.more(late, "e01_m1"), note="年底对账发现漏计一块表。"
        )

    def again(self, row: amendments.Amendment) -> amendments.Amendment:
        row.submission = self.find(pk=row.submission_id)
        row.round = row.submission.round
        return row

    def more(self, submission: Submission, code: str) -> dict[str, Value]:
        with system_actor("demo.load").scope.activate():
            return {code: (submission.cells.get(code=code).value or Decimal(0)) + PLUS}

    def exceptions(self) -> None:
        """An extension is asked, another one granted; next door an institution is exempted, and one may file late."""
        county, neighbour = self.office("sc.review"), self.office("qy.review")
        later, granted = self.of(LATER), self.of(GRANTED)
        words = {"round": self.open, "what": "extension", "until": self.open.due_at + timedelta(days=3)}
        allowances.ask_allowances([later], actor=self.clerk(later), why="财务对账推迟，电费单下周才到。", **words)
        [row] = allowances.ask_allowances(
            [granted], actor=self.clerk(granted), why="统计员住院，接手的人需要时间。", **words
        )
        allowances.decide_allowances([row], actor=county, agree=True, opinion="同意，抓紧填报。")
        free, late = self.idle(NEIGHBOUR, 2)
        allowances.grant_allowances(
            [free], actor=neighbour, round=self.open, what="exemption", why="整体搬迁，本季停用。"
        )
        allowances.grant_allowances(
            [late], actor=neighbour, round=self.open, what="unlock", why="汛期断网。", until=words["until"]
        )

    def idle(self, division: str, count: int) -> list[Submission]:
        """Institutions of a county that have not begun, from its end."""
        with system_actor("demo.load").scope.activate():
            rows = Submission.objects.select_related("node", "round__definition").filter(
                round=self.open, path__startswith=division, state__in=("todo", "draft")
            )
            return list(rows.order_by("-path")[:count])

    def behalf(self) -> None:
        """The county fills in for an institution; it is not handed in yet."""
        county, row = self.office("sc.review"), self.of(HELPED)
        standing.stand_in([row], actor=county, why="单位停电，电话报数。")
        profile = self.nation.profiles[row.node_id]
        used = consumption(row.node, profile, Period.parse(self.open.period), Random("behalf"))
        values = {code: value for code, value in used.items() if code.startswith(("e01", "e02"))}
        standing.fill_for([self.find(pk=row.pk)], actor=county, values=values)

    def nil_report(self) -> None:
        """An institution that used nothing: what differs from last year is explained, then all is nought."""
        row = self.find(
            round=self.open, state="todo", open_until=None, path__gt=COUNTY + "~", path__startswith=PREFECTURE
        )
        actor = self.clerk(row)
        with system_actor("demo.load").scope.activate():
            known = {
                code: v for code, v in prefilled(self.spec, row).items() if code not in standing.noughts(self.spec)
            }
            odd = self.doubts(row, {**known, **dict.fromkeys(standing.noughts(self.spec), Decimal(0))})
        actions.fill([row], actor=actor, values=known, explanations=odd)
        signers = {"statistics": "王统计", "head": "陈院长"}
        standing.report_nil([self.find(pk=row.pk)], actor=actor, signers=signers)

    def doubts(self, row: Submission, typed: Mapping[str, Value]) -> dict[str, str]:
        factors = resolve(self.spec, row.round.period, row.path).values
        earlier = before(row)
        found = check(self.spec, compute(self.spec, typed, factors, earlier), factors, earlier, {})
        return {f.check.code: "本季装修停用，没有消费。" for f in found if f.check.level == "warning"}

    def circulars(self) -> None:
        """The province has published how last year's quarter went and is writing about this year's."""
        province = self.office("zj.admin")
        node = self.nation.divisions[PROVINCE]
        for round_, is_done in ((self.closed, True), (self.open, False)):
            period = Period.parse(round_.period)
            made = circulars.make_circulars(
                [node], actor=province, first=period.start, last=period.end, form=self.spec.code, form_name=self.name
            )
            if is_done:
                circulars.publish_circulars(made, actor=province)

    @property
    def name(self) -> str:
        return self.open.definition.name


__all__ = ["go_on"]
