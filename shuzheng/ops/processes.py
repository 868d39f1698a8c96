"""The processes of the program: web, worker, the gateway of vehicle terminals, and the one that migrates."""

from __future__ import annotations

import argparse
import errno
import gc
import os
import socket
import sys

from shuzheng.ops import doors
from shuzheng.ops.commands import load_django
from shuzheng.ops.words import Trouble, say, t


def check_port(host: str, port: int) -> None:
    """Refuse a port that somebody else holds: two servers with SO_REUSEPORT would silently share it.

    Raises:
        Trouble: the port is taken, or may not be used, or the address isn't ours.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # TIME_WAIT of our own last run is no obstacle
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError as error:
            why = {
                errno.EADDRINUSE: t("已被别的程序占用", "is taken by another program"),
                errno.EACCES: t("需要特权（1024 以下）", "needs privileges (below 1024)"),
            }.get(error.errno or 0, str(error))
            raise Trouble(
                t(f"端口 {host}:{port} {why}。", f"Port {host}:{port} {why}."),
                t(
                    f"换一个端口，例如 --port {port + 1 if port >= 1024 else 8000}；或先停掉占用它的程序。",
                    f"Take another one, e.g. --port {port + 1 if port >= 1024 else 8000}, or stop that program first.",
                ),
            ) from error
        except OverflowError as error:
            raise Trouble(
                t(f"端口 {port} 不存在。", f"There is no port {port}."), t("用 1 至 65535。", "Use 1 to 65535.")
            ) from error


def web(args: argparse.Namespace) -> int:
    """Serve pages, events and sockets on one port. Replaces this process, so signals reach the server itself."""
    doors.refuse_owner()
    check_port(args.host, args.port)
    interface, app = ("wsgi", "wsgi") if args.wsgi else ("asginl", "asgi")
    options = ["--interface", interface, "--host", args.host, "--port", str(args.port), "--workers", str(args.workers)]
    options += ["--no-access-log", "--log-level", "warning", "--respawn-failed-workers", "--workers-kill-timeout", "5"]
    if args.wsgi:
        options += ["--blocking-threads", "2"]
    assets = doors.ROOT / "dist" / "assets"
    if assets.is_dir():
        # Names of these files carry a hash of the content: a year is safe.
        options += [
            "--static-path-route",
            "/static/assets",
            "--static-path-mount",
            str(assets),
            "--static-path-expires",
            "31536000",
        ]
    os.chdir(doors.ROOT)
    (doors.data_folder() / "static").mkdir(parents=True, exist_ok=True)  # WhiteNoise warns when it is missing
    os.execv(sys.executable, [sys.executable, "-m", "granian", *options, f"shuzheng.config.{app}:application"])  # noqa: S606


def worker(args: argparse.Namespace) -> int:
    """Run the jobs of the queue, periodic ones included, and what goes on beside it."""
    doors.refuse_owner()
    load_django()
    from django.core.management import call_command

    from shuzheng.base.jobs import loops

    with loops.running():  # sealing the trail, dispatching events
        call_command("procrastinate", "worker", concurrency=args.concurrency, shutdown_graceful_timeout=10)
    return 0


def gateway(args: argparse.Namespace) -> int:
    """Take in what vehicle terminals report (JT/T 808), one process a core.

    Raises:
        Trouble: the app of official vehicles is switched off, or the port is taken.
    """
    doors.refuse_owner()
    if args.shard is None:
        check_port(args.host, args.port)
    load_django()
    from django.apps import apps

    if not apps.is_installed("shuzheng.apps.vehicles"):
        raise Trouble(
            t("公务用车应用没有启用。", "The app of official vehicles is switched off."),
            t("在 SZ_APPS 中加入 shuzheng.apps.vehicles。", "Add shuzheng.apps.vehicles to SZ_APPS."),
        )
    from shuzheng.apps.vehicles.gateway.run import command

    return command(args.host, args.port, args.workers, args.shard)


def prepare(args: argparse.Namespace) -> int:
    """Tables, rights and policies brought to this version, as the owner.

    Raises:
        Trouble: the owner's URL is missing or doesn't let us in.
    """
    owner = os.environ.get("DATABASE_OWNER_URL")
    if not owner:
        raise Trouble(
            t(
                "迁移需要库主身份，但没有 DATABASE_OWNER_URL。",
                "Migrating needs the owner, and there is no DATABASE_OWNER_URL.",
            ),
            t(
                "为这一条命令设置 DATABASE_OWNER_URL（不要写进网页与后台进程的环境）。",
                "Set it for this one command (not for web and worker).",
            ),
        )
    gc.set_threshold(200_000, 20, 50)  # migrating makes thousands of model classes that refer to each other
    with doors.connect(owner) as connection:
        version = connection.info.server_version // 10000
    if version < 15:
        raise Trouble(
            t(
                f"数据库是 PostgreSQL {version}，需要 15 或以上。",
                f"The database is PostgreSQL {version}; 15 or later is needed.",
            ),
            t("升级数据库服务器，或改用内置数据库。", "Upgrade the server, or use the embedded one."),
        )
    load_django()
    from django.core.management import call_command

    call_command("migrate", database="owner", interactive=False, verbosity=0, skip_checks=True)
    say(t("数据表已就绪。", "Tables are ready."))
    return 0
