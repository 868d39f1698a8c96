"""``/healthz`` for load balancers and operators, ``/metrics`` for Prometheus, and the page for days without a database."""

from __future__ import annotations

import hmac
import os
import sys
from functools import cache
from html import escape

import structlog
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseServerError, JsonResponse
from django.template import TemplateDoesNotExist
from django.template.loader import render_to_string
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django_vite.core.exceptions import DjangoViteAssetNotFoundError
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest, multiprocess
from prometheus_client.core import GaugeMetricFamily
from psycopg_pool import PoolTimeout

from shuzheng.ops import doors

log = structlog.get_logger("shuzheng.request")

WORKER_SECONDS = 60  # procrastinate's workers write a heartbeat every 10 s; six missed means gone
LOOPBACK = {"127.0.0.1", "::1"}


@login_not_required
@require_safe
@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """200 when this process can serve: database answers, migrations are current. 503 otherwise, with the reason.

    A missing worker is told (``worker: "away"``) but doesn't take the pages out of service: they still work, jobs wait.
    """
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT extract(epoch FROM now() - max(last_heartbeat))::float FROM procrastinate_workers")
            age = cursor.fetchone()[0]
            cursor.execute("SELECT app, name FROM django_migrations")
            applied = set(cursor.fetchall())
    except (DatabaseError, PoolTimeout):
        return JsonResponse({"status": "down", "database": "away"}, status=503)
    pending = len(_migrations() - applied)
    return JsonResponse(
        {
            "status": "down" if pending else "ok",
            "database": "ok",
            "migrations": f"{pending} pending" if pending else "current",
            "worker": "ok" if age is not None and age < WORKER_SECONDS else "away",
        },
        status=503 if pending else 200,
    )


@cache
def _migrations() -> set[tuple[str, str]]:
    """All migrations of this version (read from the files once a process)."""
    return set(MigrationLoader(None, ignore_no_migrations=True).disk_migrations)


class DatabaseCollector:
    """Jobs, outbox and the soundness of what is stored, asked of the database when Prometheus comes by."""

    def collect(self):
        jobs = GaugeMetricFamily("shuzheng_jobs", "Jobs in the queue by state", labels=["state"])
        waiting = GaugeMetricFamily("shuzheng_jobs_oldest_seconds", "Age of the oldest job that is due and waits")
        worker = GaugeMetricFamily("shuzheng_worker_heartbeat_seconds", "Seconds since a worker's last heartbeat")
        outbox = GaugeMetricFamily(
            "shuzheng_outbox_deliveries", "Deliveries of events to subscribers by state", labels=["state"]
        )
        lag = GaugeMetricFamily(
            "shuzheng_outbox_lag_seconds", "Age of the oldest event that a subscriber still waits for"
        )
        recounted = GaugeMetricFamily(
            "shuzheng_rollups_recounted", "Roll-ups counted again from their cells, last time"
        )
        wrong = GaugeMetricFamily("shuzheng_rollups_wrong", "Roll-ups of them that differ from their cells")
        checked = GaugeMetricFamily(
            "shuzheng_rollups_recount_seconds", "Seconds since roll-ups were last counted again"
        )
        sealed = GaugeMetricFamily("shuzheng_audit_sealed", "Entries of the trail that the chain holds")
        up = GaugeMetricFamily("shuzheng_database_up", "Whether the database answers")
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT status::text, count(*) FROM procrastinate_jobs GROUP BY 1")
                for state, number in cursor.fetchall():
                    jobs.add_metric([state], number)
                cursor.execute(
                    "SELECT coalesce(max(extract(epoch FROM now() - coalesce(j.scheduled_at, e.at))), 0)::float "
                    "FROM procrastinate_jobs j JOIN procrastinate_events e ON e.job_id = j.id AND e.type = 'deferred' "
                    "WHERE j.status = 'todo' AND (j.scheduled_at IS NULL OR j.scheduled_at <= now())"
                )
                waiting.add_metric([], cursor.fetchone()[0])
                cursor.execute(
                    "SELECT extract(epoch FROM now() - max(last_heartbeat))::float FROM procrastinate_workers"
                )
                age = cursor.fetchone()[0]
                if age is not None:
                    worker.add_metric([], age)
                # Delivered ones are history, and many: only what is open is counted (partial indexes serve both).
                cursor.execute(
                    "SELECT state, count(*) FROM events_delivery WHERE state IN ('waiting', 'dead') GROUP BY 1"
                )
                for state, number in cursor.fetchall():
                    outbox.add_metric([state], number)
                cursor.execute(
                    "SELECT coalesce(extract(epoch FROM now() - least("
                    "(SELECT min(at) FROM events_event WHERE seq IS NULL), "
                    "(SELECT min(e.at) FROM events_delivery d JOIN events_event e ON e.id = d.event_id WHERE d.state = 'waiting')"
                    ")), 0)::float"
                )
                lag.add_metric([], cursor.fetchone()[0])
                cursor.execute(
                    "SELECT coalesce(sum(divisions), 0), coalesce(sum(wrong), 0), extract(epoch FROM now() - max(at))::float "
                    "FROM forms_recount"
                )
                counted, differing, age = cursor.fetchone()
                recounted.add_metric([], counted)
                wrong.add_metric([], differing)
                if age is not None:
                    checked.add_metric([], age)
                cursor.execute("SELECT coalesce(max(seq), 0) FROM audit_link")
                sealed.add_metric([], cursor.fetchone()[0])
                up.add_metric([], 1)
        except (DatabaseError, PoolTimeout):
            up.add_metric([], 0)
        return [jobs, waiting, worker, outbox, lag, recounted, wrong, checked, sealed, up]


@login_not_required
@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus' text format: to the machine itself, or to who sends ``Authorization: Bearer $SZ_METRICS_TOKEN``."""
    token = os.environ.get("SZ_METRICS_TOKEN", "")
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    # A proxy on this machine makes everybody look local: then only the token counts.
    local = request.META.get("REMOTE_ADDR") in LOOPBACK and "X-Forwarded-For" not in request.headers
    if not (local or (token and hmac.compare_digest(given.encode(), token.encode()))):
        raise Http404
    registry = CollectorRegistry()
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:  # several web workers: each writes its share there
        multiprocess.MultiProcessCollector(registry)
    own = b"" if "PROMETHEUS_MULTIPROC_DIR" in os.environ else generate_latest(REGISTRY)
    registry.register(DatabaseCollector())
    return HttpResponse(own + generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def server_error(request: HttpRequest) -> HttpResponse:
    """``handler500``. A database that is away or full is said as such (503, come again); anything else is ours (500)."""
    error = sys.exc_info()[1]
    trouble = doors.as_trouble(error) if error else None
    log.error("exception", route=request.resolver_match.route if request.resolver_match else "-", exc_info=error)
    if trouble:
        status, title = 503, _("系统暂时无法读写数据")
        detail = _("数据库没有应答。已提交成功的内容不会丢失，请稍后重试；持续出现请联系系统管理员。")
    else:
        status, title = 500, _("出错了")
        detail = _("这一步没有完成，数据没有改动。请重试；仍不行请把编号告诉系统管理员。")
    number = request.META.get("HTTP_X_REQUEST_ID", "")
    if request.path.startswith("/api/"):
        body = {"type": "about:blank", "title": title, "status": status, "detail": detail, "request_id": number}
        response: HttpResponse = JsonResponse(body, status=status, content_type="application/problem+json")
    else:
        response = HttpResponseServerError(_page(status, title, detail, number), status=status)
    if status == 503:
        response["Retry-After"] = "10"
    return response


def _page(status: int, title: str, detail: str, number: str) -> str:
    """The portal's page, which needs neither database nor session; a bare one where its files are not built."""
    try:
        return render_to_string(f"{status}.html", {"reason": detail, "error_id": number})
    except (TemplateDoesNotExist, DjangoViteAssetNotFoundError, OSError):
        label = escape(_("编号"))
        return (
            f'<!doctype html><html lang="{settings.LANGUAGE_CODE}"><meta charset="utf-8"><title>{escape(title)}</title>'
            f"<h1>{escape(title)}</h1><p>{escape(detail)}</p><p>{label} {escape(number)}</p></html>"
        )


urlpatterns = [path("healthz", healthz, name="healthz"), path("metrics", metrics, name="metrics")]
