"""The command line ``shuzheng``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from shuzheng.ops import doors
from shuzheng.ops.commands import COMMANDS, load_django, resolve
from shuzheng.ops.words import Trouble, complain, t


def parser() -> argparse.ArgumentParser:
    """All commands with their options."""
    root = argparse.ArgumentParser(prog="shuzheng", description=t("数正云", "Shuzheng Cloud"))
    commands = root.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name: str, zh: str, en: str, under: argparse._SubParsersAction = commands) -> argparse.ArgumentParser:
        command = under.add_parser(name, help=t(zh, en), description=t(zh, en))
        help_ = t("数据目录（默认 var，或 SZ_DATA）", "data folder (default var, or SZ_DATA)")
        command.add_argument("--data", type=Path, help=help_)
        return command

    def group(name: str, zh: str, en: str) -> argparse._SubParsersAction:
        return commands.add_parser(name, help=t(zh, en)).add_subparsers(dest="verb", required=True, metavar="VERB")

    up = add("up", "启动数据库、网页与后台任务", "start database, web and worker")
    up.add_argument("--detach", action="store_true", help=t("在后台运行", "run in the background"))
    up.add_argument("--no-demo", action="store_true", help=t("不装入演示数据", "load no demo data"))
    up.add_argument(
        "--gateway-port",
        type=int,
        help=t("定位网关的端口（默认网页端口加 808）", "port of the vehicle gateway (default: the web port plus 808)"),
    )
    down = add("down", "停止", "stop what up started")
    down.set_defaults(detach=False)
    add("status", "查看运行状态", "what is running")
    web = add("web", "只运行网页进程", "the web process alone")
    web.add_argument("--workers", type=int, default=1)
    web.add_argument(
        "--wsgi", action="store_true", help=t("只服务页面（多核时更快）", "pages only (faster on many cores)")
    )
    for command in (up, web):
        command.add_argument("--host", default="127.0.0.1")
        command.add_argument("--port", type=int, default=8000)
    worker = add("worker", "只运行后台任务进程", "the worker alone")
    worker.add_argument("--concurrency", type=int, default=4)
    gateway = add("gateway", "只运行定位网关进程", "the gateway of vehicle terminals alone")
    gateway.add_argument("--host", default="0.0.0.0")  # noqa: S104 -- terminals come from everywhere
    gateway.add_argument("--port", type=int, default=8808)
    gateway.add_argument("--workers", type=int, default=1, help=t("进程数，一核一个", "processes, one a core"))
    gateway.add_argument("--shard", type=int, help=argparse.SUPPRESS)
    add("prepare", "以库主身份建表并迁移", "migrate, as the owner")
    add("init", "初始化一个正式部署", "initialise a real deployment").add_argument(
        "--name", help=t("根节点名称", "name of the root node")
    )
    add("load", "装入本版本的内置标准、报表和流程", "put in what ships with this version")
    demo = add("demo", "装入演示数据", "load the demo nation")
    demo.add_argument("--scale", choices=("small", "province", "nation"), default="small")
    org = add("import", "导入机构", "import organs", group("org", "机构", "organs"))
    org.add_argument("file", type=Path)
    add("verify", "校验审计链", "verify the audit trail", group("audit", "审计", "audit trail"))
    index = add("reindex", "重建检索", "index for the search anew", group("search", "检索", "search"))
    index.add_argument("kinds", nargs="*", metavar="KIND", help=t("只重建这些类别", "only these kinds"))
    replay = add("replay", "重新处理事件", "let a subscriber take events up again", group("events", "事件", "events"))
    replay.add_argument("subscriber")
    replay.add_argument("--since", default="", help=t("从何时起（2026-11-22）", "since when (2026-11-22)"))
    replay.add_argument("--dead", action="store_true", help=t("只处理失败的", "only what failed"))
    add("rotate", "轮换数据密钥", "rotate the data keys", group("keys", "密钥", "keys"))
    for name, zh, en in (
        ("backup", "备份到目录", "back up into a folder"),
        ("restore", "从目录恢复", "restore from a folder"),
    ):
        add(name, zh, en).add_argument("dir", type=Path)
    add("upgrade", "升级：备份、迁移、检查", "upgrade: back up, migrate, check")
    add("doctor", "检查部署并说明如何修复", "say what is wrong with a deployment and how to mend it")
    return root


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit code: 0 done, 1 a fault said in words, 2 wrong usage, 130 interrupted."""
    args = parser().parse_args(argv)
    if args.data is not None:
        os.environ["SZ_DATA"] = str(args.data.absolute())
    name = f"{args.command} {args.verb}" if hasattr(args, "verb") else args.command
    path, needs_django = COMMANDS[name]
    try:
        if needs_django:
            with doors.opened():
                load_django()
                return resolve(path)(args)
        return resolve(path)(args)
    except Trouble as trouble:
        complain(trouble)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # who read us has read enough: `shuzheng status | head -1`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or the interpreter complains at its end
        return 141
    except Exception as error:
        if trouble := doors.as_trouble(error):
            complain(trouble)
            return 1
        raise
    finally:
        sys.stdout.flush()
