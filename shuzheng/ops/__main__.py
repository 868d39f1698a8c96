"""``python -m shuzheng.ops``: what ``.venv/bin/shuzheng`` runs."""

import sys

from shuzheng.ops.cli import main

sys.exit(main())
