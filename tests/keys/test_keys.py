"""Sensitive texts: encrypted by whoever writes them, masked by default, found by blind index, re-encrypted by a rotation."""

from __future__ import annotations

import argparse

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from shuzheng.base.accounts.models import Person, PersonContact
from shuzheng.base.core import keys
from shuzheng.base.core.models import DataKey
from shuzheng.base.core.scope import system_scope

pytestmark = pytest.mark.django_db

KEK, OTHER = "0123456789abcdeffedcba9876543210", "00112233445566778899aabbccddeeff"


@pytest.fixture(autouse=True)
def kek(monkeypatch):
    monkeypatch.setenv("SZ_KEK", KEK)
    keys.forget()
    yield
    keys.forget()


@pytest.fixture
def contacts(nation):
    rows = []
    with system_scope("tests").activate():
        for n in range(3):
            person = Person(name=f"张{n}", number=f"P{n}")
            person.own(nation.organ("33/11/23/0/u1/"))
            person.save(force_insert=True)
            contact = PersonContact(person=person, mobile=f"1380013800{n}")
            contact.own(person.node)
            contact.save(force_insert=True)
            rows.append(contact)
    return rows


def stored() -> list[str]:
    with system_scope("tests").activate(), connection.cursor() as cursor:
        cursor.execute("SELECT mobile FROM accounts_personcontact ORDER BY id")
        return [row[0] for row in cursor.fetchall()]


def test_text_comes_back_and_each_ciphertext_differs_and_names_its_key():
    one, two = keys.encrypt("13800138000"), keys.encrypt("13800138000")
    assert one != two
    assert keys.decrypt(one) == keys.decrypt(two) == "13800138000"
    assert one.split(":")[1] == DataKey.objects.get(purpose="text").id
    assert keys.encrypt("") == ""


def test_changed_byte_is_found():
    head, body = keys.encrypt("13800138000").rsplit(":", 1)
    changed = body[:20] + ("A" if body[20] != "A" else "B") + body[21:]
    with pytest.raises(keys.KeyTrouble, match="校验失败"):
        keys.decrypt(f"{head}:{changed}")


def test_same_text_has_the_same_blind_index_in_one_field_only():
    assert keys.blind_index("mobile", "１３８ 00138000") == keys.blind_index("mobile", "13800138000")
    assert keys.blind_index("mobile", "13800138000") != keys.blind_index("identity", "13800138000")
    assert len(keys.blind_index("mobile", "1")) == 64
    assert keys.blind_index("mobile", "") == ""


@pytest.mark.parametrize(
    ("kind", "text", "shown"),
    [
        ("mobile", "13800138000", "138****8000"),
        ("identity", "330102199001011234", "330***********1234"),
        ("bank", "6222020200112233", "************2233"),
        ("name", "欧阳修", "欧**"),
        ("email", "zhang@example.cn", "z***@example.cn"),
        ("mobile", "110", "***"),
        ("mobile", "", ""),
    ],
)
def test_mask_leaves_the_ends_standing(kind, text, shown):
    assert keys.mask(kind, text) == shown


def test_sensitive_field_is_stored_encrypted_whoever_writes_it(contacts):
    assert all(keys.is_ciphertext(text) for text in stored())
    with system_scope("tests").activate():
        contact = PersonContact.objects.get(pk=contacts[0].pk)
        assert keys.decrypt(contact.mobile) == "13800138000"
        assert PersonContact._meta.get_field("mobile").masked(contact) == "138****8000"
        PersonContact.objects.filter(pk=contact.pk).update(mobile="13900139000")
    assert keys.decrypt(stored()[0]) == "13900139000"


def test_rotation_moves_every_text_to_a_new_key_and_keeps_the_index(contacts):
    before, index = stored(), keys.blind_index("mobile", "13800138000")
    key_id, texts = keys.rotate()
    assert texts == 3
    assert [text.split(":")[1] for text in stored()] == [key_id] * 3
    assert [keys.decrypt(text) for text in stored()] == [keys.decrypt(text) for text in before]
    assert keys.blind_index("mobile", "13800138000") == index
    assert DataKey.objects.filter(purpose="text").count() == 2


def test_rotation_broken_off_goes_on_where_it_stopped(contacts, monkeypatch):
    monkeypatch.setattr(keys, "BATCH", 1)
    real, calls = keys.decrypt, []

    def breaks(text):
        calls.append(text)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(text)

    keys.encrypt("x")
    monkeypatch.setattr(keys, "decrypt", breaks)
    with pytest.raises(KeyboardInterrupt):
        keys.rotate()
    monkeypatch.setattr(keys, "decrypt", real)
    half = DataKey.objects.get(purpose="text", is_current=True).id
    key_id, texts = keys.rotate()
    assert (key_id, texts) == (half, 2)
    assert {text.split(":")[1] for text in stored()} == {half}


def test_another_key_encryption_key_is_said_in_words(monkeypatch):
    keys.encrypt("13800138000")
    assert keys.problem() == ""
    monkeypatch.setenv("SZ_KEK", OTHER)
    keys.forget()
    assert "SZ_KEK_OLD" in keys.problem()


def test_key_encryption_key_is_changed_with_the_old_one_at_hand(monkeypatch):
    text = keys.encrypt("13800138000")
    monkeypatch.setenv("SZ_KEK", OTHER)
    monkeypatch.setenv("SZ_KEK_OLD", KEK)
    keys.forget()
    assert keys.rewrap() == 1
    assert keys.decrypt(text) == "13800138000"
    assert keys.problem() == ""


def test_file_that_is_gone_is_said_and_not_made_anew(monkeypatch, settings, tmp_path):
    settings.VAR_DIR = tmp_path
    monkeypatch.delenv("SZ_KEK")
    keys.forget()
    keys.encrypt("13800138000")
    assert (tmp_path / "kek").stat().st_mode & 0o777 == 0o600
    (tmp_path / "kek").unlink()
    keys.forget()
    assert "找不到主密钥" in keys.problem()
    assert not (tmp_path / "kek").exists()


def test_malformed_or_readable_key_stops_the_start(monkeypatch, settings, tmp_path):
    monkeypatch.setenv("SZ_KEK", "abc")
    with pytest.raises(ImproperlyConfigured, match="32 位十六进制"):
        keys.check_configuration()
    monkeypatch.delenv("SZ_KEK")
    settings.VAR_DIR = tmp_path
    (tmp_path / "kek").write_text(KEK)
    (tmp_path / "kek").chmod(0o644)
    with pytest.raises(ImproperlyConfigured, match="chmod 600"):
        keys.check_configuration()


def test_command_says_what_was_done(contacts, capsys):
    assert keys.rotate_command(argparse.Namespace()) == 0
    assert "重新加密 3 条" in capsys.readouterr().out
