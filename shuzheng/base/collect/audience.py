"""Who is asked: organs and people, from the kind of audience and the pasted list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from shuzheng.base.accounts.models import Person, Post
from shuzheng.base.collect.models import Collection
from shuzheng.base.core.actor import Actor
from shuzheng.base.core.scope import Range
from shuzheng.base.org.models import Competence, Node, NodeKind
from shuzheng.kernel.errors import FieldFault, Invalid
from shuzheng.kernel.text import fold

Audience = Collection.Audience
MOST = 5000
"""Organs or people that one collection asks by name; more are asked by a form (报表)."""


@dataclass(frozen=True)
class Target:
    """An organ, or one of its people. ``path`` is the organ's, for the right to ask there."""

    node: Node
    person: Person | None = None

    @property
    def pk(self) -> str:
        return f"{self.node.pk}:{self.person.pk if self.person else ''}"

    @property
    def path(self) -> str:
        return self.node.path

    @property
    def name(self) -> str:
        return self.person.name if self.person else self.node.name


def targets(collection: Collection, actor: Actor) -> list[Target]:
    """Everybody who is to be asked by name; none for a collection by link.

    Raises:
        Invalid: a line of the list names nobody, or several; nobody is left; or too many are.
    """
    found: list[Target] = []
    if collection.audience == Audience.OWN:
        found = _people(actor, collection.per)
    elif collection.audience == Audience.LEVEL:
        level = Range.own_level(actor.division)
        organs = _organs().filter(path__gte=level.lo, path__lt=level.hi).exclude(pk=actor.organ_id)
        found = [Target(node) for node in organs.order_by("path")[: MOST + 1]]
    elif collection.audience == Audience.BELOW:
        found = _below(actor)
    elif collection.audience == Audience.LIST:
        found = _listed(collection.names, actor)
    else:
        return []
    if not found:
        raise Invalid.one("audience", _("这个范围里没有可以收集的对象，换一个。"))
    if len(found) > MOST:
        raise Invalid.one("audience", _("收集表最多发给 %(n)d 个对象，更多的用报表。") % {"n": MOST})
    return found


def _organs() -> QuerySet[Node]:
    return Node.objects.filter(kind=NodeKind.ORGAN, valid_to=None)


def _people(actor: Actor, per: str) -> list[Target]:
    own = Range.subtree(actor.organ_path)
    organ = Node.objects.get(pk=actor.organ_id)
    if per == Collection.Per.ORGAN:
        return [Target(organ)]
    held = Post.objects.filter(path__gte=own.lo, path__lt=own.hi, valid__contains=timezone.localdate())
    people = Person.objects.filter(pk__in=held.values("person_id"), is_active=True).order_by("path", "pinyin")
    return [Target(organ, person) for person in people[: MOST + 1]]


def _below(actor: Actor) -> list[Target]:
    """The competent authorities of the divisions just below, one each."""
    rows = Competence.objects.filter(
        division__parent__path=actor.division, division__kind=NodeKind.DIVISION, division__valid_to=None,
        line="general", valid__contains=timezone.localdate(), organ__valid_to=None,
    ).select_related("organ")  # fmt: skip
    return [Target(row.organ) for row in rows.order_by("division__path")]


def _listed(names: str, actor: Actor) -> list[Target]:
    """One line, one organ or person: by credit code or number, else by name within reach of the actor."""
    lines = list(dict.fromkeys(line for raw in names.splitlines() if (line := fold(raw))))
    if len(lines) > MOST:
        raise Invalid.one("names", _("名单最多 %(n)d 行。") % {"n": MOST})
    organs = _organs().filter(Q(name__in=lines) | Q(short_name__in=lines) | Q(uscc__in=[x.upper() for x in lines]))
    people = Person.objects.filter(Q(name__in=lines) | Q(number__in=lines), is_active=True).select_related(
        "node__organ"
    )
    by_line: dict[str, list[Target]] = {}
    for organ in organs:
        if actor.may("collect.collection.open", organ.path):
            for word in {organ.name, organ.short_name, organ.uscc}:
                by_line.setdefault(word, []).append(Target(organ))
    for person in people:
        home = person.node.organ
        if home is not None and actor.may("collect.collection.open", home.path):
            for word in {person.name, person.number}:
                by_line.setdefault(word, []).append(Target(home, person))
    faults, found = [], {}
    for number, line in enumerate(lines, 1):
        hits = {t.pk: t for t in (*by_line.get(line, ()), *by_line.get(line.upper(), ()))}
        if len(hits) == 1:
            found |= hits
        elif hits:
            words = _("第 %(n)d 行“%(line)s”有 %(many)d 个，改写统一社会信用代码或工号。")
            faults.append(FieldFault("names", words % {"n": number, "line": line[:40], "many": len(hits)}))
        else:
            words = _("第 %(n)d 行“%(line)s”没有找到，或不在可收集的范围。")
            faults.append(FieldFault("names", words % {"n": number, "line": line[:40]}))
    if faults:
        raise Invalid(_("名单有 %(n)d 行要改。") % {"n": len(faults)}, faults[:20])
    return list(found.values())


def posts_of(people: Sequence[object]) -> list[Post]:
    """A post today of each person, to send notices to."""
    held = Post.objects.filter(person_id__in=people, valid__contains=timezone.localdate()).select_related(
        "person", "node"
    )
    return list({post.person_id: post for post in held.order_by("is_main", "pk")}.values())
