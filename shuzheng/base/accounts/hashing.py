"""How passwords, one-time codes and tokens are hashed.

Passwords: argon2id over an HMAC-SM3 with a key that lies outside the database (the pepper). Whoever has the database
alone can't try passwords; whoever has both still pays for argon2id at each try.
"""

from __future__ import annotations

import base64
import hmac as constant_time
import secrets

from cryptography.hazmat.primitives import hashes, hmac
from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher


def keyed_sm3(purpose: str, text: str) -> bytes:
    """HMAC-SM3 of ``text`` under the pepper, apart for each ``purpose``."""
    mac = hmac.HMAC(settings.SZ_PEPPER.encode(), hashes.SM3())
    mac.update(purpose.encode() + b"\0" + text.encode())
    return mac.finalize()


class PepperedArgon2Hasher(Argon2PasswordHasher):
    """argon2id with 19 MiB, two passes, one lane (the least that OWASP's password storage sheet recommends)."""

    algorithm = "argon2sm3"
    memory_cost = 19 * 1024  # KiB
    time_cost = 2
    parallelism = 1

    def encode(self, password: str, salt: str) -> str:
        return super().encode(_peppered(password), salt)

    def verify(self, password: str, encoded: str) -> bool:
        return super().verify(_peppered(password), encoded)


def _peppered(password: str) -> str:
    return base64.b64encode(keyed_sm3("password", password)).decode("ascii")


_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # without 0 O 1 I, which are misread


def new_code() -> str:
    """A one-time code of 80 bits in four groups, to be read out or typed from paper: ``K7QF-2M9X-…``."""
    letters = [secrets.choice(_ALPHABET) for _ in range(16)]
    return "-".join("".join(letters[n : n + 4]) for n in range(0, 16, 4))


def code_digest(code: str) -> str:
    """What is stored of a one-time code. Case, spaces and dashes don't count."""
    return keyed_sm3("code", "".join(c for c in code.upper() if c.isalnum())).hex()


def token_digest(token: str) -> str:
    """What is stored of an API token: its 256 random bits need no slow hash."""
    return keyed_sm3("token", token).hex()


def same(one: str, other: str) -> bool:
    """Comparison that takes the same time wherever the two differ."""
    return constant_time.compare_digest(one.encode(), other.encode())
