"""Who may change the schema."""

from __future__ import annotations

from typing import Any


class OwnerMigrates:
    """Only the alias ``owner`` migrates; the running role can't change a table."""

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return db == "owner"
