"""XML from outside, read safely and with the line of every element.

Documents with a DTD are refused, so no entity can grow or reach out of the file; size, depth and number of elements are
bounded before anything is kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from shuzheng.kernel.errors import FieldFault, Invalid
from shuzheng.kernel.words import gettext

MAX_BYTES = 4 * 1024 * 1024
MAX_DEPTH = 200
MAX_ELEMENTS = 100_000


class XmlError(Invalid):
    """A document that cannot be read. `line` is 1-based, 0 where none can be told."""

    code = "xml"

    def __init__(self, message: str, line: int = 0) -> None:
        self.line = line
        if line:
            message = gettext("第 {line} 行：{message}").format(line=line, message=message)
        super().__init__(message, [FieldFault("", message, row=line or None)])


@dataclass(slots=True)
class Element:
    """An element: `space` its namespace, `name` its local name, `line` where it begins.

    Attributes without a prefix are kept by their name, others as `{namespace}name`. `text` is the text directly in it.
    """

    space: str
    name: str
    line: int
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Element] = field(default_factory=list)
    text: str = ""

    def get(self, name: str, default: str = "") -> str:
        return self.attributes.get(name, default)

    def all(self, name: str) -> list[Element]:
        """Children of that name in the element's own namespace."""
        return [c for c in self.children if c.name == name and c.space == self.space]

    def first(self, name: str) -> Element | None:
        return next(iter(self.all(name)), None)

    def text_of(self, name: str) -> str:
        """The stripped text of the first child of that name; empty without one."""
        child = self.first(name)
        return child.text.strip() if child else ""

    def walk(self) -> Iterator[Element]:
        """This element and all below it, in the order of the file."""
        waiting = [self]
        while waiting:
            at = waiting.pop()
            yield at
            waiting.extend(reversed(at.children))


def read_xml(data: bytes) -> Element:
    """The root of a document. Raises XmlError."""
    if len(data) > MAX_BYTES:
        raise XmlError(gettext("文件过大，最多 {n} MB").format(n=MAX_BYTES // 1024 // 1024))
    reader = _Reader()
    try:
        reader.parser.Parse(data, True)
    except expat.ExpatError as fault:
        raise XmlError(gettext("不是完整的 XML 文件（{reason}）").format(reason=fault), fault.lineno) from fault
    except (LookupError, ValueError) as fault:  # an encoding that is unknown, or that expat can't take
        raise XmlError(gettext("文件的编码无法识别，请存为 UTF-8")) from fault
    return reader.root


class _Reader:
    def __init__(self) -> None:
        self.parser = parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartElementHandler = self.start
        parser.EndElementHandler = self.end
        parser.CharacterDataHandler = self.text
        parser.StartDoctypeDeclHandler = self.refuse
        parser.buffer_text = True
        self.open: list[Element] = []
        self.texts: list[list[str]] = []
        self.count = 0
        self.root = Element("", "", 0)

    def refuse(self, *_: object) -> None:
        raise XmlError(gettext("文件带有 DTD 声明，出于安全不予读取"), self.parser.CurrentLineNumber)

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        line = self.parser.CurrentLineNumber
        self.count += 1
        if len(self.open) >= MAX_DEPTH or self.count > MAX_ELEMENTS:
            raise XmlError(gettext("文件的层次或元素过多"), line)
        space, name = _split(tag)
        kept = {}
        for key, value in attributes.items():
            of, local = _split(key)
            kept[f"{{{of}}}{local}" if of else local] = value
        element = Element(space, name, line, kept)
        if self.open:
            self.open[-1].children.append(element)
        else:
            self.root = element
        self.open.append(element)
        self.texts.append([])

    def text(self, data: str) -> None:
        self.texts[-1].append(data)

    def end(self, _: str) -> None:
        self.open.pop().text = "".join(self.texts.pop())


def _split(name: str) -> tuple[str, str]:
    space, _, local = name.rpartition(" ")
    return space, local


__all__ = ["MAX_BYTES", "Element", "XmlError", "read_xml"]
