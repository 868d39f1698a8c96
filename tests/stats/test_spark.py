"""Every shipped indicator on Apache Spark (local mode) and on DuckDB: equal to the last digit."""

from __future__ import annotations

import shutil
from dataclasses import replace
from importlib.util import find_spec

import pytest

from shuzheng.base.stats import engines
from shuzheng.base.stats import queries as stats
from shuzheng.base.stats.declare import INDICATORS
from shuzheng.base.stats.question import Question
from tests.stats.conftest import scope

MISSING = [
    name
    for name, there in (("pyspark", find_spec("pyspark")), ("Java (openjdk-17-jre-headless)", shutil.which("java")))
    if not there
]
pytestmark = [pytest.mark.slow, pytest.mark.skipif(bool(MISSING), reason=f"Spark needs {', '.join(MISSING)}")]
NAMES = tuple(n for n, i in INDICATORS.items() if i.form == "energy-quarterly")


def both(settings, question: Question, reader) -> tuple:
    answers = []
    for engine in ("duckdb", "spark"):
        settings.SZ_STATS_ENGINE = engine
        answers.append(stats.ask(question, scope=reader))
    return tuple(answers)


@pytest.fixture(autouse=True)
def local(settings):
    settings.SZ_SPARK_MASTER = "local[2]"


@pytest.fixture(scope="module", autouse=True)
def stopped():
    yield
    engines.SPARK.stop()


def test_every_shipped_indicator_is_the_same_on_spark_and_duckdb(made, settings):
    assert len(NAMES) > 20
    coarse = Question(NAMES, ("province", "type", "period"), ("2025", "2025"))
    for tree in ("now", "then"):
        duck, spark = both(settings, replace(coarse, tree=tree), scope("11/", "12/01/"))
        assert duck.rows == spark.rows and duck.total == spark.total
        assert len(duck.rows) > 40
    fine = tuple(n for n in NAMES if {"month", "kind"} <= set(INDICATORS[n].dimensions))
    duck, spark = both(settings, Question(fine, ("province", "month", "kind"), minimum=2, tier=4), scope(""))
    assert duck.rows == spark.rows and duck.total == spark.total
    assert len(duck.rows) == 3 * 12 * 8


def test_a_county_sees_its_own_on_spark_too(made, settings):
    duck, spark = both(settings, Question(("energy.total",), ("county", "institution")), scope("11/01/01/"))
    assert duck.rows == spark.rows
    assert {r.keys[0] for r in spark.rows} == {"11/01/01/"}
