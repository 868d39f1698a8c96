"""QR labels: what is printed and stuck on the thing. The code leads to the record's page; who may not see it finds nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import segno
from django.utils.safestring import SafeString, mark_safe

from shuzheng.base.registers.fields import Shown


@dataclass(frozen=True, slots=True)
class Label:
    """One label: the code as an inline SVG, and up to three lines, the first in bold."""

    code: SafeString
    lines: tuple[str, ...]


def qr_svg(text: str) -> SafeString:
    """A QR code as SVG without size or style: the stylesheet gives it its room. Correction level M bears a scratch."""
    code = segno.make(text, error="m", micro=False)
    svg = code.svg_inline(scale=1, border=2, svgclass=None, lineclass=None, omitsize=True)
    return mark_safe(svg)  # noqa: S308 -- made of numbers only


def qr_image(text: str) -> str:
    """The same code as an image of its own, for typeset pages: they want the namespace that a page of HTML does without."""
    file = BytesIO()
    segno.make(text, error="m", micro=False).save(
        file, kind="svg", border=2, xmldecl=False, svgclass=None, lineclass=None, omitsize=True
    )
    return file.getvalue().decode()


def label_rows(rows: Iterable[Any], shown: Sequence[Shown], url: Callable[[Any], str]) -> list[Label]:
    """A label for each row."""
    return [Label(qr_svg(url(row)), tuple(filter(None, (s.text(s.read(row)) for s in shown)))) for row in rows]
