"""The registers of official vehicles. What they share (who sees, who keeps) stands in the manifest."""

from shuzheng.apps.vehicles.registers import alerts, fleet, tracks, trips, upkeep

__all__ = ["alerts", "fleet", "tracks", "trips", "upkeep"]
