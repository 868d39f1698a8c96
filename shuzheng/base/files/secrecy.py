"""The secrecy check before anything is stored (domain §10.3; 保守国家秘密法 Art. 31: no secrets in systems that aren't for them).

It looks at the name and at the text inside: marks that the law prescribes, and the words of the administrators. It finds
what is marked, not what should be; a scan or a photograph passes, which the upload's banner says.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from html import unescape
from typing import IO

MARKS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("密级标志", re.compile(r"(绝密|机密|秘密)\s*[★☆]")),
    ("绝密", re.compile(r"绝密")),
    ("机密", re.compile(r"机密(?!性)")),  # 机密性 is a word of information security
    ("保密期限", re.compile(r"保密期限")),
    ("内部资料注意保存", re.compile(r"内部资料\s*[,，、]?\s*注意保存")),
    ("密级标志", re.compile(r"密级标志|密级\s*[:：]\s*(绝密|机密|秘密)")),
)
LIMIT = 20 * 1024 * 1024
"""Characters of text looked at, per file."""
STREAM = 8 * 1024 * 1024

_PARTS = re.compile(
    r"^(word/|xl/sharedStrings|xl/worksheets/|ppt/slides/|ppt/notesSlides/|docProps/).*\.xml$|Content\.xml$|\.(txt|csv)$",
    re.I,
)
_BREAK = re.compile(r"</(?:w:p|a:p|si|row|ofd:TextObject)>")
_TAG = re.compile(r"<[^>]*>")
_PDF_STREAM = re.compile(rb"stream\r?\n(.*?)endstream", re.S)
_PDF_TEXT = re.compile(rb"\(((?:[^()\\]|\\.)*)\)|<([0-9A-Fa-f\s]{4,})>")


def find(name: str, source: IO[bytes], words: Sequence[str]) -> list[str]:
    """Which marks and words the file's name or text holds; empty if none."""
    own = [(word, re.compile(re.escape(word), re.I)) for word in words]
    found: dict[str, None] = {}
    for text in _texts(name, source):
        # Marks are set with spaces between the characters: 机　密 ★
        close = re.sub(r"[\s\u3000]+", "", text)
        for label, pattern in (*MARKS, *own):
            if pattern.search(text) or pattern.search(close):
                found[label] = None
    return list(found)


def _texts(name: str, source: IO[bytes]) -> Iterator[str]:
    yield name
    ending = name.rsplit(".", 1)[-1].lower()
    source.seek(0)
    head = source.read(8)
    if head.startswith(b"PK\x03\x04"):
        yield from _zip_texts(source)
    elif head.startswith(b"%PDF-"):
        yield from _pdf_texts(source)
    elif ending in ("txt", "csv"):
        yield from _decoded(_all(source))
    elif head.startswith(b"\xd0\xcf\x11\xe0"):
        raw = _all(source)
        yield raw.decode("utf-16-le", "ignore")
        yield raw[1:].decode("utf-16-le", "ignore")
        yield raw.decode("gb18030", "ignore")


def _all(source: IO[bytes]) -> bytes:
    source.seek(0)
    return source.read(LIMIT)


def _decoded(raw: bytes) -> Iterator[str]:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            yield raw.decode(encoding)
            return
        except UnicodeDecodeError:
            continue
    yield raw.decode("gb18030", "ignore")


def _zip_texts(source: IO[bytes]) -> Iterator[str]:
    source.seek(0)
    left = LIMIT
    with zipfile.ZipFile(source) as archive:
        for member in archive.infolist():
            yield member.filename
            if left <= 0 or not _PARTS.search(member.filename):
                continue
            with archive.open(member) as part:
                raw = part.read(left)
            left -= len(raw)
            if member.filename.lower().endswith((".txt", ".csv")):
                yield from _decoded(raw)
            else:
                # Tags go without a gap: a word that was partly set bold is still one word.
                yield unescape(_TAG.sub("", _BREAK.sub("\n", raw.decode("utf-8", "ignore"))))


def _pdf_texts(source: IO[bytes]) -> Iterator[str]:
    """Best effort: literal and UTF-16 strings of the document and its packed streams. Subset fonts hide their text."""
    raw, left = _all(source), LIMIT
    bodies: list[bytes] = [raw]
    for match in _PDF_STREAM.finditer(raw):
        if left <= 0:
            break
        try:
            body = zlib.decompressobj().decompress(match[1], STREAM)
        except zlib.error:
            continue  # an image, or packed in another way
        left -= len(body)
        bodies.append(body)
    for body in bodies:
        pieces: list[str] = []
        for text, hexed in _PDF_TEXT.findall(body):
            piece = re.sub(rb"\\(.)", rb"\1", text) if text else bytes.fromhex(_even(hexed))
            if piece.startswith(b"\xfe\xff"):
                pieces.append(piece[2:].decode("utf-16-be", "ignore"))
            elif hexed:
                pieces.append(piece.decode("utf-16-be", "ignore"))
            else:
                pieces.append(piece.decode("gb18030", "ignore"))
        yield "".join(pieces)


def _even(hexed: bytes) -> str:
    text = re.sub(rb"\s", b"", hexed).decode()
    return text if len(text) % 2 == 0 else text + "0"
