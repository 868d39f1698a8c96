"""The chain: each link's digest is SM3 over the digest before, the link's number and everything the entry says."""

from __future__ import annotations

from cryptography.hazmat.primitives import hashes

START = "0" * 64
"""What stands before the first link."""

# Every column, in an order and a form that no version of the program or of PostgreSQL changes: JSON without keys, the
# time in microseconds. A new column of Entry goes to the end, left out while it is empty.
CONTENT = """jsonb_build_array(
    e.id, (extract(epoch FROM e.at) * 1000000)::bigint, e.action, e.actor, e.person_id, e.actor_name, e.actor_organ,
    e.actor_path, e.model, e.object_id, e.label, e.path, e.before, e.after, e.handed_over, e.reason, e.key, e.origin
)::text"""
"""SQL: what is digested of the entry ``e``. ``xid`` is not part of it: it means nothing after a restore elsewhere."""


def digest(before: str, seq: int, content: str) -> str:
    """SM3 of one link, 64 hexadecimal digits."""
    sm3 = hashes.Hash(_SM3)
    sm3.update(f"{before}{seq}:{content}".encode())
    return sm3.finalize().hex()


_SM3 = hashes.SM3()
