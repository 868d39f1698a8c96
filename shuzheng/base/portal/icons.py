"""The icons that templates and manifests may name: the lines of ``islands/icons.txt``, built into one sprite."""

from __future__ import annotations

from functools import cache

from django.conf import settings
from django_vite.core.asset_loader import DjangoViteAssetLoader

SOURCE = "islands/icons.txt"


@cache
def names() -> frozenset[str]:
    """Every name in the sprite."""
    lines = (settings.BASE_DIR / SOURCE).read_text(encoding="utf-8").splitlines()
    return frozenset(line.strip() for line in lines if line.strip() and not line.startswith("#"))


@cache
def sprite_url() -> str:
    """The address of the built sprite; raises if the islands were never built."""
    return DjangoViteAssetLoader.instance().generate_vite_asset_url(SOURCE)
