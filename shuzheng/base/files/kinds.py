"""What may be uploaded: the ending, the first bytes and the inside must say the same thing."""

from __future__ import annotations

import re
import stat
import zipfile
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO

from django.utils.translation import gettext as _

from shuzheng.kernel.errors import Invalid

OLE2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ZIP = b"PK\x03\x04"

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

# ending -> (media type, first bytes; none means text, member that a zip must hold)
KINDS: dict[str, tuple[str, tuple[bytes, ...], str]] = {
    "pdf": ("application/pdf", (b"%PDF-",), ""),
    "png": ("image/png", (b"\x89PNG\r\n\x1a\n",), ""),
    "jpg": ("image/jpeg", (b"\xff\xd8\xff",), ""),
    "jpeg": ("image/jpeg", (b"\xff\xd8\xff",), ""),
    "webp": ("image/webp", (b"RIFF",), ""),
    "docx": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", (ZIP,), "word/document.xml"),
    "xlsx": (XLSX, (ZIP,), "xl/workbook.xml"),
    "pptx": (
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        (ZIP,),
        "ppt/presentation.xml",
    ),
    "ofd": ("application/ofd", (ZIP,), "OFD.xml"),
    "doc": ("application/msword", (OLE2,), ""),
    "xls": ("application/vnd.ms-excel", (OLE2,), ""),
    "ppt": ("application/vnd.ms-powerpoint", (OLE2,), ""),
    "wps": ("application/vnd.ms-works", (OLE2, ZIP), ""),
    "et": ("application/vnd.ms-excel", (OLE2, ZIP), ""),
    "dps": ("application/vnd.ms-powerpoint", (OLE2, ZIP), ""),
    "zip": ("application/zip", (ZIP,), ""),
    "txt": ("text/plain", (), ""),
    "csv": ("text/csv", (), ""),
}
# Endings that run, or that a browser draws as a page of ours. None of them may stand anywhere in a name.
PAGES = frozenset(["htm", "html", "xhtml", "shtml", "svg", "svgz", "xml", "xsl", "mht", "mhtml", "hta", "swf"])
PROGRAMS = frozenset(
    [*["exe", "com", "bat", "cmd", "ps1", "vbs", "vbe", "js", "jse", "wsf", "wsh", "msi", "msp", "scr", "pif", "cpl", "dll"],
     *["sys", "jar", "sh", "bash", "py", "pl", "rb", "php", "phtml", "jsp", "jspx", "asp", "aspx", "lnk", "url", "reg"],
     *["inf", "iso", "img", "apk", "docm", "xlsm", "pptm", "dotm", "xltm"]]
)  # fmt: skip
PACKED = frozenset(["zip", "rar", "7z", "gz", "tar"])
MARKUP = re.compile(rb"^\s*(?:\xef\xbb\xbf)?\s*<(?:!doctype|html|svg|script|\?xml|iframe|body)", re.I)
HIDDEN = re.compile(r"[\x00-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069]")

MEMBERS = 10_000
UNPACKED = 500 * 1024 * 1024
RATIO = 200
RATIO_FROM = 10 * 1024 * 1024
"""Unpacked bytes below which a high ratio is no bomb: an empty sheet packs well."""


@dataclass(frozen=True)
class Kind:
    """What a file was found to be."""

    ending: str
    media_type: str
    has_macros: bool


def clean_name(name: str) -> str:
    """The name without folders and without characters that hide or turn it round.

    Raises:
        Invalid: no name, an ending that isn't allowed, or a dangerous one before it (``合同.exe.pdf``).
    """
    plain = HIDDEN.sub("", name.replace("\\", "/")).rsplit("/", 1)[-1].strip(" .")
    parts = [part.lower() for part in plain.split(".")]
    if len(parts) < 2 or not parts[0] or parts[-1] not in KINDS:
        allowed = " ".join(KINDS)
        raise Invalid.one("file", _("不能上传这种文件。可以上传：{kinds}").format(kinds=allowed), value=plain)
    if hidden := [part for part in parts[1:-1] if part.strip() in PROGRAMS | PAGES]:
        raise Invalid.one("file", _("文件名中夹带“.{ending}”，请改名后再传。").format(ending=hidden[0]), value=plain)
    stem = plain[: -len(parts[-1]) - 1]
    return f"{stem[: 149 - len(parts[-1])]}.{parts[-1]}"


def identify(name: str, source: IO[bytes]) -> Kind:
    """What the content is; it must be what the (clean) name says.

    Raises:
        Invalid: it is something else, is a page or a script, is packed to burst, or can't be looked into.
    """
    ending = PurePosixPath(name).suffix[1:].lower()
    media_type, starts, member = KINDS[ending]
    source.seek(0)
    head = source.read(64 * 1024)
    if not head:
        raise Invalid.one("file", _("文件是空的。"), value=name)
    if MARKUP.match(head):
        raise Invalid.one("file", _("内容是网页或脚本，不能上传。"), value=name)
    if starts and not head.startswith(starts):
        raise Invalid.one("file", _("内容与扩展名“.{ending}”不符。").format(ending=ending), value=name)
    if ending == "webp" and head[8:12] != b"WEBP":
        raise Invalid.one("file", _("内容与扩展名“.{ending}”不符。").format(ending=ending), value=name)
    if not starts:
        check_text(name, head)
    macros = False
    if head.startswith(ZIP):
        macros = _check_zip(name, source, member)
    elif head.startswith(OLE2):
        macros = _holds(source, "_VBA_PROJECT".encode("utf-16-le"))
    return Kind(ending, media_type, macros)


def check_text(name: str, head: bytes) -> str:
    """The text, in whichever of the two encodings it is.

    Raises:
        Invalid: it is no text.
    """
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            # The last character may be cut in two.
            text = head[:-4].decode(encoding) if len(head) >= 64 * 1024 else head.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise Invalid.one("file", _("不是文本文件（须为 UTF-8 或 GB18030）。"), value=name)


def _check_zip(name: str, source: IO[bytes], member: str) -> bool:
    """Whether it holds macros.

    Raises:
        Invalid: broken, encrypted, a bomb, or not what it says.
    """
    source.seek(0)
    try:
        with zipfile.ZipFile(source) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise Invalid.one("file", _("压缩格式已损坏，打不开。"), value=name) from error
    if member and member not in {m.filename for m in members}:
        raise Invalid.one("file", _("内容与扩展名“.{ending}”不符。").format(ending=name.rsplit(".", 1)[-1]), value=name)
    if any(m.flag_bits & 1 for m in members):
        raise Invalid.one("file", _("文件设有密码，无法检查。请去掉密码后再传。"), value=name)
    unpacked, packed = sum(m.file_size for m in members), sum(m.compress_size for m in members) or 1
    if len(members) > MEMBERS or unpacked > UNPACKED or (unpacked > RATIO_FROM and unpacked / packed > RATIO):
        raise Invalid.one("file", _("压缩包展开后过大，疑似压缩炸弹。"), value=name)
    for m in members:
        inner = PurePosixPath(m.filename)
        if inner.is_absolute() or ".." in inner.parts or stat.S_ISLNK(m.external_attr >> 16):
            raise Invalid.one("file", _("压缩包内有指向外部的路径。"), value=name)
        if name.endswith(".zip") and inner.suffix[1:].lower() in PROGRAMS | PACKED:
            words = _("压缩包内有不能上传的文件：{inner}").format(inner=inner.name)
            raise Invalid.one("file", words, value=name)
    return any(m.filename.lower().endswith("vbaproject.bin") for m in members)


def _holds(source: IO[bytes], needle: bytes) -> bool:
    source.seek(0)
    tail = b""
    while chunk := source.read(1 << 20):
        if needle in tail + chunk:
            return True
        tail = chunk[-len(needle) :]
    return False
