"""From ``make up`` on a machine that has the packages to the first page; and what the last soak said of the full size."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from bench import house
from bench.measure import Result

SOAK = Path(__file__).resolve().parent / "soak.json"


def run() -> Iterator[Result]:
    """Stated, not held to a bar."""
    yield Result(
        "make up, first page", _first_page(),
        "an empty data folder, packages and front end in place: database made, tables, demo nation, web; until the sign-in page is"
        " answered",
    )  # fmt: skip
    if SOAK.exists():
        for item in json.loads(SOAK.read_text(encoding="utf-8"))["results"]:
            if item["name"] == "demo --scale province":
                yield Result(item["name"], item["ours"], "of the last soak (bench/soak.json)")


def _first_page() -> float:
    folder = house.FOLDER.with_name("bench-up")
    house.remove(folder)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("DATABASE_", "SZ_"))}
    command = [sys.executable, "-m", "shuzheng.ops"]
    begin = time.perf_counter()
    up = subprocess.Popen(
        [*command, "up", "--port", str(port), "--data", str(folder)],
        cwd=house.ROOT, env=kept, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        while not _answers(port):
            if up.poll() is not None:
                raise RuntimeError(f"up ended with {up.returncode}")
            time.sleep(0.1)
        return time.perf_counter() - begin
    finally:
        up.terminate()
        up.wait(60)
        house.remove(folder)


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
