"""A minute of hostile bytes finds nothing (docs/measuring.md: ten minutes of the same in the endurance run)."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shuzheng.protocols.jt808 import Edition, Frame
from shuzheng.protocols.jt808 import messages as m
from tests.protocols.jt808 import fuzzing

pytestmark = pytest.mark.slow
long = settings(max_examples=12_000, deadline=None, suppress_health_check=list(HealthCheck))


@long
@given(fuzzing.streams, st.integers(1, 40))
def test_no_stream_raises_anything_but_the_one_fault(stream: bytes, size: int) -> None:
    fuzzing.survives(stream, size)


@long
@given(fuzzing.bodies, st.sampled_from(Edition))
def test_a_body_that_is_read_is_read_alike_when_written_again(frame: Frame, edition: Edition) -> None:
    fuzzing.settles(frame, edition)


@long
@given(fuzzing.messages, st.sampled_from(Edition))
def test_a_message_means_the_same_after_the_wire(message: m.Message, edition: Edition) -> None:
    fuzzing.means_the_same(message, edition)
