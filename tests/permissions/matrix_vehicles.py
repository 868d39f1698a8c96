"""Registers of official vehicles, their pages and operations. They are alike: who keeps them, who reads them."""

from __future__ import annotations

from tests.permissions.trying import Call

STAFF, BUSINESS, SIGNED_IN = "Looooooxxx", "Loxooooxxx", "Looooooooo"
RECORD = "Lnoooonnnn"  # every post of the organ, and those above it
KEPT = "Lnxooonnnn"  # a role, in the organ or above it
OWN = "Lnxoxxnnnn"  # of the organ alone: those above look on

READ_BY_ALL = ("vehicles", "spots")
KEPT_BY_MANY = (
    "accidents", "drivers", "duties", "fees", "fines", "inspections", "insurances", "parts", "plans", "quotas", "quotes",
    "refuels", "rentals", "repairs", "fences", "terminals",
)  # fmt: skip
MADE_BY_OTHERS = ("runs", "looks", "commands")

COST = {"vehicle": "@v_car", "day": "2026-11-01"}
SPAN = {"begins": "2031-01-01T08:00:00+08:00", "ends": "2031-01-01T18:00:00+08:00"}
CREATED: dict[str, dict[str, str | int | bool]] = {
    "vehicles": {
        "plate": "浙K0A999", "vin": "LSVAA0000A0000009", "body": "1", "brand": "甲", "seats": 5, "fuel": "5", "price": "1",
        "registered_on": "2026-01-01", "title_holder": "甲", "use": "2",
    },
    "spots": {"name": "西门", "lon": "119.2", "lat": "28.5"},
    "drivers": {"person": "@person", "licence_class": "C1", "licence_to": "2031-01-01"},
    "duties": {"driver": "@v_drivers", **SPAN},
    "quotas": {"use": "4", "amount": 1, "since": "2031-01-01", "document": "核2号"},
    "plans": {"year": 2031, "kind": "new", "use": "2", "body": "1", "fuel": "5", "price": "1", "reason": "新增"},
    "refuels": {**COST, "quantity": "10"},
    "repairs": {**COST, "fault": "刹车"},
    "quotes": {"repair": "@v_repairs", "party": "@party", "amount": "1", "day": "2026-11-01"},
    "parts": {"repair": "@v_repairs", "name": "轮胎", "quantity": "1", "price": "1"},
    "fees": {**COST, "kind": "toll"},
    "insurances": {**COST, "kind": "compulsory", "number": "P1", "since": "2026-11-01", "until": "2027-11-01"},
    "inspections": {**COST, "valid_to": "2027-11-01"},
    "fines": {**COST, "behaviour": "违停"},
    "accidents": {**COST, "place": "路口", "story": "追尾"},
    "rentals": {"party": "@party", "day": "2026-11-01"},
    "fences": {"name": "西门", "area": "home"},
    "terminals": {"number": "13900000009", "vehicle": "@v_car"},
}  # fmt: skip
CHANGED = {
    "parts": {"name": "轮胎"}, "plans": {"reason": "车况差"}, "quotas": {"document": "核1号"}, "spots": {"name": "东门"},
    "fences": {"name": "东门"}, "terminals": {"maker": "甲"},
}  # fmt: skip

REGISTER_PAGES: dict[str, tuple[str, str, str]] = {
    **{name: (f"@v_{name}", STAFF, RECORD) for name in READ_BY_ALL},
    **{name: (f"@v_{name}", BUSINESS, KEPT) for name in (*KEPT_BY_MANY, *MADE_BY_OTHERS)},
    "trips": ("@v_trips", STAFF, SIGNED_IN),  # led to the page of its own, which asks for the right
}

OPERATIONS: dict[str, Call] = {
    "read_trips": Call(RECORD, "@v_trips"),
    **{f"create_{name}": Call(BUSINESS, sent=sent) for name, sent in CREATED.items()},
    **{
        f"change_{name}": Call(KEPT, f"@v_{name}", CHANGED.get(name, {"note": "改"}))
        for name in (*READ_BY_ALL, *KEPT_BY_MANY)
    },
    **{f"delete_{name}": Call(KEPT, f"@v_{name}") for name in (*READ_BY_ALL, *KEPT_BY_MANY)},
    "lock_vehicles": Call(KEPT, sent={"ids": ["@v_vehicles"]}),
    "unlock_vehicles": Call(KEPT, sent={"ids": ["@v_vehicles"]}),
    "ask_disposal_vehicles": Call(OWN, sent={"ids": ["@v_vehicles"], "way": "3", "why": "车况差", "condition": ""}),
    "ask_plans": Call(KEPT, sent={"ids": ["@v_plans"]}),
    "approve_repairs": Call(OWN, sent={"ids": ["@v_repairs"]}),
    "refuse_repairs": Call(OWN, sent={"ids": ["@v_repairs"], "why": "不急"}),
    "settle_repairs": Call(KEPT, sent={"ids": ["@v_repairs"], "amount": "1", "voucher": "甲", "done_on": "2026-11-01"}),
    "reopen_terminals": Call(KEPT, sent={"ids": ["@v_terminals"]}),
    "say_terminals": Call(KEPT, sent={"ids": ["@v_terminals"], "text": "请减速", "spoken": True, "why": "提醒"}),
    "set_terminals": Call(
        KEPT,
        sent={"ids": ["@v_terminals"], "interval": 30, "asleep": 300, "speed": 100, "heartbeat": 60, "why": "统一设置"},
    ),
    **{
        f"{verb}_terminals": Call(KEPT, sent={"ids": ["@v_terminals"], "why": "核对"})
        for verb in ("locate", "query", "inspect")
    },
}
