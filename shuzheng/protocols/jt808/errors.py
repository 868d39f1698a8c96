"""The one fault of this package."""

from __future__ import annotations


class ProtocolError(ValueError):
    """Bytes that are no JT/T 808, or that we do not take. ``place`` names the field, ``offset`` the byte within it."""

    def __init__(self, place: str, why: str, offset: int = 0) -> None:
        super().__init__(f"{place} (byte {offset}): {why}")
        self.place, self.why, self.offset = place, why, offset
