"""The demo nation: ``shuzheng demo --scale small|province|nation``. The same every time, but for the day it is loaded on."""

from __future__ import annotations

import argparse
import sys
import time


def accounts() -> list[tuple[str, str, str]]:
    """User name, password and what one sees with it: the table that ``shuzheng up`` prints."""
    from shuzheng.ops.demo.personas import PASSWORD, PERSONAS

    return [(p.username, PASSWORD, p.what) for p in PERSONAS]


def run(args: argparse.Namespace) -> int:
    """Load the demo nation into an empty database, in one transaction; a database with a nation is left alone."""
    from shuzheng.ops.demo.load import load

    began = time.monotonic()

    def tick(what: str, done: int, total: int) -> None:
        if sys.stdout.isatty():
            print(f"\r  {what} {done:,} / {total:,}".ljust(48), end="", flush=True)

    loaded = load(args.scale, tick)
    seconds = time.monotonic() - began
    print(f"\r演示数据已装入，{seconds:.0f} 秒。" if loaded else "\r库里已有机构，演示数据不装入。", flush=True)
    return 0
