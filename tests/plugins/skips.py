"""Writes down why tests were skipped, for the account at the end of `make test`."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path

import pytest

_reasons: Counter[str] = Counter()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Called in the controller too when xdist runs the tests."""
    if report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        _reasons[reason.removeprefix("Skipped: ")] += 1


def pytest_sessionfinish() -> None:
    if "PYTEST_XDIST_WORKER" not in os.environ and "SZ_SKIPPED" in os.environ:
        Path(os.environ["SZ_SKIPPED"]).write_text(json.dumps(_reasons, ensure_ascii=False))
