"""Loads the program once, for workers that are forked (``bench.endurance``). It opens no connection: each worker has its own."""

from __future__ import annotations

from bench.house import set_up

set_up()

from bench import cases  # noqa: E402, F401 -- with all that a worker needs
