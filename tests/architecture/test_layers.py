"""What imports don't show: keys, migrations, addresses and templates keep to the layers too, and the base boots alone."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.db.migrations.loader import MigrationLoader
from django.template import TemplateDoesNotExist, TemplateSyntaxError, engines
from django.urls import get_resolver

from shuzheng.base.core.manifest import MANIFESTS
from shuzheng.base.core.registry import PERMISSIONS
from tests.architecture.closed import UPWARD_URLS
from tests.architecture.layers import CODE, ROOT, calls, layer_of, may_know, order, sources, templates, text_of

URL_TAG = re.compile(r"""\{%\s*url\s+["']([\w:-]+)["']""")
USES_TAG = re.compile(r"""\{%\s*(?:extends|include)\s+["']([\w./-]+)["']""")
LOAD_TAG = re.compile(r"""\{%\s*load\s+([\w\s]+?)\s*(?:from\s+\w+\s*)?%\}""")


def test_every_installed_app_of_the_base_has_a_layer():
    labels = {c.label for c in apps.get_app_configs() if c.name.startswith("shuzheng.base.")}
    assert labels == set(order())


def test_keys_point_down():
    wrong = []
    for model in apps.get_models(include_auto_created=True):
        if not model.__module__.startswith("shuzheng.base."):
            continue
        for field in model._meta.get_fields():
            if field.concrete and field.is_relation:
                target = field.related_model
                if target.__module__.startswith("shuzheng.") and not may_know(
                    model._meta.app_label, target._meta.app_label
                ):
                    wrong.append(f"{model._meta.label}.{field.name} -> {target._meta.label}")
    assert wrong == []


def test_migrations_depend_on_what_lies_below():
    wrong = []
    for (label, name), migration in MigrationLoader(None).disk_migrations.items():
        if label not in order():
            continue
        for other, _ in migration.dependencies:
            if other in order() and not may_know(label, other):
                wrong.append(f"{label}.{name} -> {other}")
            assert other not in {c.label for c in apps.get_app_configs() if c.name.startswith("shuzheng.apps.")}
    assert wrong == []


def named_urls() -> Iterator[tuple[Path, str]]:
    """Every url name in the program, with the file that says it."""
    for path in sources():
        for name, call in calls(path):
            said = text_of(call.args[0]) if name in ("reverse", "reverse_lazy", "redirect") and call.args else None
            if said and re.fullmatch(r"[a-z_-]+:[\w-]+", said):
                yield path, said
    for path in templates():
        for said in URL_TAG.findall(path.read_text(encoding="utf-8")):
            yield path, said


def known_urls() -> set[str]:
    def walk(resolver, prefix: str) -> Iterator[str]:
        for name in resolver.reverse_dict:
            if isinstance(name, str):
                yield prefix + name
        for namespace, (_, inner) in resolver.namespace_dict.items():
            yield from walk(inner, f"{prefix}{namespace}:")

    return set(walk(get_resolver(), ""))


def test_every_url_name_is_known():
    known = known_urls()
    assert sorted({f"{p.relative_to(ROOT)}: {said}" for p, said in named_urls() if said not in known}) == []


def test_urls_are_named_downwards():
    """What lies above is reached by the manifests' menus and by registers, not by name."""
    wrong = set()
    for path, said in named_urls():
        layer, namespace = layer_of(path), said.split(":", 1)[0]
        if ":" in said and namespace in MANIFESTS and not may_know(layer, namespace):
            wrong.add(f"{layer} -> {namespace}")
    assert wrong == set(UPWARD_URLS)


def test_templates_use_what_lies_below():
    home = {name: layer_of(p) for p in templates() if (name := p.as_posix().split("/templates/", 1)[1])}
    libraries = {p.stem: layer_of(p) for p in CODE.rglob("templatetags/*.py")}
    wrong = []
    for path in templates():
        text, layer = path.read_text(encoding="utf-8"), layer_of(path)
        for used in USES_TAG.findall(text):
            if used in home and not may_know(layer, home[used]):
                wrong.append(f"{path.relative_to(ROOT)}: {used}")
        for names in LOAD_TAG.findall(text):
            wrong += [
                f"{path.relative_to(ROOT)}: load {name}"
                for name in names.split()
                if name in libraries and not may_know(layer, libraries[name])
            ]
    for path in sources():
        for name, call in calls(path):
            if name in ("render", "render_to_string", "get_template", "TemplateResponse"):
                for said in (text_of(a) for a in call.args[:2]):
                    if said in home and not may_know(layer_of(path), home[said]):
                        wrong.append(f"{path.relative_to(ROOT)}: {said}")
    assert wrong == []


@pytest.mark.parametrize("path", templates(), ids=lambda p: p.as_posix().split("/templates/", 1)[1])
def test_template_compiles(path: Path):
    name = path.as_posix().split("/templates/", 1)[1]
    try:
        template = engines["django"].get_template(name)
    except (TemplateDoesNotExist, TemplateSyntaxError) as fault:
        pytest.fail(f"{name}: {fault}")
    assert Path(template.origin.name) == path, "another app has a template of this name"


def test_templates_that_are_used_are_there():
    home = {p.as_posix().split("/templates/", 1)[1] for p in templates()}
    wrong = []
    for path in templates():
        for used in USES_TAG.findall(path.read_text(encoding="utf-8")):
            if used not in home and not used.startswith(("account/", "mfa/")):  # of django-allauth
                wrong.append(f"{path.relative_to(ROOT)}: {used}")
    for path in sources():
        for name, call in calls(path):
            if name in ("render", "render_to_string"):
                said = text_of(
                    call.args[1] if name == "render" and len(call.args) > 1 else call.args[0] if call.args else None
                )
                if said and said.endswith((".html", ".txt")) and said not in home:
                    wrong.append(f"{path.relative_to(ROOT)}: {said}")
    assert wrong == []


BOOT = """
import json
import django
django.setup()
from django.core.management import call_command
from django.urls import get_resolver
from django.conf import settings
call_command("check")
call_command("makemigrations", "--check", "--dry-run", verbosity=0)
from shuzheng.base.registers.declare import REGISTERS
get_resolver().url_patterns
print(json.dumps([sorted(REGISTERS), settings.BUSINESS_APPS]))
"""


def boot(apps_: str) -> tuple[set[str], list[str]]:
    """Start the program with these business apps; answers the registers that are there, and the apps."""
    bare = {k: v for k, v in os.environ.items() if not k.startswith(("DATABASE_", "SZ_", "PYTEST_"))}
    env = {
        **bare,
        "SZ_APPS": apps_,
        "SZ_SECRET_KEY": "x",
        "SZ_PEPPER": "y",
        "DJANGO_SETTINGS_MODULE": "shuzheng.config.settings",
    }
    done = subprocess.run(
        [sys.executable, "-c", BOOT], cwd=ROOT, env=env, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    registers, installed = json.loads(done.stdout.splitlines()[-1])
    return set(registers), installed


@pytest.mark.slow
def test_base_boots_with_no_app_and_with_the_dummy():
    """Checks pass and no migration is missing, either way; the dummy adds its register and takes nothing away."""
    alone, none = boot("")
    assert none == []
    together, installed = boot("tests.dummy")
    assert installed == ["tests.dummy"]
    assert together - alone == {"meters"}
    assert alone <= together


def test_the_base_names_no_app():
    """Nothing of a business app stands in the base: no url, permission, event, model or module of it.

    The bare word does: energy is a kind of rule, too, before it is an app.
    """
    labels = {p.name for p in (CODE / "apps").glob("*") if p.is_dir() and p.name != "__pycache__"} | {"dummy"}
    words = {"dummy": r"""["']dummy[."']"""}
    for label in labels & set(MANIFESTS):
        config = apps.get_app_config(label)
        nouns = {p.name.split(".")[1] for p in PERMISSIONS.values() if p.name.startswith(f"{label}.")}
        nouns |= {model._meta.model_name for model in config.get_models()}
        named = "|".join(sorted(nouns))
        words[label] = (
            rf"""["']{label}:|(?i:["']{label}\.({named})\b)|get_app_config\(["']{label}|shuzheng\.apps\.{label}"""
        )
    wrong = [
        f"{path.relative_to(ROOT)}: {label}"
        for path in sources()
        if layer_of(path) in order()
        for label, pattern in words.items()
        if re.search(pattern, path.read_text(encoding="utf-8"))
    ]
    assert wrong == []
