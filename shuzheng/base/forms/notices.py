"""What institutions are told: a round was issued, a submission came back, a deadline is near."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from shuzheng.base.core.actor import Actor
from shuzheng.base.core.scope import ancestors
from shuzheng.base.forms import names
from shuzheng.base.forms.models import Allowance, Amendment, Circular, Doubt, Round, Submission
from shuzheng.base.forms.spec import load
from shuzheng.base.notify import texts
from shuzheng.base.notify.actions import INLINE, send
from shuzheng.base.notify.models import Notice
from shuzheng.base.notify.receipts import tell
from shuzheng.base.org.competence import competent_for
from shuzheng.base.org.models import Node, NodeKind
from shuzheng.base.portal import formats
from shuzheng.kernel.periods import Period

CHUNK = 5000

texts.declare("forms.round.issued", _("{form}（{period}）：{due} 前填报"), _("{instructions}"))
texts.declare("forms.submission.returned", _("{form}（{period}）被退回：{why}"), _("{due} 前改好再提交。"))
texts.declare(
    "forms.submission.reminded", _("催报：{form}（{period}），{due} 截止"), _("还没有提交。没有消费的格填 0。")
)
texts.declare("forms.amendment.asked", _("{form}（{period}）有 {n} 格退回"), _("{due} 前答复，其余已审的不动。{why}"))
texts.declare(
    "forms.doubt.found",
    _("{form}（{period}）自动核查：{place}新增 {n} 处疑点"),
    _("逐条核实，写明结论；填错的逐格退回。"),
)
texts.declare("forms.doubt.remarked", _("{form}（{period}）{name}：{cell}有新留言"), _("{text}"))
texts.declare("forms.allowance.decided", _("{what}：{result}"), _("{opinion}"))


def said(round_: Round, **more: str) -> dict[str, str]:
    """Values of a text about a round."""
    period = Period.parse(round_.period)
    return {
        "form": round_.definition.name,
        "period": period.label_zh,
        "due": formats.full(round_.due_at),
        "instructions": round_.instructions,
        **more,
    }


def speaking(actor: Actor, name: str, organ: str) -> Actor:
    """The system speaking for somebody: the notice names who asked, and writes where the system may."""
    return replace(actor, name=name, organ_name=organ)


def announce(round_: Round, actor: Actor) -> int:
    """Tell every institution that was asked, once; returns how many. Run again, it tells those it has not told."""
    asked = Node.objects.filter(pk__in=Submission.objects.filter(round=round_).values("node_id")).order_by("path")
    first = list(asked[:INLINE])
    if not first:
        return 0
    office = Node.objects.get(pk=round_.node_id)
    [notice] = send(
        first, actor=speaking(actor, office.name, office.name), key=f"forms.issued:{round_.pk}",
        template="forms.round.issued", values=said(round_), link=reverse("forms:round", args=[round_.pk]),
    )  # fmt: skip
    count, after = len(first), first[-1].path
    while rest := list(asked.filter(path__gt=after)[:CHUNK]):
        tell(notice, rest)
        count, after = count + len(rest), rest[-1].path
    Notice.objects.filter(pk=notice.pk).update(addressees=count)
    return count


def tell_returned(rows: Sequence[Submission], actor: Actor, by: tuple[str, str], key: str) -> None:
    """Each institution its own notice, to be read: why, and until when."""
    for row in rows:
        send(
            [row.node], actor=speaking(actor, *by), key=f"{key}:{row.pk.hex}", template="forms.submission.returned",
            values=said(row.round, why=row.returned_reason, due=formats.full(row.due_at)), must_read=True,
            due=row.due_at, link=reverse("forms:entry", args=[row.pk]),
        )  # fmt: skip


def tell_asked(rows: Sequence[Amendment], actor: Actor, by: tuple[str, str], key: str) -> None:
    """Each institution whose cells were returned: how many, why, until when."""
    for row in rows:
        why = "；".join(dict.fromkeys(cell["reason"] for cell in row.cells))[:300]
        send(
            [row.node], actor=speaking(actor, *by), key=f"{key}:{row.pk.hex}", template="forms.amendment.asked",
            values=said(row.round, n=str(len(row.cells)), why=why, due=formats.full(row.due_at)), must_read=True,
            due=row.due_at, link=reverse("forms:amendment", args=[row.pk]),
        )  # fmt: skip


def tell_decided(rows: Sequence[Allowance], actor: Actor, by: tuple[str, str], key: str) -> None:
    """Whoever asked, or was granted something unasked: what was decided."""
    for row in rows:
        until = f"（{formats.full(row.until)}）" if row.until and row.state == Allowance.State.GRANTED else ""
        send(
            [row.node], actor=speaking(actor, *by), key=f"{key}:{row.pk.hex}", template="forms.allowance.decided",
            values={
                "what": f"{row.at_name} {Allowance.What(row.what).label}",
                "result": f"{Allowance.State(row.state).label}{until}",
                "opinion": row.opinion or row.reason,
            },
            link=reverse("forms:round", args=[row.round_id]),
        )  # fmt: skip


def tell_doubts(round_: Round, actor: Actor, found: Mapping[str, int], key: str) -> None:
    """The authority of each division where the last look found something new."""
    for division in Node.objects.filter(path__in=found, kind=NodeKind.DIVISION, valid_to=None).order_by("path"):
        office = _authority(f"{division.path}0/")
        if office is not None:
            send(
                [office], actor=speaking(actor, gettext("自动核查"), gettext("数正云")), key=f"{key}:{division.pk.hex}",
                template="forms.doubt.found",
                values=said(round_, place=division.name, n=str(found[division.path])),
                link=f"{reverse('forms:doubts', args=[round_.pk])}?at={division.path}",
            )  # fmt: skip


def _authority(path: str) -> Node | None:
    """The office that is competent for reporting in an organ's division; where none was named, in the next one above."""
    today = timezone.localdate()
    above = Node.objects.filter(path__in=ancestors(path), kind=NodeKind.DIVISION, valid_to=None)
    found = (competent_for("reporting", division, today) for division in above.order_by("-path"))
    return next((office for office in found if office is not None), None)


def tell_remarks(rows: Sequence[tuple[Doubt, int]], actor: Actor, by: tuple[str, str], path: str, key: str) -> None:
    """The other side hears of one remark (by its place in the talk): the institution, or the authority above where it spoke."""
    for row, place in rows:
        spec, period = load(row.round.definition.spec), Period.parse(row.round.period)
        cell = spec.find(row.code)
        target = _authority(row.path) if row.path.startswith(path) else row.node
        if target is None:
            continue
        send(
            [target], actor=speaking(actor, *by), key=f"{key}:{row.pk.hex}", template="forms.doubt.remarked",
            values=said(
                row.round, name=row.node.name, cell=names.cell_title(spec, cell, period) if cell else row.code,
                text=row.thread[place]["text"],
            ),
            link=reverse("forms:cell", args=[row.submission_id, row.code]),
        )  # fmt: skip


def tell_circular(row: Circular, actor: Actor, by: tuple[str, str], key: str) -> None:
    """Every organ below the division that the circular is about."""
    division = Node.objects.get(path=row.asked_for["path"], kind=NodeKind.DIVISION)
    send([division], actor=speaking(actor, *by), key=f"{key}:{row.pk.hex}", title=row.title,
         link=reverse("forms:circular", args=[row.pk]))  # fmt: skip


def tell_reminded(rows: Sequence[Submission], actor: Actor, by: tuple[str, str], key: str) -> None:
    """One notice for all that were reminded of a round at once."""
    rounds: dict[UUID, list[Submission]] = {}
    for row in rows:
        rounds.setdefault(row.round_id, []).append(row)
    for pk, group in rounds.items():
        round_ = group[0].round
        send(
            [row.node for row in group], actor=speaking(actor, *by), key=f"{key}:{pk.hex}",
            template="forms.submission.reminded", values=said(round_, due=formats.full(group[0].due_at)),
            link=reverse("forms:round", args=[round_.pk]),
        )  # fmt: skip
