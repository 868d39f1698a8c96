"""Manifest of the register kit."""

from shuzheng.base.core.manifest import AppManifest

MANIFEST = AppManifest(
    name="registers",
    label="台账",
    icon="list-details",
    url_prefix="r",
    system_scopes={"registers.tidy": "removes sheets of imports and exports past their day"},
    handovers={"registers.comment.create": "a remark on a record is kept with the record, whoever makes it"},
)
