"""The English catalogue: fragments by area (``locale/en/parts/*.po``) made into one ``django.mo``, and what is missing in it.

Pure Python: a newcomer's machine need not have GNU gettext. Source texts are Chinese and stand in the code.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import polib

ROOT = Path(__file__).resolve().parents[2]
PARTS = ROOT / "shuzheng/locale/en/parts"
COMPILED = ROOT / "shuzheng/locale/en/LC_MESSAGES/django.mo"
HEADER = {"Content-Type": "text/plain; charset=UTF-8", "Language": "en", "Plural-Forms": "nplurals=2; plural=(n != 1);"}
# Arguments that make up the key: (context, singular, plural), as positions.
CALLS: dict[str, tuple[int | None, int, int | None]] = {
    "_": (None, 0, None),
    "gettext": (None, 0, None),
    "gettext_lazy": (None, 0, None),
    "gettext_noop": (None, 0, None),
    "ngettext": (None, 0, 1),
    "ngettext_lazy": (None, 0, 1),
    "pgettext": (0, 1, None),
    "pgettext_lazy": (0, 1, None),
    "npgettext": (0, 1, 2),
    "npgettext_lazy": (0, 1, 2),
}
Key = tuple[str | None, str]
HOLES = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}")


def catalogue() -> tuple[polib.POFile, list[str]]:
    """All fragments as one, and what is wrong with them: a text translated in two ways (the first is taken), a lost placeholder."""
    whole = polib.POFile()
    whole.metadata = dict(HEADER)
    seen: dict[Key, tuple[polib.POEntry, Path]] = {}
    faults = []
    for part in sorted(PARTS.glob("*.po")):
        for entry in polib.pofile(str(part), encoding="utf-8"):
            key = (entry.msgctxt, entry.msgid)
            first = seen.get(key)
            if first is None:
                seen[key] = (entry, part)
                whole.append(entry)
                faults += _lost(entry, part)
            elif (first[0].msgstr, first[0].msgstr_plural) != (entry.msgstr, entry.msgstr_plural):
                faults.append(
                    f"{part.name}:{entry.linenum}: {entry.msgid!r} is translated otherwise in {first[1].name}"
                )
    return whole, faults


def _lost(entry: polib.POEntry, part: Path) -> list[str]:
    """Placeholders of the source that a translation lacks or adds (a plural's singular may drop the number)."""
    wanted = set(HOLES.findall(entry.msgid))
    given = entry.msgstr_plural.get(1, "") if entry.msgid_plural else entry.msgstr
    if given and set(HOLES.findall(given)) != wanted:
        return [f"{part.name}:{entry.linenum}: placeholders differ in {entry.msgid!r}"]
    return []


def used() -> Iterator[tuple[Key, str]]:
    """Every text marked for translation in Python and templates, with its place."""
    for path in sorted((ROOT / "shuzheng").rglob("*.py")):
        yield from _in_python(path.read_text(encoding="utf-8"), str(path.relative_to(ROOT)))
    from django.conf import settings
    from django.utils.translation.template import templatize

    if not settings.configured:
        settings.configure()
    for path in sorted((ROOT / "shuzheng").rglob("templates/**/*")):
        if path.is_file() and path.suffix in {".html", ".txt", ".js", ".xml", ".svg"}:
            place = str(path.relative_to(ROOT))
            yield from _in_template(templatize(path.read_text(encoding="utf-8"), origin=place), place)


def _in_python(source: str, place: str) -> Iterator[tuple[Key, str]]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and (key := _key(node)):
            yield key, f"{place}:{node.lineno}"


def _in_template(source: str, place: str) -> Iterator[tuple[Key, str]]:
    """What Django's own template reader left over: calls of gettext amid blanked-out text."""
    for match in re.finditer(r"(?<!\w)(?:_|n?p?gettext)\(", source):
        for end in re.finditer(r"\)", source[match.start() :]):
            try:
                tree = ast.parse(source[match.start() : match.start() + end.end()].strip(), mode="eval")
            except SyntaxError:
                continue
            if isinstance(tree.body, ast.Call) and (key := _key(tree.body)):
                yield key, f"{place}:{source.count(chr(10), 0, match.start()) + 1}"
            break


def _key(call: ast.Call) -> Key | None:
    name = (
        call.func.id
        if isinstance(call.func, ast.Name)
        else call.func.attr
        if isinstance(call.func, ast.Attribute)
        else ""
    )
    if name not in CALLS:
        return None
    context, text, _plural = CALLS[name]
    values = [a.value if isinstance(a, ast.Constant) and isinstance(a.value, str) else None for a in call.args]
    if text >= len(values) or not values[text]:
        return None
    return (values[context] if context is not None else None), str(values[text])


def compile_() -> None:
    """Write ``django.mo`` (beside and renamed: a running server never reads half a file).

    Faults of fragments are `make check`'s business: nobody's `make up` fails for a translation.
    """
    COMPILED.parent.mkdir(parents=True, exist_ok=True)
    fresh = COMPILED.with_suffix(".new")
    whole, _faults = catalogue()
    whole.save_as_mofile(str(fresh))
    fresh.rename(COMPILED)


def missing() -> list[str]:
    """Faults of the fragments, and texts without an English translation with their places."""
    whole, faults = catalogue()
    done = {(entry.msgctxt, entry.msgid) for entry in whole if entry.translated()}
    gaps: dict[Key, str] = {}
    for key, place in used():
        if key not in done:
            gaps.setdefault(key, place)
    return [*faults, *(f"{place}: {key[1]!r}" for key, place in gaps.items())]


def main(verb: str) -> int:
    if verb == "compile":
        compile_()
        return 0
    gaps = missing()
    print("\n".join(gaps) or "catalogue complete")
    if gaps:
        print(f"\n{len(gaps)} texts lack a (right) English translation (shuzheng/locale/en/parts/<area>.po)")
    return 1 if gaps else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "missing"))
