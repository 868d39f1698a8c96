"""Which function answers which command. Functions are named, not imported: a command loads only what it needs."""

from __future__ import annotations

import argparse
import importlib
import os
from collections.abc import Callable

# name -> (module:function, loads Django first)
COMMANDS: dict[str, tuple[str, bool]] = {
    "up": ("shuzheng.ops.supervisor:up", False),
    "down": ("shuzheng.ops.running:down", False),
    "status": ("shuzheng.ops.running:status", False),
    "web": ("shuzheng.ops.processes:web", False),
    "worker": ("shuzheng.ops.processes:worker", False),
    "gateway": ("shuzheng.ops.processes:gateway", False),
    "prepare": ("shuzheng.ops.processes:prepare", False),
    "backup": ("shuzheng.ops.backup:backup", False),
    "restore": ("shuzheng.ops.backup:restore", False),
    "upgrade": ("shuzheng.ops.backup:upgrade", False),
    "doctor": ("shuzheng.ops.doctor:run", False),
    "init": ("shuzheng.ops.shipped:init_command", True),
    "load": ("shuzheng.ops.shipped:command", True),
    "demo": ("shuzheng.ops.demo:run", True),
    "org import": ("shuzheng.base.org.files:import_command", True),
    "audit verify": ("shuzheng.base.audit.verify:command", True),
    "search reindex": ("shuzheng.base.search.reindex:command", True),
    "events replay": ("shuzheng.base.events.replay:command", True),
    "keys rotate": ("shuzheng.base.core.keys:rotate_command", True),
}


def load_django() -> None:
    """Settings and apps, for commands that work on records."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shuzheng.config.settings")
    import django

    django.setup()


def resolve(path: str) -> Callable[[argparse.Namespace], int]:
    """The function that ``module:function`` names."""
    module, _, name = path.partition(":")
    function: Callable[[argparse.Namespace], int] = getattr(importlib.import_module(module), name)
    return function
