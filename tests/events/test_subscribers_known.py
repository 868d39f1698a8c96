"""A worker knows every subscriber, though it never loads a page."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ASK = """
import json, django
django.setup()
from shuzheng.base.events.subscribers import SUBSCRIBERS
print(json.dumps(sorted(SUBSCRIBERS)))
"""


def test_subscribers_of_every_app_are_there_as_soon_as_the_program_starts():
    said = subprocess.run([sys.executable, "-c", ASK], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    known = set(json.loads(said))
    assert {"forms.open", "files.alert", "standards.reread"} <= known
    files = [*ROOT.glob("shuzheng/base/*/events.py"), *ROOT.glob("shuzheng/apps/*/events.py")]
    taking = {f.parent.name for f in files if "@subscribe" in f.read_text(encoding="utf-8")}
    assert taking == {name.split(".")[0] for name in known} - {"test"}
