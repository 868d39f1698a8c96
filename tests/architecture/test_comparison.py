"""docs/comparison.md claims what tests show: each test that it names exists, and its rows say one of three words."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/comparison.md").read_text(encoding="utf-8")


def test_every_test_that_the_comparison_names_exists():
    known = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)\(", path.read_text(encoding="utf-8"), re.M)
    }
    named = set(re.findall(r"`(test_\w+)`", PAGE))
    assert len(named) > 60
    assert named - known == set()


def test_every_row_says_whether_it_is_there_and_what_is_there_shows_how():
    rows = [line for line in PAGE.splitlines() if re.match(r"\| (?!#|feature|wish|capability|---)", line)]
    assert len(rows) > 50
    for row in rows:
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        assert cells[-2] in ("have", "part", "no"), row
        assert cells[-1], row
