"""Manifest of the register kit."""

from shuzheng.base.core.manifest import AppManifest

MANIFEST = AppManifest(
    name="registers",
    label="台账",
    icon="list-details",
    url_prefix="r",
    handovers={"registers.comment.create": "a remark on a record is kept with the record, whoever makes it"},
)
