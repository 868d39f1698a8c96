"""Expressions as SQL give what Python gives, on a real PostgreSQL."""

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings

from shuzheng.kernel.expr import BOOLEAN, NUMBER, TEXT, ExprError, Program, compile, sql_type
from tests.kernel.expr_cases import CASES, ENVS, NAMES, Case, expressions

pytestmark = pytest.mark.django_db


def ask(program: Program, declared, env):
    """The value over one row whose columns are the names."""
    columns = {name: f'r."{name}"' for name in declared}
    sql = program.sql(columns)
    row = ", ".join(f'%s::{sql_type(t)} AS "{name}"' for name, t in declared.items()) or "1"
    values = [list(v) if isinstance(v, tuple) else v for v in (env.get(name) for name in declared)]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {sql.text} FROM (SELECT {row}) AS r", [*sql.params, *values])
        return cursor.fetchone()[0]


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.text)
def test_sql_gives_the_value_of_the_suite(case: Case):
    assert ask(case.program(), case.declared, case.env) == case.value


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(expressions(), ENVS)
def test_sql_gives_what_python_gives(text, env):
    try:
        program = compile(text, NAMES)
        value = ask(program, NAMES, env)
    except ExprError as error:
        assert "过大" in error.message or "太复杂" in error.message
        return
    assert value == program(env)


def test_sql_runs_over_a_set_of_rows():
    program = compile("round(a / b, 2)", {"a": NUMBER, "b": NUMBER})
    sql = program.sql({"a": "x.a", "b": "x.b"})
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {sql.text} FROM (VALUES (1.0, 3), (1, 0), (NULL, 2)) AS x(a, b)", sql.params)
        assert [str(v) if v is not None else None for (v,) in cursor.fetchall()] == ["0.33", None, None]


def test_condition_lets_equality_use_an_index():
    program = compile('单位 = "市局" and 电 > 0', {"单位": TEXT, "电": NUMBER}, BOOLEAN)
    columns = {"单位": '"unit"', "电": '"e"'}
    assert program.sql(columns, condition=True).text == '(("unit" = %s::text) AND ("e" > 0::numeric))'
    assert "IS NOT DISTINCT FROM" in program.sql(columns).text
    inside = compile('not(单位 = "市局")', {"单位": TEXT}, BOOLEAN)
    assert "IS NOT DISTINCT FROM" in inside.sql(columns, condition=True).text


def test_text_goes_as_parameter_and_percent_in_a_column_is_kept():
    program = compile('a = "x\'); DROP TABLE t; --%s"', {"a": TEXT})
    sql = program.sql({"a": 'r."50%"'})
    assert "DROP" not in sql.text
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT {sql.text} FROM (SELECT %s::text AS "50%%") AS r', [*sql.params, "x"])
        assert cursor.fetchone() == (False,)


def test_sql_that_would_grow_without_bound_is_refused():
    text = "a"
    for _ in range(12):
        text = f"(({text}) ** 3 in ([1..2], [3..4], [5..6]) and a > 1)"
        text = f"(if {text} then 1 else 2)"
    with pytest.raises(ExprError, match="太复杂"):
        compile(text, {"a": NUMBER}).sql({"a": "a"})
