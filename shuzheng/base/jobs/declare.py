"""Declaring jobs: ``@job`` for the system, ``@job_for_actor`` for what somebody started. Both put ids in the queue, no data.

A job may be run again after a worker died in its middle, so its writes go through actions with keys (``run.key(…)``), or
are such that doing them twice changes nothing.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app as queue
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.exceptions import AlreadyEnqueued
from procrastinate.manager import JobManager

from shuzheng.base.access.actors import identify
from shuzheng.base.accounts.models import Account
from shuzheng.base.core.actor import Actor, system_actor
from shuzheng.base.core.registry import SYSTEM_SCOPES
from shuzheng.base.jobs.models import JobRun
from shuzheng.base.jobs.run import Run, Stopped
from shuzheng.kernel.errors import Denied, Fault

# Inside a worker the queue's own connector is another connection. Ours is Django's, so that what is deferred appears with
# the commit of the transaction that deferred it, in a job as well as in a request.
_manager = JobManager(DjangoConnector())


class Job:
    """A declared job. ``later`` defers it; calling it runs it here and now."""

    def __init__(self, name: str, function: Callable[..., Any], task: Any) -> None:
        self.name, self.function, self.task = name, function, task
        functools.update_wrapper(self, function)

    def __call__(self, **arguments: Any) -> Any:
        return self.task.func(**arguments)

    def later(self, *, at: datetime | None = None, lock: str = "", once: str = "", **arguments: Any) -> int | None:
        """Put it in the queue as part of the running transaction; returns the job's number in the queue.

        Args:
            at: not before this time.
            lock: jobs with the same lock run one after another.
            once: if a job with this word waits already, no second one is put in, and None is returned.
        """
        options = {"schedule_at": at, "lock": lock or None, "queueing_lock": once or None}
        deferrer = self.task.configure(**{k: v for k, v in options.items() if v is not None})
        deferrer.job_manager = _manager
        try:
            with transaction.atomic() if once else nullcontext():
                return int(deferrer.defer(**arguments))
        except AlreadyEnqueued:
            return None


def _name(function: Callable[..., Any]) -> str:
    return f"{function.__module__.split('.')[-2]}.{function.__name__}"


def _tries(tries: int) -> RetryStrategy | bool:
    """``tries`` in all. The queue counts only the tries after the first, and waits 2, 4, 8 … seconds between."""
    return RetryStrategy(max_attempts=tries - 1, exponential_wait=2) if tries > 1 else False


def job(*, scope: str, cron: str = "", tries: int = 3, atomic: bool = True) -> Callable[[Callable[..., Any]], Job]:
    """Make ``function(*, actor, …)`` a job of the system under the named scope.

    Args:
        scope: of the closed list in the manifests.
        cron: when it runs by itself (minute hour day month weekday). A run missed while no worker was up is made up for
            if it is less than ten minutes late; so a daily job asks what is due, and not what is due today.
        tries: how often in all it is tried when it fails.
        atomic: one transaction around all of it, with the scope. With False it opens ``actor.scope.activate()`` itself.

    Raises:
        UnknownName: the scope is not declared.
    """
    SYSTEM_SCOPES[scope]

    def decorate(function: Callable[..., Any]) -> Job:
        name = _name(function)

        def run(timestamp: int | None = None, **arguments: Any) -> None:
            actor = system_actor(scope)
            with actor.scope.activate() if atomic else nullcontext():
                function(actor=actor, **arguments)

        task = queue.task(name=name, retry=_tries(tries), queueing_lock=name if cron else None)(run)
        if cron:
            queue.periodic(cron=cron)(task)
        return Job(name, function, task)

    return decorate


class ActorJob(Job):
    """A declared job that runs as the person who started it."""

    def start(self, actor: Actor, title: str, **arguments: Any) -> JobRun:
        """Put it in the queue with a row that its starter sees under “我的任务”.

        Raises:
            Denied: the actor has no account (a job of the system uses ``@job``).
        """
        account = Account.objects.filter(person_id=actor.person_id).first()
        if account is None:
            raise Denied(_("后台任务须由有账号的人员发起。"))
        row = JobRun(
            person_id=actor.person_id, account_id=account.pk, post_id=actor.id, task=self.name, title=title[:120]
        )
        row.node_id, row.path = actor.organ_id, actor.organ_path
        # A token may hold fewer rights than its owner's post: the job gets no more than it had.
        limit = sorted(actor.grants) if "token" in actor.origin else None
        with actor.scope.activate():
            row.save(force_insert=True)
            self.later(run_id=str(row.pk), account_id=str(account.pk), post_id=str(actor.id), limit=limit, **arguments)
        return row


def job_for_actor(function: Callable[..., Any]) -> ActorJob:
    """Make ``function(run, *, actor, …)`` a job that runs with the rights its starter has when it runs.

    It runs outside a transaction: reads open ``actor.scope.activate()``, actions open their own. A ``Fault`` ends it with
    the fault's words; anything else is an error of ours and is raised. Its starter may stop it: where it next says how far
    it is (``run.advance``), it ends.
    """
    name = _name(function)

    def run(run_id: str, account_id: str, post_id: str, limit: list[str] | None = None, **arguments: Any) -> None:
        actor = rebuild(UUID(account_id), UUID(post_id), {"job": run_id}, limit)
        if actor is None:
            stranger = Run(UUID(run_id), system_actor("jobs.purge"))
            stranger.end(JobRun.State.FAILED, _("任职或账号已变动，任务没有执行。"))
            return
        running = Run(UUID(run_id), actor)
        if not running.begin():
            return
        try:
            message = function(running, actor=actor, **arguments)
        except Stopped:
            running.end(JobRun.State.STOPPED, _("已按要求停止。"))
        except Fault as fault:
            running.end(JobRun.State.FAILED, fault.message, getattr(fault, "faults", ()))
        except Exception:
            running.end(JobRun.State.FAILED, _("任务没有完成，数据以已完成的部分为准。请把编号告诉系统管理员。"))
            raise
        else:
            running.end(JobRun.State.DONE, message if isinstance(message, str) else "")

    task = queue.task(name=name)(run)
    return ActorJob(name, function, task)


def rebuild(account_id: UUID, post_id: UUID, origin: Mapping[str, str], limit: list[str] | None = None) -> Actor | None:
    """The actor as of now; None when the account is off or the post is no longer held."""
    identity = identify(account_id, post_id, origin)
    if identity is None or identity.actor.id != post_id:
        return None
    actor = identity.actor
    if limit is None:
        return actor
    return Actor(**{**actor.__dict__, "grants": {k: v for k, v in actor.grants.items() if k in limit}})


__all__ = ["ActorJob", "Job", "job", "job_for_actor", "rebuild"]
