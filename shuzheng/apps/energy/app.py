"""Manifest of energy management: the register of public institutions by period, the monthly ledger, the scheme's tables."""

from shuzheng.base.core.manifest import AppManifest, EventType, MenuEntry, Permission, RegisterNames

AUTHORITY = "an authority keeps the energy records of the institutions below it"

MANIFEST = AppManifest(
    name="energy",
    label="公共机构节能",
    icon="leaf",
    board="management",
    order=5,
    permissions=[
        Permission("energy.overview.view", "查看节能概览"),
        Permission("energy.table.view", "查看节能综合表"),
        Permission("energy.table.export", "导出节能综合表"),
        Permission("energy.quality.view", "查看数据质量"),
        Permission("energy.member.leave", "移出公共机构名录"),
    ],
    registers=[
        RegisterNames("member", "名录机构", keepers=("business_admin",)),
        RegisterNames("month", "能耗台账", handover=AUTHORITY),
    ],
    events=[EventType("energy.member.left", "机构已移出名录")],
    handovers={f"energy.member.{verb}": AUTHORITY for verb in ("create", "change", "leave")},
    system_scopes={"energy.follow": "ends an institution's line in the register when the tree ends the institution"},
    role_permissions={
        "clerk": [
            "energy.overview.view", "energy.table.view", "energy.table.export", "energy.quality.view",
        ],
        "reviewer": [
            "energy.overview.view", "energy.table.view", "energy.table.export", "energy.quality.view",
        ],
        "leader": [
            "energy.overview.view", "energy.table.view", "energy.table.export", "energy.quality.view",
        ],
        "business_admin": [
            "energy.overview.view", "energy.table.view", "energy.table.export", "energy.quality.view",
            "energy.member.leave",
        ],
    },
    menu=[
        MenuEntry("节能概览", "energy:overview", "leaf", "energy.overview.view", watches="reporting"),
        MenuEntry("综合表", "energy:tables", "table", "energy.table.view", watches="reporting"),
        MenuEntry("数据质量", "energy:quality", "chart-dots", "energy.quality.view", watches="reporting"),
        MenuEntry("报告期名录", "energy:roster", "calendar", "energy.member.view", "名录与台账", "reporting"),
        MenuEntry("公共机构名录", "register:institutions", "building-community", "energy.member.view", "名录与台账"),
        MenuEntry("能耗台账", "register:ledgers", "notebook", "energy.month.view", "名录与台账"),
    ],
)  # fmt: skip
