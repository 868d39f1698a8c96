"""What the source may hold: raw SQL, blind handlers, length, notes to self; what migrations may import."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections import Counter
from pathlib import Path

from tests.architecture.closed import BLIND_HANDLERS, RAW_SQL, WRITING_PAGES
from tests.architecture.layers import CODE, ROOT, calls, layer_of, sources, text_of, tree

LONGEST = 600
MARKS = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
RAW_CALLS = {"cursor", "RawSQL", "raw", "extra", "executemany", "executescript", "copy", "RunSQL"}


def below(path: Path, places: dict[str, str]) -> str | None:
    """The entry of a closed list that allows ``path``."""
    relative = path.relative_to(CODE).as_posix()
    return next((place for place in places if relative == place or relative.startswith(f"{place}/")), None)


def raw_sql(path: Path) -> list[int]:
    """Lines with SQL of one's own, or with a setting of the scope."""
    found = []
    for name, call in calls(path):
        if (
            name in RAW_CALLS
            and not (name == "copy" and not database(call))
            or name == "execute"
            and database(call)
            or name == "connect"
            and isinstance(call.func, ast.Attribute)
            and getattr(call.func.value, "id", "") == "psycopg"
        ):
            found.append(call.lineno)
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "set_config(" in node.value:
            found.append(node.lineno)
    return found


def database(call: ast.Call) -> bool:
    """Whether it is called on what looks like a connection or a cursor."""
    value = call.func.value if isinstance(call.func, ast.Attribute) else None
    name = getattr(value, "id", "") or getattr(value, "attr", "")
    return "cursor" in name or "connection" in name


def test_raw_sql_stands_only_where_it_may():
    wrong, used = [], set()
    for path in sources():
        if lines := raw_sql(path):
            place = below(path, RAW_SQL)
            used.add(place)
            wrong += [f"{path.relative_to(ROOT)}:{line}" for line in lines if place is None]
    assert wrong == []
    assert set(RAW_SQL) - used == set(), "no longer needed"


def test_only_the_core_sets_the_scope():
    setters = {
        path.relative_to(CODE).as_posix()
        for path in sources()
        if "set_config(" in path.read_text(encoding="utf-8") and layer_of(path) not in ("core", "ops")
    }
    assert setters == set()


def test_blind_handlers_stand_only_where_they_may():
    found = set()
    for path in sources(migrations=True):
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.ExceptHandler) and blind(node.type) and not raises_again(node):
                found.add(path.relative_to(CODE).as_posix())
        for name, call in calls(path):
            if name == "suppress" and any(blind(a) for a in call.args):
                found.add(path.relative_to(CODE).as_posix())
    assert found == set(BLIND_HANDLERS)


def raises_again(handler: ast.ExceptHandler) -> bool:
    """Whether the fault goes on: the handler only cleans up."""
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


def blind(node: ast.expr | None) -> bool:
    names = node.elts if isinstance(node, ast.Tuple) else [node]
    return any(n is None or getattr(n, "id", "") in ("Exception", "BaseException") for n in names)


def written() -> list[Path]:
    """Files that people write."""
    kinds = {".py", ".ts", ".html", ".sql", ".css"}
    found = [
        p
        for folder in ("shuzheng", "tests", "islands", "bench")
        for p in (ROOT / folder).rglob("*")
        if p.suffix in kinds
    ]
    skip = {"migrations", "node_modules", "vendor", "__pycache__"}
    return [p for p in sorted(found) if not skip & set(p.parts)]


def test_no_file_is_longer_than_the_limit():
    long = {
        str(p.relative_to(ROOT)): n
        for p in written()
        if p.suffix != ".css" and (n := p.read_text(encoding="utf-8").count("\n")) > LONGEST
    }
    assert long == {}


def test_no_notes_to_self():
    found = []
    for path in written():
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".py":
            tokens = tokenize.generate_tokens(io.StringIO(text).readline)
            notes = [(t.start[0], t.string) for t in tokens if t.type == tokenize.COMMENT]
        else:
            notes = list(enumerate(text.splitlines(), 1))
        found += [f"{path.relative_to(ROOT)}:{line}" for line, note in notes if MARKS.search(note)]
    assert found == []


def test_migrations_know_only_their_own_app_and_the_core():
    wrong = []
    for path in (p for p in sources(migrations=True) if "migrations" in p.parts and p.name != "__init__.py"):
        own = ".".join(("shuzheng", *path.relative_to(CODE).parts[:-2]))
        for node in ast.walk(tree(path)):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                if name.startswith("shuzheng.") and not name.startswith(
                    (own, "shuzheng.base.core.", "shuzheng.kernel.")
                ):
                    wrong.append(f"{path.relative_to(ROOT)}: {name}")
    assert wrong == []


def test_migration_numbers_are_unique():
    numbers = Counter(
        (p.parent, p.name[:4])
        for p in sources(migrations=True)
        if p.parent.name == "migrations" and p.name[:4].isdigit()
    )
    assert [str(key) for key, n in numbers.items() if n > 1] == []


def test_no_signal_writes_behind_an_actions_back():
    """Saving is an action's business: a receiver of ``post_save`` would write what nobody asked for, without audit."""
    barred = {"pre_save", "post_save", "pre_delete", "post_delete", "m2m_changed"}
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in sources()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ImportFrom) and barred & {a.name for a in node.names}
    ]
    assert found == []


WRITERS = {"save", "bulk_create", "bulk_update", "update_or_create", "get_or_create"}


def test_pages_and_apis_write_through_actions_only():
    """``pages.py``, ``api.py`` and what stands in ``pages/`` never save, create, update or delete a row themselves."""
    found = set()
    for path in sources():
        parts = path.relative_to(CODE).parts
        if parts[0] != "base" or not (
            path.name in ("pages.py", "api.py", "views.py") or "pages" in parts or parts[1] == "api"
        ):
            continue
        for name, call in calls(path):
            value = call.func.value if isinstance(call.func, ast.Attribute) else None
            on_objects = "objects" in ast.dump(value) if value is not None else False
            if value is not None and (name in WRITERS or (name in ("create", "update", "delete") and on_objects)):
                found.add(path.relative_to(CODE).as_posix())
    assert found == set(WRITING_PAGES)


def test_docstrings_of_modules():
    """Every module says in a sentence what it is for."""
    silent = [
        str(p.relative_to(ROOT))
        for p in sources()
        if p.read_text(encoding="utf-8").strip()
        and not ast.get_docstring(tree(p))
        and len(tree(p).body) > 2
        and p.name not in ("apps.py", "__init__.py", "__main__.py")
    ]
    assert silent == []


def test_constant_sql_has_no_percent_names():
    """SQL built with ``%`` or ``+`` from names would hide from the lint; ``execute`` gets a literal, or an f-string in core."""
    wrong = []
    for path in sources():
        if below(path, {"base/core": "", "ops": ""}):
            continue
        for name, call in calls(path):
            if (
                name == "execute"
                and database(call)
                and call.args
                and isinstance(call.args[0], ast.BinOp | ast.JoinedStr)
            ):
                first = call.args[0]
                if isinstance(first, ast.JoinedStr) and all(
                    isinstance(v, ast.Constant) or getattr(getattr(v, "value", None), "id", "").isupper()
                    for v in first.values
                ):
                    continue  # only constants of the module are put in
                wrong.append(f"{path.relative_to(ROOT)}:{call.lineno} {text_of(first) or ''}")
    assert wrong == []
