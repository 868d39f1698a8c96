"""Row policies, made from each model's ``scoping`` after every migration. Nobody writes one by hand.

The hull comes first (``path >= min AND path < max``) so that the planner walks the index of the path; the ranges follow.
Comparison of text is leakproof, ``LIKE`` and numbers are not: docs/adr/0003-row-policies.md has the measurements.
"""

from __future__ import annotations

from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.db import connections
from django.db.models import Model

from shuzheng.base.core.models import Kind, Scoped
from shuzheng.base.core.registry import LINES
from shuzheng.base.core.scope import SLOTS

HISTOGRAM = 300
"""How finely PostgreSQL notes the distribution of paths (100 is usual)."""


def _get(name: str) -> str:
    return f"current_setting('app.{name}', true)"


def _within(lo: str, hi: str) -> str:
    return f"(path >= {_get(lo)} AND path < {_get(hi)})"


def line_condition(line: str) -> str:
    """SQL: the row's path lies in what the actor may read of ``line``.

    With one range, as nearly everybody has, the hull is the range and the slots are not looked at: asked once a question
    and not once a row, for which reason it is a sub-select. It also keeps the planner from counting the same bound twice.
    """
    slots = " OR ".join(_within(f"{line}_lo{n}", f"{line}_hi{n}") for n in range(1, SLOTS + 1))
    one = f"(SELECT {_get(f'{line}_one')} = '1')"
    return f"{_within(f'{line}_min', f'{line}_max')} AND ({one} OR {slots})"


def write_condition() -> str:
    """SQL: the row's path lies in the write range, or was handed over to the running action.

    A handover is one range nearly always: only further ones are taken out of a list, which costs as much as the insert.
    """
    handed = (
        f"EXISTS (SELECT 1 FROM json_array_elements(NULLIF({_get('w_set')}, '')::json) AS o "  # noqa: S608 -- constants
        "WHERE path >= (o ->> 0) AND path < (o ->> 1))"
    )
    return f"{_within('w_lo', 'w_hi')} OR {_within('h_lo', 'h_hi')} OR ({_get('w_set')} <> '' AND {handed})"


def read_condition(model: type[Scoped]) -> str:
    """SQL of who sees a row of ``model``."""
    scoping = model.scoping
    own = _within("o_lo", "o_hi")
    if scoping.kind is Kind.SUPERVISED:
        return line_condition(scoping.line)
    if scoping.kind is Kind.INTERNAL:
        return own
    if scoping.kind is Kind.PUBLISHED:
        return f"({line_condition(scoping.line)}) OR audience = ANY (NULLIF({_get('anc')}, '')::text[])"
    if scoping.kind is Kind.CASE:
        return f"{own} OR case_id = NULLIF({_get('case')}, '')::uuid"
    if scoping.kind is Kind.FOLLOWS:
        lines = " OR ".join(f"(rule = '{line}' AND {line_condition(line)})" for line in LINES)
        return (
            f"{lines} OR (rule IN ('=internal', '=case') AND {own}) OR (rule = '=directory' AND {_get('actor')} <> '')"
            f" OR audience = ANY (NULLIF({_get('anc')}, '')::text[]) OR case_id = NULLIF({_get('case')}, '')::uuid"
        )
    return f"{_get('actor')} <> ''"


def scoped_models() -> list[type[Scoped]]:
    return [m for m in apps.get_models() if issubclass(m, Scoped) and m._meta.managed and not m._meta.proxy]


def statements(model: type[Scoped], role: str) -> list[str]:
    """The SQL that puts ``model`` under its policies; running it again changes nothing."""
    table = f'"{model._meta.db_table}"'
    write = write_condition()
    read = read_condition(model)
    # A row that an action may write is a row it may see: an UPDATE must find it, a handover included. What is supervised is
    # an exception: nobody writes it who does not supervise it, and officers see none, not even in their own organ.
    if model.scoping.kind is Kind.FOLLOWS:
        read = f"({read}) OR ((rule IN ('=internal', '=case', '=directory') OR audience IS NOT NULL) AND ({write}))"
    elif model.scoping.kind is not Kind.SUPERVISED:
        read = f"({read}) OR ({write})"
    sql = [f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"]
    for name, clause in (
        ("sz_read", f"FOR SELECT TO {role} USING ({read})"),
        ("sz_insert", f"FOR INSERT TO {role} WITH CHECK ({write})"),
        ("sz_update", f"FOR UPDATE TO {role} USING ({write}) WITH CHECK ({write})"),
        ("sz_delete", f"FOR DELETE TO {role} USING ({write})"),
    ):
        sql += [f"DROP POLICY IF EXISTS {name} ON {table}", f"CREATE POLICY {name} ON {table} {clause}"]
    # A county is far less than a hundredth of a nation's rows: with the usual histogram it would be guessed at.
    sql.append(f"ALTER TABLE {table} ALTER COLUMN path SET STATISTICS {HISTOGRAM}")
    rights = "SELECT, INSERT" if model.scoping.insert_only else "SELECT, INSERT, UPDATE, DELETE"
    sql += [f"REVOKE ALL ON {table} FROM {role}", f"GRANT {rights} ON {table} TO {role}"]
    return sql


def install(using: str = "owner") -> None:
    """Bring rights and policies of every table in step with the models. Run as the owner after each migration."""
    role = settings.DATABASES["default"]["USER"] or "sz_app"
    quoted = '"' + role.replace('"', '""') + '"'
    for line in LINES:
        if not line.isidentifier():
            raise ValueError(f"business line {line!r} can't name a setting")
    with connections[using].cursor() as cursor:
        for model in apps.get_models(include_auto_created=True):
            # Unmanaged ones count too: the queue's tables are made by procrastinate's own migrations.
            if model._meta.proxy:
                continue
            if issubclass(model, Scoped):
                cursor.execute(";\n".join(statements(model, quoted)))
            elif _exists(cursor, model):
                table, rights = f'"{model._meta.db_table}"', "SELECT, INSERT"
                if not getattr(model, "insert_only", False):
                    rights += ", UPDATE, DELETE"
                cursor.execute(f"REVOKE ALL ON {table} FROM {quoted}; GRANT {rights} ON {table} TO {quoted}")
        cursor.execute(f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {quoted}")
        cursor.execute("SELECT to_regclass('public.django_migrations') IS NOT NULL")
        if cursor.fetchone()[0]:  # /healthz compares what is applied with what this version has
            cursor.execute(f"GRANT SELECT ON django_migrations TO {quoted}")
        for file in definer_functions():
            sql = file.read_text(encoding="utf-8").replace("{role}", quoted).replace("{lines}", ",".join(LINES))
            cursor.execute(sql)


def definer_functions() -> list[Path]:
    """Files ``sql/*.sql`` of the apps: functions that run as the owner, the one way around the policies.

    Each repeats the scope's condition or answers only about the caller; an architecture test holds the list.
    """
    return [file for config in apps.get_app_configs() for file in sorted(Path(config.path, "sql").glob("*.sql"))]


def _exists(cursor, model: type[Model]) -> bool:
    cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [f'public."{model._meta.db_table}"'])
    return bool(cursor.fetchone()[0])
