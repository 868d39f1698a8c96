"""SM3 over what people sign: the same facts give the same digest, whatever their order."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from cryptography.hazmat.primitives import hashes

from shuzheng.base.core.models import plain
from shuzheng.base.forms.numbers import exact


def sm3(facts: Mapping[str, Any], before: str = "") -> str:
    """SM3 (GB/T 32905) of facts as canonical JSON behind the digest ``before``; 64 hexadecimal digits."""
    text = before + json.dumps(plain(dict(facts)), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    digest = hashes.Hash(hashes.SM3())
    digest.update(text.encode())
    return digest.finalize().hex()


def of_values(values: Mapping[str, Decimal | None]) -> str:
    """The digest of a form's values: cells that are empty count as not there, zeros at the end of a number not at all."""
    return sm3({code: exact(value) for code, value in values.items() if value is not None})
