"""Where the test database is, for processes that a test starts: the same role, over the same socket or port."""

from __future__ import annotations

from django.db import connection


def database_url() -> str:
    known = connection.settings_dict
    host = f"?host={known['HOST']}" + (f"&port={known['PORT']}" if known["PORT"] else "")
    return f"postgresql://{known['USER']}:{known['PASSWORD']}@/{known['NAME']}{host}"
