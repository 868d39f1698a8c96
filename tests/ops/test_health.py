"""Health and metrics inside one process; the rest is in test_up and test_bad_days, against running servers."""

from __future__ import annotations

import json

import pytest
import structlog
from django.db import connections
from django.test import Client
from prometheus_client import CollectorRegistry

from shuzheng.config.logging import clean
from shuzheng.ops.health import DatabaseCollector


@pytest.mark.django_db(transaction=True)
def test_pending_migration_takes_the_pages_out_of_service(client: Client) -> None:
    assert client.get("/healthz").status_code == 200
    with connections["owner"].cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'core' AND name = '0001_initial'")
    try:
        answer = client.get("/healthz")
        assert answer.status_code == 503 and answer.json()["migrations"] == "1 pending"
    finally:
        with connections["owner"].cursor() as cursor:
            cursor.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('core', '0001_initial', now())")


@pytest.mark.django_db
def test_failed_jobs_are_counted_by_state() -> None:
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_jobs (task_name, queue_name, status, args) VALUES ('x', 'default', 'failed', '{}')"
        )
    registry = CollectorRegistry()
    registry.register(DatabaseCollector())
    assert registry.get_sample_value("shuzheng_jobs", {"state": "failed"}) == 1
    assert registry.get_sample_value("shuzheng_outbox_lag_seconds") == 0
    assert registry.get_sample_value("shuzheng_database_up") == 1


@pytest.mark.django_db
def test_metrics_from_elsewhere_need_the_token(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SZ_METRICS_TOKEN", "a-long-token")
    elsewhere = {"REMOTE_ADDR": "203.0.113.9"}
    assert client.get("/metrics", **elsewhere).status_code == 404
    assert client.get("/metrics", headers={"Authorization": "Bearer wrong"}, **elsewhere).status_code == 404
    assert client.get("/metrics", headers={"Authorization": "Bearer a-long-token"}, **elsewhere).status_code == 200


@pytest.mark.django_db
def test_request_id_of_the_proxy_is_kept_and_a_strange_one_is_not(client: Client) -> None:
    assert client.get("/healthz", headers={"X-Request-ID": "0123456789abcdef"})["X-Request-ID"] == "0123456789abcdef"
    assert client.get("/healthz", headers={"X-Request-ID": "<script>alert(1)"})["X-Request-ID"].isalnum()


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"event": "call 13812345678 back"}, {"event": "call *** back"}),
        ({"event": "id 11010519491231002X"}, {"event": "id ***"}),
        ({"password": "geheim", "new_token": "t"}, {"password": "***", "new_token": "***"}),
        ({"event": "order 20261122000113812345678"}, {"event": "order 20261122000113812345678"}),
    ],
)
def test_logs_hide_secrets_and_personal_numbers(given: dict[str, str], kept: dict[str, str]) -> None:
    assert clean(None, "info", dict(given)) == kept


def test_log_lines_are_json() -> None:
    renderer = structlog.processors.JSONRenderer(ensure_ascii=False)
    assert json.loads(renderer(None, "info", dict(clean(None, "info", {"event": "已恢复", "ms": 3})))) == {
        "event": "已恢复",
        "ms": 3,
    }
