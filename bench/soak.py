"""The full size, step by step: ``python -m bench soak``. What is done is kept in ``var/soak``, so that it can be broken off.

Run again, it goes on behind the last finished step; with ``--fresh`` it begins anew. The result stands in ``bench/soak.json``.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench import house, measure

RESULT = Path(__file__).resolve().parent / "soak.json"
FOLDER = house.ROOT / "var" / "soak"
PAGES = 15
"""How often a page's question is asked; the median counts."""


def main() -> int:
    """Both scales, unless one is named."""
    parser = argparse.ArgumentParser(prog="bench soak", description=__doc__)
    parser.add_argument("--scale", choices=("province", "nation"), action="append")
    parser.add_argument("--fresh", action="store_true", help="forget what was done")
    asked = parser.parse_args([word for word in sys.argv[1:] if word != "soak"])
    for scale in asked.scale or ("province", "nation"):
        Soak(scale, fresh=asked.fresh).run()
    return 0


class Soak:
    """One scale. ``done`` has the finished steps with what they took."""

    def __init__(self, scale: str, *, fresh: bool) -> None:
        self.scale, self.folder = scale, FOLDER / scale
        self.state = self.folder / "done.json"
        if fresh:
            house.remove(self.folder)
        self.done: list[dict[str, Any]] = json.loads(self.state.read_text()) if self.state.exists() else []

    def run(self) -> None:
        """Every step that is not done yet; then the result file."""
        with house.deployment(self.folder, keep=True):
            for name, step in self.steps():
                if name in {item["name"] for item in self.done}:
                    continue
                seconds, what = _taken(step)
                self.done.append({"name": name, "ours": round(seconds, 4), "unit": "s", "how": what})
                measure.write(self.state, self.done)  # type: ignore[arg-type]
                print(f"{name}: {measure.amount(seconds, 's')}  ({what})", flush=True)
        self._publish()

    def steps(self) -> list[tuple[str, Callable[[], Any]]]:
        """Names and functions; one that gives seconds and words has measured itself, one that gives words is measured here."""
        from bench import reporting

        at = self.scale
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

    def _publish(self) -> None:
        """Put this scale's results in place of its earlier ones; those of the other scale stay."""
        content = json.loads(RESULT.read_text(encoding="utf-8")) if RESULT.exists() else {"results": []}
        names = {item["name"] for item in self.done}
        kept = [item for item in content["results"] if item["name"] not in names]
        day = (measure.now(), measure.machine())
        mine = [{**item, "at": day[0]} for item in self.done]
        measure.write(RESULT, {"at": day[0], "machine": day[1], "results": [*kept, *mine]})


def _taken(step: Callable[[], Any]) -> tuple[float, str]:
    begin = time.perf_counter()
    said = step()
    seconds = time.perf_counter() - begin
    return said if isinstance(said, tuple) else (seconds, said)


__all__ = ["Soak", "main"]

if __name__ == "__main__":
    sys.exit(main())
