"""A process as one file: a ZIP of its BPMN (which holds the form), its decision tables and test cases, named as they ship.

purchase.bpmn
purchase.<decision>.dmn
purchase.tests.json
purchase.needs.json    what it calls: [{"code": "seal", "name": "用印"}]
"""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

from django.utils.translation import gettext as _

from shuzheng.base.flows.bpmn.reading import LARGEST
from shuzheng.base.flows.calling import current
from shuzheng.base.flows.models import Definition
from shuzheng.base.flows.trials import read_file, write_file
from shuzheng.kernel import dmn
from shuzheng.kernel.errors import Invalid

MOST = 60
"""Files of one package."""
NEEDS = ".needs.json"
"""Ends the name of the file that says what a process calls: it is told to who takes the package over."""
WHEN = (2026, 1, 1, 0, 0, 0)
"""The day that all files bear, so that the same process is the same package."""


def pack(row: Definition) -> bytes:
    """The package of a definition."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as package:
        texts = {f"{row.code}.bpmn": row.bpmn}
        texts |= {f"{row.code}.{decision}.dmn": text for decision, text in sorted(row.tables.items())}
        if row.trials:
            texts[f"{row.code}.tests.json"] = write_file(row.trials)
        if row.calls:
            called = ((code, current(code, row.path)) for code in row.calls)
            said = [{"code": code, "name": found.name if found else code} for code, found in called]
            texts[f"{row.code}{NEEDS}"] = json.dumps(said, ensure_ascii=False, indent=1) + "\n"
        for name, text in texts.items():
            package.writestr(zipfile.ZipInfo(name, WHEN), text.encode())
    return made.getvalue()


def decoded(content: bytes) -> str:
    """The text of a file of a process.

    Raises:
        Invalid: it is not UTF-8.
    """
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Invalid.one("file", _("文件不是 UTF-8 编码。")) from error


def _texts(data: bytes) -> dict[str, str]:
    texts = {}
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            files = [f for f in package.infolist() if not f.is_dir()]
            if len(files) > MOST:
                raise Invalid.one("file", _("流程包里的文件太多，最多 %(n)d 个。") % {"n": MOST})
            for file in files:
                if not file.filename.endswith((".bpmn", ".dmn", ".tests.json", NEEDS)):
                    raise Invalid.one(
                        "file",
                        _("流程包里只能有 BPMN、DMN 和测试用例文件，这里有“%(name)s”。") % {"name": file.filename},
                    )
                with package.open(file) as opened:  # read with a limit: what the directory says of sizes is only said
                    content = opened.read(4 * LARGEST + 1)
                if len(content) > 4 * LARGEST:
                    raise Invalid.one("file", _("流程文件太大。"))
                texts[file.filename] = decoded(content)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError) as error:
        raise Invalid.one("file", _("这不是流程包（ZIP），或已损坏。")) from error
    return texts


def unpack(data: bytes) -> tuple[str, dict[str, str], list[dict[str, Any]]]:
    """The BPMN, the tables by id of the decision, and the test cases of a package.

    Raises:
        Invalid: it is no package, too large, or holds not exactly one process; a table cannot be read.
    """
    texts, tables = _texts(data), {}
    processes = [text for name, text in texts.items() if name.endswith(".bpmn")]
    if len(processes) != 1:
        raise Invalid.one("file", _("流程包里要有且只有一个 BPMN 文件，现有 %(n)d 个。") % {"n": len(processes)})
    for name, text in texts.items():
        if name.endswith(".dmn"):
            tables |= dict.fromkeys(dmn.read(text.encode()).decisions, text)
    tests = [t for name, text in texts.items() if name.endswith(".tests.json") for t in read_file(text)]
    return processes[0], tables, tests


def needs(data: bytes) -> list[dict[str, str]]:
    """Codes and names of the definitions that the process of a package calls.

    Raises:
        Invalid: it is no package, or what it says cannot be read.
    """
    found: list[dict[str, str]] = []
    for name, text in _texts(data).items():
        if name.endswith(NEEDS):
            try:
                found += [{"code": str(n["code"])[:40], "name": str(n["name"])[:80]} for n in json.loads(text)]
            except (ValueError, TypeError, KeyError) as error:
                raise Invalid.one("file", _("流程包里的“%(name)s”读不懂。") % {"name": name}) from error
    return found
