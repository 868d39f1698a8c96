"""Manifest of the API: one door for programs, at ``/api/v1``."""

from shuzheng.base.core.manifest import AppManifest

MANIFEST = AppManifest(name="api", label="接口", icon="api", url_prefix="api/v1")
