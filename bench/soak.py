"""The full size, step by step: ``python -m bench soak``. What is done is kept in ``var/soak``, so that it can be broken off.

Run again, it goes on behind the last finished step; with ``--fresh`` it begins anew. The result stands in ``bench/soak.json``.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench import house, measure

RESULT = Path(__file__).resolve().parent / "soak.json"
FOLDER = house.ROOT / "var" / "soak"
PAGES = 15
"""How often a page's question is asked; the median counts."""
COUNTIES = 3000
"""Of the deadline day, with twenty institutions each."""
INSTANCES = 100_000
"""Of the flows."""
KILLS = (60, 600)
"""Decisions between two kills of a worker, drawn in between."""
TERMINALS = 20_000
"""That are connected at once."""
FUZZ = 600
"""Seconds of hostile bytes."""
INSTITUTIONS = 1_586_000
"""Of the pivot, with 96 facts each (12 months of 8 kinds), and of the checks."""


def main() -> int:
    """All parts, unless some are named."""
    parser = argparse.ArgumentParser(prog="bench soak", description=__doc__)
    parser.add_argument("--part", "--scale", dest="parts", choices=list(PARTS), action="append")
    parser.add_argument("--fresh", action="store_true", help="forget what was done")
    parser.add_argument("--counties", type=int, default=COUNTIES, help=f"of the deadline day ({COUNTIES:,})")
    parser.add_argument(
        "--institutions", type=int, default=INSTITUTIONS, help=f"of the pivot and the checks ({INSTITUTIONS:,})"
    )
    parser.add_argument("--terminals", type=int, default=TERMINALS, help=f"of the gateway ({TERMINALS:,})")
    parser.add_argument("--seconds", type=int, default=FUZZ, help=f"of fuzzing ({FUZZ})")
    parser.add_argument("--instances", type=int, default=INSTANCES, help=f"of the flows ({INSTANCES:,})")
    asked = parser.parse_args([word for word in sys.argv[1:] if word != "soak"])
    if asked.parts and len(asked.parts) == 1:
        soak = Soak(asked.parts[0], asked.counties, asked.institutions, asked.instances, fresh=asked.fresh)
        soak.terminals, soak.seconds = asked.terminals, asked.seconds
        soak.run()
        return 0
    for part in asked.parts or PARTS:  # each has a database of its own, and a process knows one
        words = [
            "--part",
            part,
            "--counties",
            str(asked.counties),
            "--institutions",
            str(asked.institutions),
            "--instances",
            str(asked.instances),
            "--terminals",
            str(asked.terminals),
            "--seconds",
            str(asked.seconds),
        ]
        words += ["--fresh"] if asked.fresh else []
        if code := subprocess.run([sys.executable, "-m", "bench", "soak", *words], cwd=house.ROOT).returncode:
            return code
    return 0


class Soak:
    """One part. ``done`` has the finished steps with what they took."""

    def __init__(
        self, part: str, counties: int = COUNTIES, institutions: int = INSTITUTIONS, instances: int = INSTANCES, *,
        fresh: bool = False,
    ) -> None:  # fmt: skip
        self.instances, self.terminals, self.seconds = instances, TERMINALS, FUZZ
        self.part, self.folder, self.counties, self.institutions = part, FOLDER / part, counties, institutions
        self.state = self.folder / "done.json"
        if fresh:
            house.remove(self.folder)
        self.done: list[dict[str, Any]] = json.loads(self.state.read_text()) if self.state.exists() else []

    def run(self) -> None:
        """Every step that is not done yet; then the result file."""
        with house.deployment(self.folder, keep=True):
            for name, step in PARTS[self.part](self):
                if name in {item.get("step", item["name"]) for item in self.done}:
                    continue
                for item in _taken(name, step):
                    self.done.append({**item, "load": measure.machine()["load"]})
                    print(f"{item['name']}: {measure.amount(item['ours'], item['unit'])}  ({item['how']})", flush=True)
                measure.write(self.state, self.done)  # type: ignore[arg-type]
        self._publish()

    def _publish(self) -> None:
        """Put this part's results in place of its earlier ones; those of the others stay."""
        content = json.loads(RESULT.read_text(encoding="utf-8")) if RESULT.exists() else {"results": []}
        names = {item["name"] for item in self.done}
        kept = [item for item in content["results"] if item["name"] not in names]
        day = (measure.now(), measure.machine())
        mine = [{**item, "at": day[0]} for item in self.done]
        measure.write(RESULT, {"at": day[0], "machine": day[1], "results": [*kept, *mine]})


def _taken(name: str, step: Callable[[], Any]) -> list[dict[str, Any]]:
    """What a step came to: one that gives results, or seconds and words, has measured itself; one that gives words is measured here."""
    begin = time.perf_counter()
    said = step()
    if isinstance(said, str):
        said = time.perf_counter() - begin, said
    if isinstance(said, tuple):
        return [{"name": name, "ours": round(said[0], 4), "unit": "s", "how": said[1]}]
    return [{"step": name, **result.as_json()} for result in said]


def _named(at: str, results: Iterable[measure.Result]) -> list[measure.Result]:
    return [replace(result, name=f"{at}: {result.name}") for result in results]


def _scale(soak: Soak) -> Steps:
    """The demo at a scale, and a round for everybody in it."""
    from bench import reporting

    at = soak.part
    return [
        (f"demo --scale {at}", lambda: reporting.load(at)),
        (f"{at}: size of the database", lambda: reporting.size()),
        (f"{at}: a round is issued and opened", reporting.open_round),
        (f"{at}: board of the nation", lambda: reporting.board(PAGES)),
        (f"{at}: board of a province", lambda: reporting.board(PAGES, "33/")),
        (f"{at}: an institution fills in and hands in", reporting.fill),
        (f"{at}: a county approves what was handed in", reporting.approve),
        (f"{at}: deltas are folded", reporting.fold),
        (f"{at}: roll-up of the county", lambda: reporting.totals(PAGES)),
        (f"{at}: drill down at the nation", lambda: reporting.drill(PAGES)),
        (f"{at}: audit verify", reporting.verify),
    ]


def _checks(soak: Soak) -> Steps:
    """Checks and outliers of one quarter of everybody, against the four quarters before it."""
    from bench import checking, reporting

    return [
        ("checks: demo --scale small", lambda: reporting.load("small")),
        ("checks: institutions", lambda: checking.institutions(soak.institutions)),
        ("checks: five quarters of everybody", checking.stock),
        ("checks: checks of a quarter", lambda: _named("checks", checking.findings())),
        ("checks: outliers of a quarter", lambda: _named("checks", checking.outliers())),
    ]


def _pivot(soak: Soak) -> Steps:
    """The national pivot over a year, in DuckDB and in Spark; another number of institutions has a lake of its own."""
    number = soak.institutions

    def both() -> list[measure.Result]:
        from bench import stats

        return list(stats.nation(soak.folder / f"lake-{number}", number))

    return [(f"pivot: {number * 96 / 1e6:.0f} million facts", both)]


def _deadline(soak: Soak) -> Steps:
    """A quarter's last evening: every county hands in at once."""
    from bench import deadline, reporting

    return [
        ("deadline day: demo --scale small", lambda: reporting.load("small")),
        ("deadline day: institutions, clerks, tokens", lambda: deadline.people(soak.counties)),
        ("deadline day: a round is issued and opened", reporting.open_round),
        ("deadline day: burst", deadline.burst),
        ("deadline day: none lost, none double", deadline.complete),
        ("deadline day: four tiers approve", deadline.approvals),
        ("deadline day: roll-up", deadline.exact),
    ]


def _flows(soak: Soak) -> Steps:
    """Instances of a ten-step process, with workers killed at random; broken off, it goes on where it stopped."""
    number = soak.instances

    def drive() -> list[measure.Result]:
        from bench import cases, endurance

        cases.house()
        workers = os.cpu_count() or 1
        run = endurance.drive(number, cases.CODE, cases.STARTER, workers=workers, kills=KILLS, environment={})
        if wrong := endurance.exact(number, cases.CODE, cases.SIGNERS):
            raise AssertionError(wrong)
        how = (
            f"{number:,} instances of ten steps with two countersignatures, {run.decisions:,} decisions by {workers} workers;"
            f" {run.kills:,} times one of them was killed: none lost, no step twice, each told once that it ended"
        )
        return [measure.Result("flows: endurance", run.throughput, how, unit="steps/s")]

    from bench import reporting

    return [("flows: demo --scale small", lambda: reporting.load("small")), (f"flows: {number:,} instances", drive)]


def _jt808(soak: Soak) -> Steps:
    """Hostile bytes against the JT/T 808 parser, for as long as asked; each kind of test gets a third."""
    from bench import fuzz

    return [(f"jt808: {soak.seconds} s of fuzzing", lambda: fuzz.run(soak.seconds))]


def _gateway(soak: Soak) -> Steps:
    """Many terminals connected, the database killed in between: none lost, and how long until the map has it."""
    from bench import connected, reporting

    return [
        ("gateway: demo --scale small", lambda: reporting.load("small")),
        (f"gateway: {soak.terminals:,} terminals", lambda: connected.run(soak.folder, soak.terminals)),
    ]


Steps = list[tuple[str, Callable[[], Any]]]
PARTS: dict[str, Callable[[Soak], Steps]] = {
    "province": _scale, "nation": _scale, "checks": _checks, "deadline": _deadline, "pivot": _pivot, "flows": _flows,
    "jt808": _jt808, "gateway": _gateway,
}  # fmt: skip

__all__ = ["Soak", "main"]

if __name__ == "__main__":
    sys.exit(main())
