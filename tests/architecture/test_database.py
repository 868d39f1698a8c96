"""The database as it stands after migrating: policies and rights are those of the declarations, and nothing else is there."""

from __future__ import annotations

import re

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connections, transaction

from shuzheng.base.core.models import Kind, Scoped
from shuzheng.base.core.policies import scoped_models, statements
from shuzheng.base.core.registry import UNSCOPED_TABLES
from tests.architecture.closed import DEFINER_FUNCTIONS, WITHOUT_PATH_INDEX

pytestmark = pytest.mark.django_db

NAMES = {"sz_read": "SELECT", "sz_insert": "INSERT", "sz_update": "UPDATE", "sz_delete": "DELETE"}


def owner(sql: str, *values: object) -> list[tuple]:
    with connections["owner"].cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()


def policies(table: str) -> dict[str, tuple]:
    found = owner(
        "SELECT policyname, permissive, roles::text, cmd, qual, with_check FROM pg_policies"
        " WHERE schemaname = 'public' AND tablename = %s",
        table,
    )
    return {row[0]: row[1:] for row in found}


def rights(table: str) -> set[str]:
    role = settings.DATABASES["default"]["USER"]
    wanted = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")
    checks = ", ".join(f"has_table_privilege('{role}', '\"{table}\"', '{right}')" for right in wanted)
    [held] = owner(f"SELECT {checks}")
    return {right for right, has in zip(wanted, held, strict=True) if has}


@pytest.mark.parametrize("model", scoped_models(), ids=lambda m: m._meta.label)
def test_policies_are_those_of_the_declaration(model: type[Scoped]):
    role, table = settings.DATABASES["default"]["USER"], model._meta.db_table
    stands = policies(table)
    assert {name: (row[0], row[1], row[2]) for name, row in stands.items()} == {
        name: ("PERMISSIVE", f"{{{role}}}", command) for name, command in NAMES.items()
    }
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        cursor.execute(";\n".join(statements(model, f'"{role}"')))
        made = policies(table)
        transaction.set_rollback(True, using="owner")
    assert stands == made
    if model.scoping.kind in (Kind.SUPERVISED, Kind.PUBLISHED):
        named = set(re.findall(r"app\.([a-z_]+)_lo1", stands["sz_read"][3]))
        assert named == {model.scoping.line}
    for name in ("sz_insert", "sz_update", "sz_delete"):
        assert "app.w_lo" in f"{stands[name][3]}{stands[name][4]}"


@pytest.mark.parametrize("model", scoped_models(), ids=lambda m: m._meta.label)
def test_rights_on_scoped_tables(model: type[Scoped]):
    changing = set() if model.scoping.insert_only else {"UPDATE", "DELETE"}
    assert rights(model._meta.db_table) == {"SELECT", "INSERT"} | changing


def test_insert_only_tables_are_a_closed_list():
    tables = {m._meta.db_table for m in scoped_models() if m.scoping.insert_only}
    tables |= {m._meta.db_table for m in apps.get_models() if getattr(m, "insert_only", False)}
    assert tables == {"audit_entry", "audit_link"}
    for table in tables:
        assert rights(table) == {"SELECT", "INSERT"}


def test_tables_without_a_policy_are_the_closed_list():
    """Every table is under a policy, or stands in a manifest's ``unscoped`` with a reason; none stands there for nothing."""
    tables = dict(
        owner(
            "SELECT c.relname, c.relrowsecurity FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition"
        )
    )
    assert {name for name, secured in tables.items() if not secured} == set(UNSCOPED_TABLES)
    assert {name for name, secured in tables.items() if secured} == {m._meta.db_table for m in scoped_models()}
    assert [name for name, reason in UNSCOPED_TABLES.items() if len(reason) < 6] == []


def test_policies_are_not_forced_and_nothing_else_has_one():
    assert owner("SELECT relname FROM pg_class WHERE relforcerowsecurity") == []
    tables = {row[0] for row in owner("SELECT DISTINCT tablename FROM pg_policies WHERE schemaname = 'public'")}
    assert tables == {m._meta.db_table for m in scoped_models()}


def test_no_view_lets_rows_past_a_policy():
    """A plain view runs as its owner. There is none."""
    found = owner(
        "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname = 'public' AND c.relkind IN ('v', 'm', 'f')"
    )
    assert found == []


def test_partitions_are_reached_through_their_parent_alone():
    """A partition read directly knows nothing of its parent's policy: no rights on it, and row policies that let nothing through."""
    found = owner(
        "SELECT c.relname, p.relname, c.relrowsecurity FROM pg_class c JOIN pg_inherits i ON i.inhrelid = c.oid"
        " JOIN pg_class p ON p.oid = i.inhparent JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname = 'public' AND c.relkind = 'r' AND c.relispartition"
    )
    assert {parent for _, parent, _ in found} == {"vehicles_position"}
    for name, _parent, secured in found:
        assert (rights(name), policies(name), secured) == (set(), {}, True), name


def test_functions_that_run_as_the_owner_are_the_closed_list():
    found = owner(
        "SELECT p.proname, p.proconfig::text, has_function_privilege('public', p.oid, 'EXECUTE')"
        " FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = 'public' AND p.prosecdef"
    )
    assert {row[0] for row in found} == set(DEFINER_FUNCTIONS)
    for name, configuration, public in found:
        assert "search_path=public, pg_temp" in (configuration or ""), name
        assert not public, name


def test_the_running_role_is_nobody_special():
    role = settings.DATABASES["default"]["USER"]
    assert owner(
        "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication FROM pg_roles WHERE rolname = %s",
        role,
    ) == [(False, False, False, False, False)]
    assert owner("SELECT relname FROM pg_class WHERE relowner = %s::regrole", role) == []
    member = "SELECT pg_has_role(%s, r.oid, 'MEMBER') FROM pg_roles r JOIN pg_class c ON c.relowner = r.oid WHERE c.relname = 'org_node'"
    assert owner(member, role) == [(False,)]


def test_every_path_is_compared_byte_by_byte():
    """A subtree is one range of an index only under the collation C."""
    wrong = owner(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
        " AND column_name IN ('path', 'audience', 'at_path', 'shared_path') AND collation_name IS DISTINCT FROM 'C'"
        " AND table_name = ANY(%s)",
        [m._meta.db_table for m in scoped_models()],
    )
    assert wrong == []


def test_every_scoped_table_has_an_index_that_begins_with_its_path():
    indexed = {
        row[0]
        for row in owner(
            "SELECT t.relname FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid"
            " JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = i.indkey[0] WHERE a.attname = 'path'"
        )
    }
    missing = {m._meta.db_table for m in scoped_models()} - indexed
    assert missing == set(WITHOUT_PATH_INDEX)


def test_no_index_stands_twice():
    """Each index is written with each row; Django makes one of its own for a foreign key."""
    twice = owner(
        "SELECT t.relname, min(i.indexrelid::regclass::text), max(i.indexrelid::regclass::text) FROM pg_index i"
        " JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace n ON n.oid = t.relnamespace"
        " WHERE n.nspname = 'public' AND NOT i.indisunique AND i.indpred IS NULL AND i.indexprs IS NULL"
        " GROUP BY t.relname, i.indkey::text, i.indclass::text, i.indoption::text HAVING count(*) > 1"
    )
    assert twice == []
