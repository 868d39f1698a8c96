"""Manifest of the desk: the first page, the boards and what the frame around every page holds."""

from shuzheng.base.core.manifest import AppManifest, Board

BOARDS = (
    Board("management", "机关事务", "building-bank", 1),
    Board("logistics", "后勤服务", "tools-kitchen-2", 2),
    Board("public", "公共服务", "heart-handshake", 3),
    Board("support", "综合保障", "shield-check", 4),
    Board("office", "智慧办公", "briefcase", 5),
    Board("admin", "平台管理", "settings", 6),
)
"""The four boards of the 2021 description, the office, and what keeps the platform itself."""

FULL_NAMES = {
    "management": "智慧机关事务管理",
    "logistics": "智慧后勤服务",
    "public": "智慧公共服务",
    "support": "智慧综合保障",
    "office": "智慧办公",
    "admin": "平台管理",
}

MANIFEST = AppManifest(name="desk", label="工作台", icon="layout-dashboard", url_prefix="/")
