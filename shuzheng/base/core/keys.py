"""Keys and sensitive texts: SM4-GCM under data keys that a key-encryption key wraps (domain §10.4, docs/threat-model.md).

Root (HSM, or the file) → key-encryption key → data keys in the table ``core_datakey`` → texts. Each ciphertext names its
key (``sm4:<key>:<base64>``), so that keys can change while texts of several keys stand side by side. The key-encryption
key comes from the environment ``SZ_KEK`` (32 hexadecimal digits), from an HSM's driver named by ``SZ_KEK_HSM``
(``module:factory``), or from the file ``kek`` in the data folder, which is made at first use. A backup leaves it out.

Searching is by blind index: HMAC-SM3 under a key of its own, which a rotation keeps (an index made anew would need every
text in clear at once).
"""

from __future__ import annotations

import argparse
import base64
import os
import re
import secrets
import sys
import time
from collections.abc import Iterator
from functools import cache, lru_cache
from importlib import import_module
from pathlib import Path
from threading import Lock
from typing import Any, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from django.apps import apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, models, transaction
from django.utils.translation import gettext as _

from shuzheng.base.core.models import DataKey
from shuzheng.kernel.text import fold

KEY_BYTES, NONCE_BYTES, TAG_BYTES = 16, 12, 16
REFRESH = 60.0
"""Seconds after which a process asks again which data key is the current one."""
BATCH = 500

CIPHERTEXT = re.compile(r"sm4:[0-9a-f]{8}:[A-Za-z0-9+/]{36,}={0,2}")


class KeyTrouble(RuntimeError):
    """A key is missing, or isn't the one that was used. The message says what an operator can do."""


class KeyEncryption(Protocol):
    """What wraps data keys: a key in memory, or a hardware security module."""

    def wrap(self, key: bytes) -> bytes: ...

    def unwrap(self, wrapped: bytes) -> bytes:
        """The key again.

        Raises:
            KeyTrouble: it was wrapped by another one.
        """


class LocalKey:
    """A key-encryption key held in memory."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def wrap(self, key: bytes) -> bytes:
        return _seal(self._key, key, b"kek")

    def unwrap(self, wrapped: bytes) -> bytes:
        try:
            return _open(self._key, wrapped, b"kek")
        except InvalidTag:
            raise KeyTrouble(
                "主密钥与数据库中的数据密钥不匹配：数据密钥是用另一把主密钥加密的。"
                "把原来的主密钥放回（环境变量 SZ_KEK，或数据目录下的 kek 文件）；更换主密钥时用 SZ_KEK_OLD 给出旧的。"
            ) from None


def _seal(key: bytes, text: bytes, purpose: bytes) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    cipher = Cipher(algorithms.SM4(key), modes.GCM(nonce)).encryptor()
    cipher.authenticate_additional_data(purpose)
    return nonce + cipher.update(text) + cipher.finalize() + cipher.tag


def _open(key: bytes, sealed: bytes, purpose: bytes) -> bytes:
    nonce, body, tag = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:-TAG_BYTES], sealed[-TAG_BYTES:]
    cipher = Cipher(algorithms.SM4(key), modes.GCM(nonce, tag)).decryptor()
    cipher.authenticate_additional_data(purpose)
    return cipher.update(body) + cipher.finalize()


# The key-encryption key


def kek_file() -> Path:
    return Path(settings.VAR_DIR) / "kek"


def _parse(text: str, source: str) -> bytes:
    if not re.fullmatch(r"[0-9a-fA-F]{32}", text.strip()):
        raise ImproperlyConfigured(
            f"{source} 不是主密钥：应为 32 位十六进制（16 字节）。可用 openssl rand -hex 16 生成；已有数据时放回原来的。"
        )
    return bytes.fromhex(text.strip())


def check_configuration() -> None:
    """Look at what is configured, without the database: asked when the program starts.

    Raises:
        ImproperlyConfigured: a key is malformed, or its file can be read by others.
    """
    for name in ("SZ_KEK", "SZ_KEK_OLD"):
        if text := os.environ.get(name):
            _parse(text, f"环境变量 {name}")
    path = kek_file()
    if not os.environ.get("SZ_KEK") and not os.environ.get("SZ_KEK_HSM") and path.exists():
        if path.stat().st_mode & 0o077:
            raise ImproperlyConfigured(f"主密钥文件 {path} 对其他用户可读。执行 chmod 600 {path} 后重新启动。")
        _parse(path.read_text(), f"文件 {path}")


@cache
def _kek() -> KeyEncryption:
    """The key-encryption key in use; the file is made when there is none and no data key either.

    Raises:
        KeyTrouble: data keys exist, but what unwraps them is gone.
    """
    check_configuration()
    if driver := os.environ.get("SZ_KEK_HSM"):
        module, _, factory = driver.partition(":")
        hsm: KeyEncryption = getattr(import_module(module), factory)()
        return hsm
    if text := os.environ.get("SZ_KEK"):
        return LocalKey(_parse(text, "SZ_KEK"))
    path = kek_file()
    if not path.exists():
        if DataKey.objects.exists():
            raise KeyTrouble(
                f"找不到主密钥：{path} 不存在，也没有环境变量 SZ_KEK，而数据库中已有加密内容。"
                "备份不含主密钥，请把另行保管的主密钥放回（权限 0600）。"
            )
        _make(path)
    return LocalKey(_parse(path.read_text(), f"文件 {path}"))


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return  # another process was quicker
    with os.fdopen(handle, "w") as file:
        file.write(secrets.token_hex(KEY_BYTES) + "\n")


# Data keys

_known: dict[str, bytes] = {}
_current: dict[str, tuple[str, float]] = {}
_uncommitted: dict[str, tuple[str, Any]] = {}
"""Keys that a transaction of this process made, with its block: one that rolls back takes its key along."""
_lock = Lock()


def forget() -> None:
    """Drop all keys held in memory (after a rotation; between tests)."""
    with _lock:
        _known.clear()
        _current.clear()
        _uncommitted.clear()
    _kek.cache_clear()
    _begun.cache_clear()


def _data_key(key_id: str) -> bytes:
    if key := _known.get(key_id):
        return key
    row = DataKey.objects.filter(id=key_id).first()
    if row is None:
        raise KeyTrouble(f"数据密钥 {key_id} 不在数据库中，无法解密。从备份中恢复表 core_datakey。")
    key = _kek().unwrap(base64.b64decode(row.wrapped))
    _known[key_id] = key
    return key


def _current_id(purpose: str) -> str:
    key_id, until = _current.get(purpose, ("", 0.0))
    if key_id and time.monotonic() < until:
        return key_id
    key_id, block = _uncommitted.get(purpose, ("", None))
    if key_id and block in connection.atomic_blocks:
        return key_id
    row = DataKey.objects.filter(purpose=purpose, is_current=True).first()
    if row is None:
        # Of two that make the first key at once, the second waits here and then takes the first one's.
        made = _new(purpose)
        DataKey.objects.bulk_create([made], ignore_conflicts=True)
        row = DataKey.objects.get(purpose=purpose, is_current=True)
        if row.id == made.id and connection.in_atomic_block:
            _uncommitted[purpose] = (row.id, connection.atomic_blocks[-1])
            return row.id
    _current[purpose] = (row.id, time.monotonic() + REFRESH)
    return row.id


def _new(purpose: str) -> DataKey:
    wrapped = base64.b64encode(_kek().wrap(os.urandom(KEY_BYTES))).decode()
    return DataKey(id=secrets.token_hex(4), purpose=purpose, wrapped=wrapped, is_current=True)


# What the rest of the program calls


def encrypt(text: str) -> str:
    """Ciphertext of ``text`` under the current data key; an empty text stays empty."""
    if not text:
        return ""
    key_id = _current_id(DataKey.TEXT)
    return f"sm4:{key_id}:{base64.b64encode(_seal(_data_key(key_id), text.encode(), key_id.encode())).decode()}"


def decrypt(ciphertext: str) -> str:
    """The text again. The caller has checked the right to see it and notes the look in the trail.

    Raises:
        KeyTrouble: the key is gone, or a byte was changed.
    """
    if not ciphertext:
        return ""
    if not is_ciphertext(ciphertext):
        raise KeyTrouble("内容不是密文，可能被绕过程序写入。")
    _, key_id, body = ciphertext.split(":", 2)
    try:
        return _open(_data_key(key_id), base64.b64decode(body), key_id.encode()).decode()
    except InvalidTag:
        raise KeyTrouble("密文校验失败：内容或密钥被改动。") from None


def is_ciphertext(text: str) -> bool:
    return CIPHERTEXT.fullmatch(text) is not None


def blind_index(field: str, text: str) -> str:
    """64 hexadecimal digits by which rows with the same ``text`` in ``field`` are found; empty for an empty text."""
    folded = fold(text).upper().replace(" ", "")
    if not folded:
        return ""
    key = _begun(_data_key(_current_id(DataKey.INDEX))).copy()
    key.update(f"{field}\0{folded}".encode())
    return key.finalize().hex()


@lru_cache(maxsize=4)
def _begun(key: bytes) -> hmac.HMAC:
    """An HMAC before its first byte, to be copied: taking the key in costs as much as a mobile number."""
    return hmac.HMAC(key, hashes.SM3())


MASKS = {"mobile": (3, 4), "identity": (3, 4), "bank": (0, 4), "name": (1, 0)}
"""Characters left standing at both ends, by kind of text."""


def mask(kind: str, text: str) -> str:
    """``text`` as shown by default: 138****5678, 330***********1234, 张**; ``***`` if too short to hide anything.

    Raises:
        KeyError: ``kind`` is unknown.
    """
    if kind == "email":
        name, _, domain = text.partition("@")
        return f"{name[:1]}***@{domain}" if domain else "***"
    head, tail = MASKS[kind]
    hidden = len(text) - head - tail
    if not text:
        return ""
    if hidden < 1:
        return "***"
    return text[:head] + "*" * hidden + (text[-tail:] if tail else "")


class EncryptedTextField(models.TextField):
    """A text that is stored encrypted whoever writes it. Reading gives the ciphertext: ``decrypt`` is a deliberate step.

    ``kind`` says how ``masked`` shows it; the field's model keeps the blind index in a column of its own.
    """

    def __init__(self, *args: Any, kind: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind = kind

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        # To the schema it is a text: no migration depends on this module.
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.TextField", args, kwargs

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        return value if not value or is_ciphertext(value) else encrypt(value)

    def masked(self, row: models.Model) -> str:
        """The row's value as anybody who sees the row may see it."""
        value: str = getattr(row, self.attname)
        return mask(self.kind, decrypt(value) if is_ciphertext(value) else value)


# Rotation


def encrypted_fields() -> Iterator[tuple[type[models.Model], EncryptedTextField]]:
    """Every encrypted column of every installed app."""
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if isinstance(field, EncryptedTextField):
                yield model, field


def rotate() -> tuple[str, int]:
    """A new data key for texts, and every text under it: ``(key, texts re-encrypted)``. Meanwhile the program runs on.

    Broken off, it goes on where it stopped when it is called again: what counts is which key a text names.
    """
    from shuzheng.base.core.scope import system_scope

    rewrap()
    with system_scope("core.keys").activate():
        current = DataKey.objects.filter(purpose=DataKey.TEXT, is_current=True).first()
        if current is None or not any(_behind(m, f, current.id).exists() for m, f in encrypted_fields()):
            DataKey.objects.filter(purpose=DataKey.TEXT, is_current=True).update(is_current=False)
            current = _new(DataKey.TEXT)
            current.save(force_insert=True)
    # Other processes write with the key before for up to REFRESH; running this again takes those texts.
    forget()
    return current.id, sum(_renew(model, field, current.id) for model, field in encrypted_fields())


def _behind(model: type[models.Model], field: models.Field, key_id: str) -> models.QuerySet:
    rows = model._base_manager.filter(**{f"{field.name}__startswith": "sm4:"})
    return rows.exclude(**{f"{field.name}__startswith": f"sm4:{key_id}:"})


def _renew(model: type[models.Model], field: models.Field, key_id: str) -> int:
    from shuzheng.base.core.scope import system_scope

    table, column, pk = model._meta.db_table, field.column, model._meta.pk.column
    # The old value is compared too: somebody may have changed the text meanwhile.
    sql = f'UPDATE "{table}" SET "{column}" = %s WHERE "{pk}" = %s AND "{column}" = %s'  # noqa: S608
    done = 0
    while True:
        with system_scope("core.keys").activate(), connection.cursor() as cursor:
            rows = list(_behind(model, field, key_id).values_list("pk", field.name)[:BATCH])
            cursor.executemany(sql, [(encrypt(decrypt(text)), pk_value, text) for pk_value, text in rows])
        done += len(rows)
        if len(rows) < BATCH:
            return done


def rewrap() -> int:
    """Wrap data keys anew that the key-encryption key before (``SZ_KEK_OLD``) wrapped; returns how many."""
    if not (old_text := os.environ.get("SZ_KEK_OLD")):
        return 0
    old, new, changed = LocalKey(_parse(old_text, "SZ_KEK_OLD")), _kek(), 0
    with transaction.atomic():
        for row in DataKey.objects.select_for_update(no_key=True).order_by("id"):
            wrapped = base64.b64decode(row.wrapped)
            try:
                new.unwrap(wrapped)
            except KeyTrouble:
                row.wrapped = base64.b64encode(new.wrap(old.unwrap(wrapped))).decode()
                row.save(update_fields=["wrapped"])
                changed += 1
    return changed


def problem() -> str:
    """What is wrong with the keys of this deployment, in a sentence; empty if every data key opens."""
    try:
        for row in DataKey.objects.all():
            _kek().unwrap(base64.b64decode(row.wrapped))
    except (KeyTrouble, ImproperlyConfigured) as trouble:
        return str(trouble)
    return ""


def rotate_command(args: argparse.Namespace) -> int:
    """``shuzheng keys rotate``."""
    try:
        key_id, texts = rotate()
    except (KeyTrouble, ImproperlyConfigured) as trouble:
        sys.stderr.write(f"{trouble}\n")
        return 1
    done = _("已启用新的数据密钥 {key}，重新加密 {n} 条。中断后再次执行会从断点继续。")
    sys.stdout.write(done.format(key=key_id, n=texts) + "\n")
    return 0
