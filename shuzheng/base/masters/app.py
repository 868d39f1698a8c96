"""Manifest of the masters that all apps share: places and parties."""

from shuzheng.base.core.manifest import AppManifest, EventType, MenuEntry, Permission, RegisterNames

AUTHORITY = "an authority keeps the places and suppliers of the organs below it"

MANIFEST = AppManifest(
    name="masters",
    label="位置与供应商",
    icon="map-pin",
    board="admin",
    order=4,
    registers=[
        RegisterNames("place", "位置", handover=AUTHORITY),
        RegisterNames("party", "供应商", handover=AUTHORITY),
    ],
    permissions=[Permission("masters.party.block", "禁用供应商"), Permission("masters.party.unblock", "解除禁用")],
    events=[
        EventType("masters.party.blocked", "供应商已禁用"),
        EventType("masters.party.unblocked", "供应商已解除禁用"),
    ],
    handovers={"masters.party.block": AUTHORITY, "masters.party.unblock": AUTHORITY},
    role_permissions={
        "leader": ["masters.party.block", "masters.party.unblock"],
        "business_admin": ["masters.party.block", "masters.party.unblock"],
    },
    menu=[
        MenuEntry("位置", "register:places", "map-pin", "masters.place.view", "基础数据"),
        MenuEntry("供应商", "register:parties", "building-community", "masters.party.view", "基础数据"),
    ],
)
