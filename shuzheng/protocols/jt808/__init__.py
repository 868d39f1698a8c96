"""JT/T 808, what vehicle terminals speak over TCP: editions 2011, 2013 and 2019, both ways, in plain Python.

``frames``: bytes on the wire, a stream cut into frames, parts put together. ``messages``: what a frame says, as typed
values. ``location``: positions with their additional items. ``simulator``: a terminal to test with.
Whatever arrives, nothing but ``ProtocolError`` is raised, and no buffer grows past its limit.
"""

from shuzheng.protocols.jt808.errors import ProtocolError
from shuzheng.protocols.jt808.frames import Edition, Frame, Frames, Parts, pack, unpack
from shuzheng.protocols.jt808.location import Location
from shuzheng.protocols.jt808.messages import Message, decode, encode

__all__ = [
    "Edition", "Frame", "Frames", "Location", "Message", "Parts", "ProtocolError", "decode", "encode", "pack", "unpack",
]  # fmt: skip
