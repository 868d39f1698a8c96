"""Registers of official vehicles, their pages and operations. They are alike: who keeps them, who reads them."""

from __future__ import annotations

from tests.permissions.trying import Call

STAFF, BUSINESS, SIGNED_IN = "Looooooxxx", "Loxooooxxx", "Looooooooo"
RECORD = "Lnoooonnnn"  # every post of the organ, and those above it
KEPT = "Lnxooonnnn"  # a role, in the organ or above it
BATCH = "Lnxooonxxx"

READ_BY_ALL = ("vehicles", "spots")
KEPT_BY_MANY = (
    "accidents", "drivers", "duties", "fees", "fines", "inspections", "insurances", "parts", "plans", "quotas", "quotes",
    "refuels", "rentals", "repairs", "fences", "terminals",
)  # fmt: skip
MADE_BY_OTHERS = ("runs", "looks")

REGISTER_PAGES: dict[str, tuple[str, str, str]] = {
    **{name: (f"@v_{name}", STAFF, RECORD) for name in READ_BY_ALL},
    **{name: (f"@v_{name}", BUSINESS, KEPT) for name in (*KEPT_BY_MANY, *MADE_BY_OTHERS)},
    "trips": ("@v_trips", STAFF, SIGNED_IN),  # led to the page of its own, which asks for the right
}

OPERATIONS: dict[str, Call] = {
    "read_trips": Call(RECORD, "@v_trips"),
    **{f"create_{name}": Call(BUSINESS, sent={}) for name in (*READ_BY_ALL, *KEPT_BY_MANY)},
    **{f"change_{name}": Call(KEPT, f"@v_{name}", {}) for name in (*READ_BY_ALL, *KEPT_BY_MANY)},
    **{f"delete_{name}": Call(KEPT, f"@v_{name}") for name in (*READ_BY_ALL, *KEPT_BY_MANY)},
    "lock_vehicles": Call(KEPT, sent={"ids": ["@v_vehicles"]}),
    "unlock_vehicles": Call(KEPT, sent={"ids": ["@v_vehicles"]}),
    "ask_disposal_vehicles": Call(KEPT, sent={"ids": ["@v_vehicles"], "way": "3", "why": "车况差", "condition": ""}),
    "ask_plans": Call(KEPT, sent={"ids": ["@v_plans"]}),
    "approve_repairs": Call(KEPT, sent={"ids": ["@v_repairs"]}),
    "refuse_repairs": Call(KEPT, sent={"ids": ["@v_repairs"], "why": "不急"}),
    "settle_repairs": Call(KEPT, sent={"ids": ["@v_repairs"], "amount": "1", "voucher": "甲", "done_on": "2026-11-01"}),
    "reopen_terminals": Call(KEPT, sent={"ids": ["@v_terminals"]}),
}
