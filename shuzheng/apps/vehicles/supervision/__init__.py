"""Supervision: what detectors find in the registers and what the track shows become warnings (docs/vehicles-supervision.md).

``detect`` holds pure functions over sets, ``scan`` feeds them from the registers at night, ``tracked`` reads facts of the
track, ``suspicion`` scores private use, ``found`` is what they all speak.
"""

from shuzheng.apps.vehicles.supervision.found import Found, Item, Limits

__all__ = ["Found", "Item", "Limits"]
