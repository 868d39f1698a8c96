"""Manifest of search."""

from shuzheng.base.core.manifest import AppManifest

MANIFEST = AppManifest(
    name="search",
    label="搜索",
    icon="search",
    system_scopes={"search.reindex": "reads all records that can be found and puts them into the search table anew"},
)
