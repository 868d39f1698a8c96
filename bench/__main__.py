"""``python -m bench [NAME …]`` measures and writes ``bench/latest.json``; ``python -m bench soak`` the full size."""

from __future__ import annotations

import argparse
import importlib
import sys
import time
from pathlib import Path

from bench import house, measure, soak
from bench.measure import Result

LATEST = Path(__file__).resolve().parent / "latest.json"
NAMES = (
    "start",
    "planning",
    "lists",
    "search",
    "actions",
    "signin",
    "stats",
    "people",
    "upload",
    "reorganise",
    "approvals",
    "flows",
    "tracks",
)
"""In this order: what changes many rows comes last."""
ALONE = ("start", "planning")
"""These need no deployment."""


def main(argv: list[str]) -> int:
    """Exit code 1 when a bar is missed."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)}; all when none is given")
    parser.add_argument("--places", type=int, help="rows of the list (5,000,000)")
    parser.add_argument("--keep", action="store_true", help="keep the deployment in var/bench and find it again")
    asked = parser.parse_args(argv)
    if unknown := set(asked.names) - set(NAMES):
        parser.error(f"no benchmark {sorted(unknown)}")
    names = [name for name in NAMES if name in asked.names or not asked.names]
    begin = time.monotonic()
    results = _measured(names, asked)
    print("\n" + measure.table(results) + f"\n\n{time.monotonic() - begin:.0f} s")
    if not asked.names and not asked.places:
        content = {"at": measure.now(), "machine": measure.machine(), "results": [r.as_json() for r in results]}
        measure.write(LATEST, content)
    return 1 if any(r.ok is False for r in results) else 0


def _measured(names: list[str], asked: argparse.Namespace) -> list[Result]:
    results: list[Result] = []
    for name in ALONE:
        if name in names:
            results += _one(name)
    names = [name for name in names if name not in ALONE]
    if not names:
        return results
    with house.deployment(keep=asked.keep):
        from bench import stock

        _say("loading the demo nation and the places")
        begin = time.monotonic()
        stock.fill(asked.places or stock.PLACES)
        _say(f"loaded in {time.monotonic() - begin:.0f} s")
        for name in names:
            results += _one(name)
    return results


def _one(name: str) -> list[Result]:
    found = []
    for result in importlib.import_module(f"bench.{name}").run():
        found.append(result)
        _say("  ".join(cell for cell in result.cells() if cell))
    return found


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(soak.main() if sys.argv[1:2] == ["soak"] else main(sys.argv[1:]))
