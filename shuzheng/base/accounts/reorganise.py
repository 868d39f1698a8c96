"""How posts follow a change of the tree (``base/org/handlers.py``): they go to the successor, or end with their node."""

from __future__ import annotations

from shuzheng.base.org.handlers import Handler, register

register("accounts.post", Handler(ends="valid"))
