"""`shuzheng doctor`: what is wrong with a deployment, and how to mend each thing."""

from __future__ import annotations

import argparse
import os
import re
import shutil
import stat
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from shuzheng.ops import doors, running
from shuzheng.ops.binaries import OLDEST
from shuzheng.ops.pg import FREE_MB, Cluster
from shuzheng.ops.words import Trouble, say, t

GOOD, WARN, BAD = "ok", "warn", "bad"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    level: str
    what: str
    remedy: str = ""


def run(args: argparse.Namespace) -> int:
    """Look at everything and say it; exit code 1 when something is broken."""
    findings: list[Finding] = []
    for look in (_python, _data_folder, _secrets, _assets, _addresses, _database):
        findings += look()
    marks = {GOOD: "✓", WARN: "!", BAD: "✗"}
    for finding in findings:
        say(f"{marks[finding.level]} {finding.what}")
        if finding.remedy:
            say(f"    → {finding.remedy}")
    bad = [finding for finding in findings if finding.level == BAD]
    if bad and os.environ.get("SZ_DOCTOR") == "upgrade":  # the upgrade shows stderr as its reason
        raise Trouble(bad[0].what, bad[0].remedy)
    say("")
    warnings = sum(finding.level == WARN for finding in findings)
    say(t(f"{len(bad)} 处故障，{warnings} 处提醒。", f"{len(bad)} faults, {warnings} warnings."))
    return 1 if bad else 0


def _python() -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    fits = (3, 11) <= sys.version_info[:2] <= (3, 14)
    yield Finding(
        GOOD if fits else BAD,
        f"Python {version}",
        "" if fits else t("使用 Python 3.11 至 3.14。", "Use Python 3.11 to 3.14."),
    )


def _data_folder() -> Iterator[Finding]:
    folder = doors.data_folder()
    there = next(parent for parent in (folder, *folder.parents) if parent.exists())
    if not os.access(there, os.W_OK | os.X_OK):
        yield Finding(
            BAD,
            t(f"数据目录 {folder} 不可写", f"data folder {folder} is not writable"),
            t(f"chown 或 chmod {there}", f"chown or chmod {there}"),
        )
        return
    free = shutil.disk_usage(there).free // 1_000_000
    need = int(os.environ.get("SZ_MIN_FREE_MB", FREE_MB))
    level = BAD if free < need else WARN if free < 10 * need else GOOD
    remedy = "" if level == GOOD else t("清理磁盘或换更大的盘。", "Free some space or take a larger disk.")
    yield Finding(level, t(f"数据目录 {folder}，剩余 {free} MB", f"data folder {folder}, {free} MB free"), remedy)


def _secrets() -> Iterator[Finding]:
    folder = doors.data_folder()
    for path in sorted(
        [*folder.glob("secret_key"), *folder.glob("pepper"), *folder.glob("kek*"), *folder.glob("keys/*")]
    ):
        if not path.is_file():
            continue
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            yield Finding(
                BAD, t(f"{path} 他人可读（{mode:o}）", f"{path} is readable by others ({mode:o})"), f"chmod 600 {path}"
            )
        else:
            yield Finding(GOOD, t(f"{path.name} 权限正确", f"{path.name} has the right mode"))


def _assets() -> Iterator[Finding]:
    for path, words in (
        (doors.ROOT / "dist" / "manifest.json", t("前端资源", "front-end files")),
        (doors.ROOT / "shuzheng/locale/en/LC_MESSAGES/django.mo", t("英文译文", "English texts")),
    ):
        if path.exists():
            yield Finding(GOOD, t(f"{words}已构建", f"{words} are built"))
        else:
            yield Finding(
                BAD,
                t(f"缺少{words}（{path}）", f"{words} are missing ({path})"),
                t("运行 make build。", "Run make build."),
            )


def _addresses() -> Iterator[Finding]:
    hosts = [h for h in os.environ.get("SZ_HOSTS", "").split(",") if h]
    if "*" in hosts:
        yield Finding(
            BAD,
            t("SZ_HOSTS 含 *，任何域名都会被接受", "SZ_HOSTS has *: any host name is accepted"),
            t("写明域名。", "Name the hosts."),
        )
    if hosts and os.environ.get("SZ_HTTPS", "") not in {"1", "true", "yes", "on"}:
        yield Finding(
            WARN,
            t("没有启用 HTTPS（SZ_HTTPS）", "HTTPS is off (SZ_HTTPS)"),
            t("在反向代理上启用 TLS 后设 SZ_HTTPS=1。", "Set SZ_HTTPS=1 once the proxy speaks TLS."),
        )
    if os.environ.get("SZ_DEBUG", "") in {"1", "true", "yes", "on"}:
        yield Finding(
            BAD,
            t("SZ_DEBUG 已打开，会泄露内部信息", "SZ_DEBUG is on and tells internals"),
            t("取消 SZ_DEBUG。", "Unset SZ_DEBUG."),
        )


def _database() -> Iterator[Finding]:
    if not doors.outside():
        folder = doors.data_folder()
        if not (folder / "pg.lock").exists():
            yield Finding(
                WARN,
                t("还没有内置数据库", "there is no embedded database yet"),
                t("运行 shuzheng up。", "Run shuzheng up."),
            )
            return
        cluster = Cluster(folder)
        if not cluster.alive():
            held = running.is_held(folder)
            yield Finding(
                BAD if held else WARN,
                t("内置数据库没有运行", "the embedded database is not running"),
                t(f"查看 {cluster.home / 'log'}", f"see {cluster.home / 'log'}")
                if held
                else t("运行 shuzheng up。", "Run shuzheng up."),
            )
            return
        url = cluster.url("sz_app", doors.NAME)
    else:
        url = os.environ["DATABASE_URL"]
    try:
        yield from _inside(url)
    except Trouble as trouble:
        yield Finding(BAD, trouble.what, trouble.remedy)


def _inside(url: str) -> Iterator[Finding]:
    with doors.connect(url) as connection:
        version = connection.info.server_version // 10000
        old = version < OLDEST
        yield Finding(
            BAD if old else GOOD,
            f"PostgreSQL {version}",
            t("需要 15 或以上。", "15 or later is needed.") if old else "",
        )
        encoding = connection.info.parameter_status("server_encoding")
        yield Finding(
            GOOD if encoding == "UTF8" else BAD,
            t(f"库编码 {encoding}", f"database encoding {encoding}"),
            "" if encoding == "UTF8" else t("以 UTF8 重建库。", "Make the database anew in UTF8."),
        )
        yield from _role(url)
        one: Callable[[str], object] = lambda query: (connection.execute(query).fetchone() or [None])[0]  # noqa: E731
        if not one("SELECT to_regclass('public.django_migrations') IS NOT NULL"):
            yield Finding(
                BAD,
                t("库里还没有表", "there are no tables yet"),
                t(
                    "运行 shuzheng prepare（需 DATABASE_OWNER_URL）。",
                    "Run shuzheng prepare (needs DATABASE_OWNER_URL).",
                ),
            )
            return
        yield from _current(
            {(app, name) for app, name in connection.execute("SELECT app, name FROM django_migrations").fetchall()}
        )
        bare = connection.execute(
            "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid "
            "JOIN pg_attribute b ON b.attrelid = c.oid WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relrowsecurity "
            "AND a.attname = 'node_id' AND b.attname = 'path' AND NOT c.relispartition AND has_table_privilege(c.oid, 'SELECT') ORDER BY 1"
        ).fetchall()
        names = ", ".join(row[0] for row in bare)
        yield Finding(
            BAD if bare else GOOD,
            t(f"没有行级策略的表：{names}", f"tables without row policies: {names}")
            if bare
            else t("行级策略已启用", "row policies are on"),
            t("运行 shuzheng prepare 重建策略。", "Run shuzheng prepare to make them anew.") if bare else "",
        )
        held = one("SELECT to_regclass('public.forms_recount')")  # not before its migration ran
        wrong = int(str(one("SELECT coalesce(sum(wrong), 0) FROM forms_recount"))) if held else 0
        yield Finding(
            BAD if wrong else GOOD,
            t(f"{wrong} 个区划的综合表与逐格重算不一致", f"{wrong} roll-ups differ from their cells")
            if wrong
            else t("综合表与逐格重算一致", "roll-ups agree with their cells"),
            t("见日志 rollups differ；在综合表页核对。", "See the log (rollups differ); recount on the roll-up's page.")
            if wrong
            else "",
        )
        age = one("SELECT extract(epoch FROM now() - max(last_heartbeat))::float FROM procrastinate_workers")
        beats = isinstance(age, float) and age < 60
        yield Finding(
            GOOD if beats else WARN,
            t("后台进程有心跳", "the worker is alive") if beats else t("没有运行中的后台进程", "no worker is running"),
            ""
            if beats
            else t(
                "启动 shuzheng worker，否则通知、提醒与审计封存会停。",
                "Start shuzheng worker; without it notices, reminders and sealing stop.",
            ),
        )


def _role(url: str) -> Iterator[Finding]:
    kept = {name: os.environ.get(name) for name in ("DATABASE_URL", "DATABASE_OWNER_URL")}
    os.environ["DATABASE_URL"] = url
    os.environ.pop("DATABASE_OWNER_URL", None)  # an operator may hold both; the question here is about the role
    try:
        doors.refuse_owner()
        yield Finding(GOOD, t("运行角色没有多余的权力", "the running role has no undue power"))
    except Trouble as trouble:
        yield Finding(BAD, trouble.what, trouble.remedy)
    finally:
        for name, value in kept.items():
            os.environ.pop(name, None) if value is None else os.environ.__setitem__(name, value)


def _current(applied: set[tuple[str, str]]) -> Iterator[Finding]:
    """Our own migrations, compared by their files: Django's loader would need settings, which may be what is broken."""
    pending = []
    for path in sorted((doors.ROOT / "shuzheng").glob("*/*/migrations/[0-9]*.py")):
        label = path.parents[1].name
        if re.match(r"\d{4}_", path.name) and (label, path.stem) not in applied:
            pending.append(f"{label}.{path.stem}")
    yield Finding(
        BAD if pending else GOOD,
        t(f"有 {len(pending)} 个迁移没有执行：{pending[0]}…", f"{len(pending)} migrations are pending: {pending[0]} …")
        if pending
        else t("数据表是当前版本", "tables are of this version"),
        t("运行 shuzheng upgrade。", "Run shuzheng upgrade.") if pending else "",
    )
