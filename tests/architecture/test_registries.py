"""What the manifests declare: closed lists are closed, names are used, everybody has a word in English."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from django.urls import NoReverseMatch, get_resolver, reverse

from shuzheng.base.api.door import api
from shuzheng.base.core.action import ACTIONS
from shuzheng.base.core.actor import system_actor
from shuzheng.base.core.manifest import MANIFESTS
from shuzheng.base.core.registry import (
    EVENTS,
    HANDOVERS,
    LINES,
    PERMISSIONS,
    ROLE_PERMISSIONS,
    ROLES,
    SYSTEM_SCOPES,
    UNSCOPED_TABLES,
)
from shuzheng.base.desk.app import BOARDS, FULL_NAMES
from shuzheng.base.registers.declare import REGISTERS
from shuzheng.kernel.errors import Denied
from shuzheng.ops.catalogue import catalogue
from tests.architecture import closed
from tests.architecture.layers import CODE, calls, sources, text_of

TESTS = Path(__file__).resolve().parents[1]


def test_system_scopes_are_the_closed_list():
    assert set(SYSTEM_SCOPES) - {"tests"} == closed.SYSTEM_SCOPES
    assert [name for name, reason in SYSTEM_SCOPES.items() if len(reason) < 6] == []


def test_every_system_scope_is_used():
    """One that nobody opens would stay open for somebody."""
    named = {text for path in sources() if path.name != "app.py" for _, call in calls(path) for text in texts(call)}
    assert closed.SYSTEM_SCOPES - named == set()


def texts(call) -> set[str]:
    return {t for a in [*call.args, *(k.value for k in call.keywords)] if (t := text_of(a))}


def test_handover_actions_are_the_closed_list():
    assert set(HANDOVERS) == closed.HANDOVERS
    assert [name for name, reason in HANDOVERS.items() if len(reason) < 6] == []


def test_every_handover_is_an_action_that_needs_one():
    """No name on the list stands for an action that keeps to its own organ."""
    assert {name for name, run in ACTIONS.items() if run.handover} == set(HANDOVERS)


def test_every_handover_action_is_named_in_a_test():
    said = "\n".join(p.read_text(encoding="utf-8") for p in TESTS.rglob("test_*.py"))
    usual = {f"{r.app}.{r.noun}.{verb}" for r in REGISTERS.values() for verb in ("create", "change", "delete")}
    # A register's own verb is called by its address: /r/parties/…/act/block/, or in the API /actions/block.
    usual |= {a.run.action_name for r in REGISTERS.values() for a in r.actions if f"act/{a.name}/" in said}
    unnamed = [
        name
        for name, run in ACTIONS.items()
        if run.handover and name not in usual and name not in said and run.__wrapped__.__name__ not in said
    ]
    assert unnamed == []


def test_unscoped_tables_have_reasons_of_their_apps():
    declared = [(table, m.name) for m in MANIFESTS.values() for table in m.unscoped]
    assert len(declared) == len({table for table, _ in declared}) == len(UNSCOPED_TABLES)


def test_every_action_is_on_record_with_a_known_permission():
    for name, run in ACTIONS.items():
        assert name.count(".") >= 1, name
        assert name.split(".", 1)[0] in MANIFESTS, name
        if run.permission and run.permission not in PERMISSIONS:  # then nobody but a job may do it, and needs no right
            with pytest.raises(Denied) as refused:
                run([], actor=replace(system_actor("tests"), origin={}))
            assert refused.value.code == name


def test_every_permission_is_held_by_a_shipped_role():
    held = {name for names in ROLE_PERMISSIONS.values() for name in names}
    assert set(PERMISSIONS) - held == closed.OFFICER_ONLY


def test_every_permission_is_asked_for():
    """A permission that nothing asks for promises what it does not give."""
    said = "\n".join(p.read_text(encoding="utf-8") for p in sources())
    usual = {f"{r.app}.{r.noun}.{verb}" for r in REGISTERS.values() for verb in r_verbs()}
    actions = {run.permission for run in ACTIONS.values()}
    verbs = {r.permission(verb) for r in REGISTERS.values() for verb in r_verbs()}
    loose = [n for n in PERMISSIONS if n not in usual | actions | verbs and said.count(f'"{n}"') < 2]
    assert loose == []


def r_verbs() -> tuple[str, ...]:
    return ("view", "create", "change", "delete", "import", "export")


def test_officers_permissions_are_apart():
    """No role holds permissions of two of the three officers, and officers hold no register's writing."""
    writing = {f"{r.app}.{r.noun}.{v}" for r in REGISTERS.values() for v in ("create", "delete", "import")}
    for role, names in ROLE_PERMISSIONS.items():
        officers = {PERMISSIONS[n].officer for n in names} - {""}
        assert officers <= {ROLES[role].officer}, role
        if ROLES[role].officer:
            business = {n for n in names & writing if n.split(".", 1)[0] in ("masters", "forms", "standards")}
            assert business == set(), role


@pytest.fixture(scope="module", autouse=True)
def _all_is_loaded() -> None:
    """The registries are complete once the urls are built, whichever test comes first."""
    assert get_resolver().url_patterns


@pytest.mark.parametrize("name", sorted(REGISTERS))
def test_every_register_has_pages_and_an_api(name: str):
    register = REGISTERS[name]
    for page in ("list", "export", "template", "labels"):
        assert reverse(f"registers:{page}", kwargs={"register": name})
    assert reverse("registers:detail", kwargs={"register": name, "pk": "x"})
    assert register.permission("view") in PERMISSIONS
    paths = api.get_openapi_schema()["paths"]
    assert "get" in paths[f"/api/v1/{name}"]
    assert "get" in paths[f"/api/v1/{name}/{{pk}}"]
    for feature, (method, path) in {
        "create": ("post", f"/api/v1/{name}"),
        "change": ("patch", f"/api/v1/{name}/{{pk}}"),
        "delete": ("delete", f"/api/v1/{name}/{{pk}}"),
    }.items():
        assert (method in paths[path]) is register.has(feature), (name, feature)
    for item in register.actions:
        assert "post" in paths[f"/api/v1/{name}/actions/{item.name}"]


def test_every_menu_entry_opens_a_page_and_a_known_permission():
    wrong = []
    for manifest in MANIFESTS.values():
        for entry in manifest.menu:
            if entry.permission:
                assert entry.permission in PERMISSIONS, entry
            if entry.url.startswith("register:"):
                if entry.url.removeprefix("register:") not in REGISTERS:
                    wrong.append(f"{manifest.name}: {entry.url}")
                continue
            try:
                reverse(entry.url)
            except NoReverseMatch:
                wrong.append(f"{manifest.name}: {entry.url}")
    assert wrong == []


def test_every_register_is_on_a_menu():
    """What nobody is shown, nobody finds."""
    shown = {
        e.url.removeprefix("register:") for m in MANIFESTS.values() for e in m.menu if e.url.startswith("register:")
    }
    assert set(REGISTERS) - shown == closed.OFF_MENU


def test_every_event_that_an_action_publishes_is_declared_and_the_other_way_round():
    published = {run.event for run in ACTIONS.values()} - {""}
    published |= {f"{r.app}.{r.noun}.{fact}" for r in REGISTERS.values() for fact in ("created", "changed", "deleted")}
    assert published - set(EVENTS) == {
        f"{r.app}.{r.noun}.{fact}"
        for r in REGISTERS.values()
        for fact in ("created", "changed", "deleted")
        if f"{r.app}.{r.noun}.{fact}" not in EVENTS
    }
    said = "\n".join(p.read_text(encoding="utf-8") for p in sources() if p.name != "app.py")
    silent = [name for name in EVENTS if name not in published and f'"{name}"' not in said]
    assert silent == []


@cache
def english() -> frozenset[str]:
    """What the catalogue translates."""
    return frozenset(e.msgid for e in catalogue()[0] if e.translated())


def test_every_declared_word_is_translated():
    words: dict[str, str] = {}
    for manifest in MANIFESTS.values():
        words[manifest.label] = manifest.name
        for entry in manifest.menu:
            words[entry.label] = f"menu of {manifest.name}"
            words[entry.group] = f"menu of {manifest.name}"
    words |= {p.label: name for name, p in PERMISSIONS.items()}
    words |= {e.label: name for name, e in EVENTS.items()}
    words |= {b.label: name for name, b in LINES.items()}
    words |= {r.label: name for name, r in ROLES.items()} | {r.help: name for name, r in ROLES.items()}
    words |= {b.label: b.name for b in BOARDS} | dict.fromkeys(FULL_NAMES.values(), "boards")
    for register in REGISTERS.values():
        words[str(register.model._meta.verbose_name)] = register.name
        words |= {str(t.label): register.name for t in register.tabs}
        words |= {str(a.label): register.name for a in register.actions}
        words[str(register.help)] = register.name
    missing = {word: place for word, place in words.items() if word and word not in english()}
    assert missing == {}


def test_reasons_in_the_closed_lists_stand_for_something():
    for place in [*closed.RAW_SQL, *closed.BLIND_HANDLERS]:
        assert (CODE / place).exists(), place
    for reason in [*closed.RAW_SQL.values(), *closed.BLIND_HANDLERS.values(), *closed.DEFINER_FUNCTIONS.values()]:
        assert len(reason) > 10
