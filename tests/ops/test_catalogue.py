"""The English catalogue is made without GNU gettext."""

from __future__ import annotations

import gettext
from pathlib import Path

import pytest

from shuzheng.ops import catalogue


@pytest.fixture
def parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(catalogue, "PARTS", tmp_path)
    monkeypatch.setattr(catalogue, "COMPILED", tmp_path / "out" / "django.mo")
    return tmp_path


def test_fragments_become_one_catalogue(parts: Path) -> None:
    (parts / "a.po").write_text('msgid "车辆"\nmsgstr "Vehicle"\n\nmsgctxt "动词"\nmsgid "报"\nmsgstr "Submit"\n')
    (parts / "b.po").write_text(
        'msgid "%(n)s 条"\nmsgid_plural "%(n)s 条"\nmsgstr[0] "one record"\nmsgstr[1] "%(n)s records"\n'
    )
    catalogue.compile_()
    with (parts / "out" / "django.mo").open("rb") as file:
        texts = gettext.GNUTranslations(file)
    assert texts.gettext("车辆") == "Vehicle"
    assert texts.pgettext("动词", "报") == "Submit"
    assert texts.ngettext("%(n)s 条", "%(n)s 条", 2) == "%(n)s records"


def test_two_translations_of_one_text_are_named_and_the_first_is_taken(parts: Path) -> None:
    (parts / "a.po").write_text('msgid "报表"\nmsgstr "Form"\n')
    (parts / "b.po").write_text('msgid "报表"\nmsgstr "Report"\n')
    whole, faults = catalogue.catalogue()
    assert whole.find("报表").msgstr == "Form"
    assert len(faults) == 1 and faults[0].startswith("b.po:") and faults[0] in catalogue.missing()


def test_lost_placeholder_is_named(parts: Path) -> None:
    (parts / "a.po").write_text('msgid "共 %(n)s 条"\nmsgstr "records"\n')
    assert "placeholders" in catalogue.catalogue()[1][0]


def test_untranslated_texts_of_the_code_are_named_with_their_place(parts: Path) -> None:
    assert any(line.startswith("shuzheng/ops/health.py:") for line in catalogue.missing())
    source = "_('甲')\npgettext('语境', '乙')\nngettext('丙', '丁', n)\n_(name)\n"
    assert [key for key, _ in catalogue._in_python(source, "x.py")] == [(None, "甲"), ("语境", "乙"), (None, "丙")]
