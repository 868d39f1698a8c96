"""The dummy app's tests run in a session of their own, with ``SZ_APPS=tests.dummy`` (tests/registers/test_dummy_app.py)."""

from __future__ import annotations

import os

collect_ignore_glob = [] if "tests.dummy" in os.environ.get("SZ_APPS", "").split(",") else ["test_*.py"]
