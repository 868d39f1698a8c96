"""Documents as PDF: a Typst source and its data in, the file out; with a Chinese font of its own, so that every server sets alike."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import typst

FONTS = Path(__file__).parent
"""Noto Sans CJK SC with the 20,902 ideographs of GBK; what lies beyond is taken from the fonts of the machine."""


def pdf(source: Path, data: Mapping[str, Any], at: datetime | None = None) -> bytes:
    """Set ``source`` with ``data``, which it reads as ``json(bytes(sys.inputs.data))``; the same input gives the same file.

    Args:
        at: the moment that the file names as its making; the beginning of 1970 unless given, so that files can be compared.
    """
    made: bytes = typst.compile(
        str(source), root=str(source.parent), font_paths=[str(FONTS)], format="pdf",
        sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
        timestamp=int((at or datetime(1970, 1, 1, tzinfo=UTC)).timestamp()),
    )  # fmt: skip
    return made


__all__ = ["FONTS", "pdf"]
