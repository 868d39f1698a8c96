"""Manifest of jobs."""

from shuzheng.base.core.manifest import AppManifest, MenuEntry

MANIFEST = AppManifest(
    name="jobs",
    label="后台任务",
    icon="progress",
    board="admin",
    order=9,
    system_scopes={"jobs.purge": "removes finished jobs, used idempotency keys, old events and results past their day"},
    menu=[MenuEntry("我的任务", "jobs:mine", "progress")],
    unscoped={
        "procrastinate_jobs": "the queue: names of tasks and ids; a job opens its own scope",
        "procrastinate_events": "when a job of the queue began and ended",
        "procrastinate_periodic_defers": "when a periodic job was last put in the queue",
        "procrastinate_workers": "heartbeats",
    },
)
