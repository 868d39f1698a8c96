"""An app that only listens: it writes down each event that it takes up, and passes it on as a notice."""

from shuzheng.base.core.manifest import AppManifest

MANIFEST = AppManifest(
    name="listener",
    label="监听",
    system_scopes={"listener.take": "writes down what it heard", "tests": "sets up data for tests"},
    unscoped={"listener_heard": "ids of events; for tests"},
)
