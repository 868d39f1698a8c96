"""What `make test`, `make check` and their kin run: the parts in order, and at the end what was skipped and how to add it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SKIPPED = ROOT / "build" / "skipped"  # one file a part, written by tests/plugins/skips.py
CHROMIUM = os.environ.get("SZ_CHROMIUM", "/usr/bin/chromium")
PLUGINS = ("-p", "django", "-p", "xdist", "-p", "hypothesispytest", "-p", "tests.plugins.skips")
BROWSER_PLUGINS = ("-p", "playwright")


def _pytest(part: str, *arguments: str) -> int:
    SKIPPED.mkdir(parents=True, exist_ok=True)
    SKIPPED.joinpath(f"{part}.json").unlink(missing_ok=True)
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "SZ_SKIPPED": str(SKIPPED / f"{part}.json")}
    command = [sys.executable, "-m", "pytest", "-q", *PLUGINS, *arguments]
    code = subprocess.run(command, env=environment, cwd=ROOT, check=False).returncode
    return 0 if code == 5 else code  # 5: the part has no test


def _without_browser(part: str, which: str, extra: Sequence[str]) -> int:
    # In the order of conftest.py, the slow first: else one of them runs alone at the end.
    files = ("--dist", "loadfile", "--no-loadscope-reorder")
    return _pytest(part, "-n", "2", *files, "-m", which, *extra)


def _fast(extra: Sequence[str]) -> int:
    """What two minutes allow."""
    return _without_browser("fast", "not browser and not slow", extra)


def _server(extra: Sequence[str]) -> int:
    return _without_browser("server", "not browser", extra)


def _browser(extra: Sequence[str]) -> int:
    if not Path(CHROMIUM).exists():
        SKIPPED.mkdir(parents=True, exist_ok=True)
        SKIPPED.joinpath("browser.json").write_text(json.dumps({"the browser journeys: no Chromium": 1}))
        return 0
    return _pytest("browser", *BROWSER_PLUGINS, "-n", "2", "--dist", "loadfile", "-m", "browser", *extra)


def _account() -> int:
    """Name what was skipped; whether anything was."""
    reasons: dict[str, int] = {}
    for path in SKIPPED.glob("*.json"):
        for reason, count in json.loads(path.read_text()).items():
            reasons[reason] = reasons.get(reason, 0) + count
    if not reasons:
        print("\nNothing was skipped.")
        return 0
    print("\nSkipped:")
    for reason, count in sorted(reasons.items()):
        print(f"  {count} × {reason}")
    packages = [] if Path(CHROMIUM).exists() else ["chromium", "fonts-noto-cjk"]
    if not any(Path("/usr/lib/postgresql").glob("1[5-8]/bin/initdb")):
        packages.append("postgresql")
    if packages:
        print(f"To run it too: sudo apt-get install -y {' '.join(packages)} && make test")
    return len(reasons)


def test(parts: Sequence[str], extra: Sequence[str]) -> int:
    """Run the parts; all of them also when an early one fails, so that one run tells everything."""
    shutil.rmtree(SKIPPED, ignore_errors=True)
    begin = time.monotonic()
    codes = [PARTS[part](extra) for part in parts]
    skipped = _account()
    print(f"{time.monotonic() - begin:.0f} s")
    if skipped and os.environ.get("SZ_FAIL_ON_SKIP"):
        print("A skip counts as a failure here (SZ_FAIL_ON_SKIP).")
        return 1
    return max(codes)


PARTS = {"fast": _fast, "server": _server, "browser": _browser}


def check() -> int:
    """Format, lint, types, import contracts, missing migrations, catalogue, islands; two at a time."""
    python = [sys.executable, "-m"]
    bare = {k: v for k, v in os.environ.items() if not k.startswith("DATABASE_")}
    bare["PATH"] = f"{ROOT / '.venv/bin'}:{bare['PATH']}"
    jobs: list[tuple[str, list[str]]] = [
        ("types of the kernel", [*python, "mypy"]),
        ("import contracts", [str(ROOT / ".venv/bin/lint-imports"), "--no-cache"]),
        ("types of the islands", ["npm", "run", "--silent", "check"]),
        ("tests of the islands", ["npm", "run", "--silent", "test"]),
        ("missing migrations", [sys.executable, "manage.py", "makemigrations", "--check", "--dry-run"]),
        ("catalogue", [*python, "shuzheng.ops.catalogue", "missing"]),
        ("lint", [*python, "ruff", "check", "."]),
        ("format", [*python, "ruff", "format", "--check", "."]),
    ]

    def run(job: tuple[str, list[str]]) -> tuple[str, float, subprocess.CompletedProcess[str]]:
        begin = time.monotonic()
        done = subprocess.run(job[1], cwd=ROOT, env=bare, capture_output=True, text=True, check=False)
        return job[0], time.monotonic() - begin, done

    faults = 0
    with ThreadPoolExecutor(2) as pool:
        for name, seconds, done in pool.map(run, jobs):
            print(f"{'ok  ' if done.returncode == 0 else 'FAIL'} {name} ({seconds:.0f} s)", flush=True)
            if done.returncode:
                faults += 1
                print(done.stdout[-6000:] + done.stderr[-3000:])
    return 1 if faults else 0


def main(argv: Sequence[str]) -> int:
    verb, *extra = argv
    if verb == "check":
        return check()
    return test(["server", "browser"] if verb == "all" else [verb], extra)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
