"""Who does a step: rules that name people by what they are, read on the day the step opens. Runs under the engine's scope.

    starter · head · chosen · person:<工号> · post:<岗位>@<place> · role:<code>@<place> · =<expression>
    places: organ (the usual one), department, office, upper, competent:<line>, upper:<line>, node:<path>

``head`` is the head of the starter's department, else of the organ. ``office`` is competent for general affairs in the
starter's division, ``upper`` in the division above it. An expression, or a decision table by way of one, answers a text or a
list of texts, each of them such a rule.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shuzheng.base.access.models import Grant
from shuzheng.base.accounts.models import Post
from shuzheng.base.core.questions import Question
from shuzheng.base.core.registry import LINES, ROLES
from shuzheng.base.core.scope import Range, ancestors
from shuzheng.base.flows.bpmn.words import Outline
from shuzheng.base.flows.models import Case, Delegation
from shuzheng.base.org.competence import competent_for
from shuzheng.base.org.models import Node
from shuzheng.kernel.errors import Invalid
from shuzheng.kernel.expr import compile

HEAD, ADMIN = "leader", "business_admin"
_RULE = re.compile(r"(?P<kind>starter|head|chosen|person|post|role)(:(?P<value>[^@]+))?(@(?P<place>.+))?")
PLACES = ("organ", "department", "office", "upper")


def fault_of(rule: str, outline: Outline) -> str:
    """What is wrong with a rule, in words; empty when it can be followed."""
    if rule.startswith("="):
        try:
            compile(rule[1:], outline.names)
        except Invalid as fault:
            return fault.message
        return ""
    match = _RULE.fullmatch(rule)
    if match is None or (match["kind"] in ("person", "post", "role")) != bool(match["value"]):
        return _("看不懂“%(rule)s”。") % {"rule": rule}
    if match["kind"] == "role" and match["value"] not in ROLES:
        return _("没有角色“%(name)s”。") % {"name": match["value"]}
    place = match["place"] or "organ"
    kind, _sep, line = place.partition(":")
    if kind in ("competent", "upper") and line and line not in LINES:
        return _("没有业务条线“%(name)s”。") % {"name": line}
    if place not in PLACES and not (kind in ("competent", "upper", "node") and line):
        return _("看不懂“%(rule)s”。") % {"rule": rule}
    return ""


PLACE_WORDS: Mapping[str, Any] = {
    "organ": gettext_lazy("本单位"), "department": gettext_lazy("本部门"), "office": gettext_lazy("本级主管部门"),
    "upper": gettext_lazy("上级主管部门"), "competent": gettext_lazy("本级主管部门"), "node": gettext_lazy("指定单位"),
}  # fmt: skip
KIND_WORDS: Mapping[str, Any] = {
    "starter": gettext_lazy("发起人"), "head": gettext_lazy("部门负责人"), "chosen": gettext_lazy("上一步选定的人"),
}  # fmt: skip


def words_of(rule: str) -> str:
    """A rule as people say it; an expression as it is written."""
    match = _RULE.fullmatch(rule)
    if match is None:
        return rule
    if match["kind"] in KIND_WORDS:
        return str(KIND_WORDS[match["kind"]])
    if match["kind"] == "person":
        return _("工号 %(n)s") % {"n": match["value"]}
    word, _sep, more = (match["place"] or "organ").partition(":")
    place = str(PLACE_WORDS[word]) + (f"（{_(LINES[more].label)}）" if more in LINES else "")
    name = match["value"] or ""
    return f"{place} {_(ROLES[name].label) if match['kind'] == 'role' and name in ROLES else name}"


@dataclass(frozen=True)
class Holder:
    """Who gets a task: the post, and (by a standing delegation) whose it is by the rule."""

    post: Post
    behalf: str = ""


class Finder:
    """Answers rules for one case, as things are today."""

    def __init__(self, case: Case, outline: Outline, values: Mapping[str, Any]) -> None:
        self.case, self.outline, self.values = case, outline, values
        self.today = timezone.localdate()

    @cached_property
    def starter(self) -> Post:
        return Post.objects.select_related("person", "node", "node__organ").get(pk=self.case.post_id)

    @cached_property
    def organ(self) -> Node:
        return self.starter.node.organ or self.starter.node

    def about_starter(self) -> dict[str, Any]:
        """What expressions may ask about whoever starts the case."""
        post = self.starter
        return {
            "starter.tier": self.organ.tier, "starter.organ": self.organ.name, "starter.post": post.name,
            "starter.is_head": any(p.person_id == post.person_id for p in self._role(HEAD, post.node)),
        }  # fmt: skip

    def find(self, rules: Iterable[str], element: str) -> list[Holder]:
        """The holders that the rules name, each person once, after standing delegations."""
        rules, posts = list(rules), list[Post]()
        if rules and all(rule.startswith("person:") for rule in rules):
            numbers = [rule.removeprefix("person:") for rule in rules]
            held = {p.person.number: p for p in _by_number(len(numbers))(self.today, *numbers)}
            posts = [held[number] for number in numbers if number in held]
        else:
            for rule in rules:
                posts += self._rule(rule, element)
        return self.deputies(once(posts))

    def admins(self) -> list[Holder]:
        """Who takes what nobody is there for: administrators of the organ, else of the office, else of those above.

        Raises:
            Invalid: there is none up to the nation.
        """
        places: list[Node | None] = [self.organ]
        for path in reversed(ancestors(self.organ.path)):
            division = Node.objects.filter(path=path).first()
            places.append(competent_for("general", division, self.today) if division else None)
        for place in places:
            if place is not None and (found := self._role(ADMIN, place)):
                return self.deputies(once(found))
        raise Invalid(_("没有人能办这一步，也没有业务管理员可以接手。"))

    def heads(self, post: Post) -> list[Post]:
        """Heads of a post's department, else of its organ; never the holder."""
        node = post.node
        for place in (node, node.organ or node):
            if found := [p for p in self._role(HEAD, place) if p.person_id != post.person_id]:
                return found
        return []

    def valid(self, ids: Sequence[UUID]) -> list[Post]:
        """Those of the posts that are held today, in the order asked for."""
        if not ids:
            return []
        found = {p.pk: p for p in held_of(ids, self.today)}
        return [found[pk] for pk in ids if pk in found]

    def deputies(self, posts: Sequence[Post]) -> list[Holder]:
        """The posts, or those to whom they have delegated. A deputy's own delegation is not followed: no circles."""
        if not posts:
            return []
        rows = _delegations(len(posts))(self.today, *(p.pk for p in posts))
        given = {r.post_id: r for r in rows if not r.codes or self.case.definition.code in r.codes}
        held = {p.pk: p for p in self.valid([r.to_post for r in given.values()])}
        found: dict[UUID, Holder] = {}
        for post in posts:
            row = given.get(post.pk)
            deputy = held.get(row.to_post) if row else None
            holder = Holder(deputy, post.person.name) if deputy else Holder(post)
            found.setdefault(holder.post.person_id, holder)
        return list(found.values())

    def answers(self, rule: str, element: str, values: Mapping[str, Any]) -> list[str]:
        """The rules that an expression of a step answers; what is none is somebody's number."""
        names, seen = self.outline.seen(element, values)
        answer = compile(rule[1:], names)(seen)
        texts = [t for t in (answer if isinstance(answer, tuple) else (answer,)) if isinstance(t, str) and t]
        return [t if _RULE.fullmatch(t) else f"person:{t}" for t in texts]

    def _rule(self, rule: str, element: str) -> list[Post]:
        if rule.startswith("="):
            return [p for found in self.answers(rule, element, self.values) for p in self._rule(found, element)]
        match = _RULE.fullmatch(rule)
        if match is None:
            raise Invalid(_("看不懂“%(rule)s”。") % {"rule": rule})
        kind, value = match["kind"], match["value"] or ""
        if kind == "starter":
            return self.valid([self.case.post_id])
        if kind == "head":
            return self.heads(self.starter)
        if kind == "chosen":
            return self.valid([UUID(i) for i in (self.case.facts.get("chosen") or {}).get(element, [])])
        if kind == "person":
            return list(self._held().filter(person__number=value, is_main=True))
        place = self.place(match["place"] or "organ")
        if place is None:
            return []
        if kind == "role":
            return self._role(value, place)
        span = Range.subtree(place.path)
        return list(self._held().filter(name=value, path__gte=span.lo, path__lt=span.hi))

    def place(self, word: str) -> Node | None:
        """The organ or department that a word of a rule stands for."""
        kind, _sep, value = word.partition(":")
        division = self.organ.division
        if word == "organ":
            return self.organ
        if word == "department":
            return self.starter.node
        if kind == "node":
            return Node.objects.filter(path=value, valid_to=None).first()
        if kind == "upper":
            division = division.parent if division is not None else None
        return competent_for(value or "general", division, self.today) if division is not None else None

    def _held(self) -> Any:
        return held_on(self.today)

    def _role(self, code: str, place: Node) -> list[Post]:
        return in_role(code, place, self.today)


DAY = date(1, 2, 3)
SEVERAL = 20
"""Posts up to which a question is kept in SQL for each number of them."""


@cache
def _by_number(count: int) -> Question:
    """Main posts held on a day, by the numbers of so many people."""
    numbers = [f"example {n}" for n in range(count)]
    return Question(lambda day, *of: held_on(day).filter(person__number__in=of, is_main=True), DAY, *numbers)


@cache
def _by_id(count: int) -> Question:
    """So many posts, those that are held on a day."""
    posts = [UUID(int=n + 1) for n in range(count)]
    return Question(lambda day, *of: held_on(day).filter(pk__in=of), DAY, *posts)


GRANTED = Question(
    lambda code, day, lo, hi: Grant.objects.filter(role__code=code, valid__contains=day, path__gte=lo, path__lt=hi),
    "a role", DAY, "a path", "another path",
)  # fmt: skip
"""Grants of a role that hold on a day, in a range of paths."""


@cache
def _delegations(count: int) -> Question:
    """Standing delegations that hold on a day, of so many posts, the latest first."""
    posts = [UUID(int=n + 1) for n in range(count)]
    return Question(
        lambda day, *of: Delegation.objects.filter(
            post_id__in=of, first__lte=day, last__gte=day, ended_at=None
        ).order_by("-pk"),
        DAY, *posts,
    )  # fmt: skip


def held_on(day: date) -> QuerySet[Post]:
    """Posts that somebody holds on a day."""
    found = Post.objects.filter(valid__contains=day, person__is_active=True)
    return found.select_related("person", "node", "node__organ").order_by("pk")


def held_of(ids: Sequence[UUID], day: date) -> list[Post]:
    """Those of the posts that somebody holds on a day."""
    if len(ids) > SEVERAL:
        return list(held_on(day).filter(pk__in=list(ids)))
    return _by_id(len(ids))(day, *ids) if ids else []


def in_role(code: str, place: Node, day: date) -> list[Post]:
    """Posts of an organ or department that hold a role there on a day."""
    span = Range.subtree(place.path)
    grants = GRANTED(code, day, span.lo, span.hi)
    holders = list(dict.fromkeys(g.post_id for g in grants if place.path.startswith(g.at_path)))
    return [p for p in held_of(holders, day) if p.path.startswith(place.path)]


def once(posts: Iterable[Post]) -> list[Post]:
    """Each person once, in order."""
    found: dict[UUID, Post] = {}
    for post in posts:
        found.setdefault(post.person_id, post)
    return list(found.values())
