"""A small business app, as docs/apps.md builds it: what it does not say, the base does."""

from shuzheng.base.core.manifest import AppManifest, RegisterNames

MANIFEST = AppManifest(name="dummy", label="试用应用", registers=[RegisterNames("meter", "表计")])
