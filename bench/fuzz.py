"""The fuzz tests of JT/T 808 (``tests/protocols/jt808/fuzzing.py``) for as long as asked."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.measure import Result
from shuzheng.protocols.jt808 import Edition
from tests.protocols.jt808 import fuzzing

EXAMPLES = 2_000
"""Of one round."""


def run(seconds: float) -> list[Result]:
    """How many examples found nothing; a find raises, with the bytes."""
    counted = 0

    def rounds(test: Callable[..., None], *what: st.SearchStrategy[Any]) -> None:
        nonlocal counted
        end = time.monotonic() + seconds / 3
        while time.monotonic() < end:

            @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
            @given(st.tuples(*what))
            def once(drawn: tuple[Any, ...]) -> None:
                test(*drawn)

            once()
            counted += EXAMPLES

    rounds(fuzzing.survives, fuzzing.streams, st.integers(1, 40))
    rounds(fuzzing.settles, fuzzing.bodies, st.sampled_from(Edition))
    rounds(fuzzing.means_the_same, fuzzing.messages, st.sampled_from(Edition))
    how = f"{seconds:.0f} s: streams in pieces, bodies read and written again, messages over the wire; nothing found"
    return [Result("jt808: fuzzing", counted, how, unit="examples")]
