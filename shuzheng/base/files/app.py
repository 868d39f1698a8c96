"""Manifest of files."""

from shuzheng.base.core.manifest import AppManifest, EventType, MenuEntry, Permission

MANIFEST = AppManifest(
    name="files",
    label="附件",
    icon="paperclip",
    board="admin",
    order=7,
    permissions=[
        Permission("files.attachment.add", "上传附件"),
        Permission("files.attachment.remove", "删除附件"),
        Permission("files.block.view", "查看保密拦截"),
        Permission("files.block.release", "解除保密拦截（保密审查）"),
        Permission("files.word.save", "维护保密词表"),
    ],
    role_permissions={
        "clerk": ["files.attachment.add", "files.attachment.remove"],
        "reviewer": ["files.attachment.add", "files.attachment.remove", "files.block.view", "files.block.release"],
        "business_admin": ["files.attachment.add", "files.attachment.remove"],
        "security_officer": ["files.block.view", "files.word.save"],
    },
    events=[
        EventType("files.attachment.added", "附件已上传"),
        EventType("files.attachment.removed", "附件已删除"),
        EventType("files.upload.blocked", "疑似涉密文件已拦截"),
    ],
    system_scopes={
        "files.alert": "tells those who review secrecy of an upload that was blocked",
        "files.tidy": "removes stored files that no attachment names",
    },
    handovers={"files.block.release": "a reviewer releases what was blocked in the organs below"},
    menu=[
        MenuEntry("保密拦截", "files:blocks", "shield-lock", "files.block.view", "安全"),
        MenuEntry("保密词表", "files:words", "file-search", "files.word.save", "安全"),
    ],
)
