"""Every scoped table, by its class: what is seen without a scope and with one, and where rows can be written.

One row of each table lies in four places: an institution, its neighbour, an institution of another county, and the office of
the prefecture above. What each persona may see of them is written out below; nothing here is asked of the program.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connections, transaction
from django.db.models import F
from django.db.utils import ProgrammingError

from shuzheng.base.core import scope
from shuzheng.base.core.actor import Actor
from shuzheng.base.core.bulk import insert_many
from shuzheng.base.core.guard import Unscoped
from shuzheng.base.core.models import Kind, Scoped
from shuzheng.base.core.policies import scoped_models
from shuzheng.base.core.registry import LINES
from shuzheng.base.core.scope import Range, case_scope, system_scope
from shuzheng.base.org.models import Competence
from shuzheng.kernel.ids import uuid7
from tests.factories import Nation, small_nation
from tests.rows import row_of, stored

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

PLACES = {
    "own": "33/11/23/0/u1/",
    "neighbour": "33/11/23/0/u2/",
    "far": "33/11/22/0/u1/",
    "upper": "33/11/0/goa/",
}
ALL = set(PLACES)
COUNTY = {"own", "neighbour"}

PERSONAS = {
    "unit": "33/11/23/0/u1/",
    "next door": "33/11/23/0/u2/",
    "county": "33/11/23/0/goa/",
    "other county": "33/11/22/0/goa/",
    "prefecture": "33/11/0/goa/",
    "other prefecture": "33/10/0/goa/",
    "province": "33/0/goa/",
    "other province": "32/0/goa/",
    "nation": "0/ngoa/",
}
"""Where each acts. Offices are the competent authority of every line in their division."""

OWN = {"unit": {"own"}, "next door": {"neighbour"}, "prefecture": {"upper"}}
"""Rows of the persona's own organ; nothing for those not named."""

SUPERVISED = {
    "unit": {"own"},
    "next door": {"neighbour"},
    "county": COUNTY,
    "other county": {"far"},
    "prefecture": ALL,
    "other prefecture": set(),
    "province": ALL,
    "other province": set(),
    "nation": ALL,
}

PUBLISHED_TO = {
    "unit": {"own", "neighbour", "upper"},  # each row is published to the division of its owner
    "next door": {"own", "neighbour", "upper"},
    "county": {"own", "neighbour", "upper"},
    "other county": {"far", "upper"},
    "prefecture": {"upper"},
    "other prefecture": set(),
    "province": set(),
    "other province": set(),
    "nation": set(),
}

MODELS = scoped_models()
WRITABLE = [m for m in MODELS if not m.scoping.insert_only]


def named(model: type[Scoped]) -> str:
    return model._meta.label


def seen_by(persona: str, kind: Kind) -> set[str]:
    if kind is Kind.SUPERVISED:
        return SUPERVISED[persona]
    if kind is Kind.PUBLISHED:
        return SUPERVISED[persona] | PUBLISHED_TO[persona]
    if kind in (Kind.INTERNAL, Kind.CASE):
        return OWN.get(persona, set())
    assert kind is Kind.DIRECTORY
    return ALL


@pytest.fixture(scope="module")
def nation(django_db_setup, django_db_blocker) -> Iterator[Nation]:
    """One nation for the module: some four hundred tests look at it, and what each adds is taken back."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield small_nation()
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def actors(nation) -> dict[str, Actor]:
    return {name: nation.actor(path) for name, path in PERSONAS.items()}


def rows_in(model: type[Scoped], nation, **values) -> dict[str, Scoped]:
    return {place: stored(model, nation.organ(path), **values) for place, path in PLACES.items()}


def seen(model: type[Scoped], rows: dict[str, Scoped]) -> set[str]:
    places = {row.pk: place for place, row in rows.items()}
    return {places[pk] for pk in model._base_manager.filter(pk__in=list(places)).values_list("pk", flat=True)}


def inserts(row: Scoped) -> bool:
    """Whether the database takes the row; it is not kept."""
    try:
        with transaction.atomic():
            insert_many([row])
            transaction.set_rollback(True)
    except ProgrammingError as error:
        assert "row-level security" in str(error)
        return False
    return True


def updates(rows: dict[str, Scoped]) -> set[str]:
    """The places whose row an UPDATE reaches."""
    return {place for place, row in rows.items() if type(row)._base_manager.filter(pk=row.pk).update(path=F("path"))}


def deletes(rows: dict[str, Scoped]) -> set[str]:
    """The places whose row a DELETE reaches; no row is lost."""
    found = set()
    for place, row in rows.items():
        with transaction.atomic():
            if type(row)._base_manager.filter(pk=row.pk)._raw_delete("default"):
                found.add(place)
            transaction.set_rollback(True)
    return found


@pytest.mark.parametrize("model", MODELS, ids=named)
def test_without_a_scope_there_is_nothing(nation, model, monkeypatch):
    new = row_of(model, nation.organ(PLACES["own"]))
    rows = rows_in(model, nation)
    with pytest.raises(Unscoped):
        model._base_manager.count()
    with monkeypatch.context() as patch:
        patch.setattr(connections["default"], "execute_wrappers", [])  # our guard away: what the database itself says
        assert model._base_manager.count() == 0
        assert not inserts(new)
        if not model.scoping.insert_only:
            assert updates(rows) == set()
            assert deletes(rows) == set()


@pytest.mark.parametrize("model", [m for m in MODELS if m.scoping.kind is not Kind.FOLLOWS], ids=named)
def test_each_sees_what_class_and_ranges_allow(nation, actors, model):
    rows = rows_in(model, nation)
    for persona, actor in actors.items():
        with actor.scope.activate():
            assert seen(model, rows) == seen_by(persona, model.scoping.kind), persona


@pytest.mark.parametrize("model", [m for m in MODELS if m.scoping.kind is Kind.FOLLOWS], ids=named)
@pytest.mark.parametrize(
    ("rule", "kind"),
    [
        ("reporting", Kind.SUPERVISED),
        ("general", Kind.SUPERVISED),
        ("=internal", Kind.INTERNAL),
        ("=case", Kind.CASE),
        ("=directory", Kind.DIRECTORY),
    ],
)
def test_what_follows_a_record_is_seen_as_the_record(nation, actors, model, rule, kind):
    rows = rows_in(model, nation, rule=rule)
    for persona, actor in actors.items():
        with actor.scope.activate():
            assert seen(model, rows) == seen_by(persona, kind), persona


@pytest.mark.parametrize("model", [m for m in MODELS if m.scoping.kind is Kind.FOLLOWS], ids=named)
def test_what_follows_a_published_record_is_seen_below_its_issuer(nation, actors, model):
    row = stored(model, nation.organ(PLACES["upper"]), rule="general", audience="33/11/")
    for persona, actor in actors.items():
        with actor.scope.activate():
            expected = persona not in ("other prefecture", "other province")
            assert bool(seen(model, {"upper": row})) is expected, persona


@pytest.mark.parametrize("model", MODELS, ids=named)
def test_an_authority_of_one_line_sees_that_line_only(nation, model):
    """The prefecture's first institution is the competent authority of one business line, and of no other."""
    rows = rows_in(model, nation)
    for line in ("general", "org", "reporting"):
        nation.competent("33/11/0/u1/", "33/11/", line)
        actor = nation.actor("33/11/0/u1/")
        expected: set[str] = {"upper"} if model.scoping.kind is Kind.PUBLISHED else set()
        asked = "general" if model.scoping.kind is Kind.FOLLOWS else model.scoping.line
        if model.scoping.kind is Kind.DIRECTORY:
            expected = ALL
        elif asked in (line, "audit") and model.scoping.kind not in (Kind.INTERNAL, Kind.CASE):
            expected = ALL  # whoever supervises records sees the trail of them
        with actor.scope.activate():
            assert seen(model, rows) == expected, line
        with system_scope("tests").activate():
            Competence.objects.filter(organ=nation.organ("33/11/0/u1/")).delete()


@pytest.mark.parametrize("model", MODELS, ids=named)
def test_officers_see_the_organisation_and_no_business(nation, model):
    rows = rows_in(model, nation)
    kind, line = model.scoping.kind, model.scoping.line
    for officer in ("system", "security", "audit"):
        actor = nation.actor("33/11/0/goa/", f"{officer}_officer", at="33/11/")
        if kind is Kind.DIRECTORY:
            expected = ALL
        elif kind in (Kind.INTERNAL, Kind.CASE):
            expected = {"upper"}
        elif line == "org" or (line == "audit" and officer == "audit"):
            expected = ALL
        else:
            expected = {"upper"} if kind is Kind.PUBLISHED else set()
        with actor.scope.activate():
            assert seen(model, rows) == expected, officer


@pytest.mark.parametrize("model", [m for m in MODELS if m.scoping.kind is Kind.CASE], ids=named)
def test_participants_of_a_case_see_its_rows_and_no_others(nation, actors, model):
    mine, other = uuid7(), uuid7()
    rows = {"far": stored(model, nation.organ(PLACES["far"]), case_id=mine)}
    rows["upper"] = stored(model, nation.organ(PLACES["upper"]), case_id=other)
    with actors["unit"].scope.activate():
        assert seen(model, rows) == set()
        with case_scope(mine):
            assert seen(model, rows) == {"far"}
            assert updates(rows) == set()
        assert seen(model, rows) == set()


@pytest.mark.parametrize("model", WRITABLE, ids=named)
def test_writes_reach_the_own_organ_only(nation, actors, model):
    new = {place: row_of(model, nation.organ(path)) for place, path in PLACES.items()}
    writers = ("unit", "county", "prefecture", "nation")
    for persona in writers:
        with actors[persona].scope.activate():
            assert {place for place, row in new.items() if inserts(row)} == OWN.get(persona, set()), persona
    rows = rows_in(model, nation)
    for persona in writers:
        with actors[persona].scope.activate():
            assert updates(rows) == OWN.get(persona, set()), persona
            assert deletes(rows) == OWN.get(persona, set()), persona


@pytest.mark.parametrize("model", WRITABLE, ids=named)
def test_nobody_moves_a_row_out_of_the_write_range(nation, actors, model):
    row = stored(model, nation.organ(PLACES["own"]))
    foreign = "33/11/23/0/u2/moved/"
    with (
        actors["unit"].scope.activate(),
        pytest.raises(ProgrammingError, match="row-level security"),
        transaction.atomic(),
    ):
        model._base_manager.filter(pk=row.pk).update(path=foreign)


@pytest.mark.parametrize("model", WRITABLE, ids=named)
def test_a_handover_reaches_what_it_names(nation, actors, model):
    new = {place: row_of(model, nation.organ(path)) for place, path in PLACES.items()}
    with actors["prefecture"].scope.activate(), scope.handover([Range.subtree(PLACES["own"])]):
        assert {place for place, row in new.items() if inserts(row)} == {"own", "upper"}
    rows = rows_in(model, nation)
    with actors["prefecture"].scope.activate():
        with scope.handover([Range.subtree(PLACES["own"])]):
            assert updates(rows) == {"own", "upper"}
            assert deletes(rows) == {"own", "upper"}
        assert updates(rows) == {"upper"}


@pytest.mark.parametrize("model", WRITABLE, ids=named)
def test_a_handover_of_what_is_not_supervised_shows_no_supervised_row(nation, actors, model):
    """A handover opens writing. What an authority may not read it can't change by being told to."""
    rows = rows_in(model, nation)
    with actors["other prefecture"].scope.activate(), scope.handover([Range.subtree(PLACES["own"])]):
        expected = set() if model.scoping.kind in (Kind.SUPERVISED, Kind.FOLLOWS) else {"own"}
        assert updates(rows) == expected


@pytest.mark.parametrize("model", [m for m in MODELS if m.scoping.insert_only], ids=named)
def test_insert_only_tables_refuse_changes_to_everybody(nation, actors, model):
    rows = rows_in(model, nation)
    for range_ in (actors["unit"].scope, actors["prefecture"].scope, actors["nation"].scope, system_scope("tests")):
        for change in (updates, deletes):
            with range_.activate(), pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
                change(rows)
    with actors["unit"].scope.activate():
        new = {place: row_of(model, nation.organ(path)) for place, path in PLACES.items()}
        assert {place for place, row in new.items() if inserts(row)} == {"own"}


def test_every_class_has_a_table():
    """A class of scope that no table has would be walked over in silence."""
    assert {m.scoping.kind for m in MODELS} == set(Kind)
    assert {m.scoping.line for m in MODELS} <= set(LINES)
