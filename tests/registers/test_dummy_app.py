"""A business app stands on the base alone: the dummy app's own tests, in a session that has it installed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_dummy_app_gets_everything_from_one_declaration():
    drop = {"SZ_TEST_READY", "DATABASE_URL", "DATABASE_OWNER_URL", "PYTEST_XDIST_WORKER", "PYTEST_XDIST_TESTRUNUID"}
    env = {k: v for k, v in os.environ.items() if k not in drop}
    env |= {"SZ_APPS": "tests.dummy", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command = [sys.executable, "-m", "pytest", "-p", "django", "-q", "tests/dummy"]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout[-6000:]
    assert " passed" in done.stdout
