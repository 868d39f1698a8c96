"""The verbs of official vehicles: ``trips`` for who needs and gives a car, ``driving`` for drivers, ``fleet`` for vehicles and upkeep,
``sizing`` for how many are needed."""

from shuzheng.apps.vehicles.actions.driving import accept_runs, end_runs, start_runs
from shuzheng.apps.vehicles.actions.fleet import (
    approve_repairs,
    ask_disposal,
    ask_plans,
    decide_plans,
    dispose_vehicles,
    keep_vehicles,
    lock_vehicles,
    refuse_repairs,
    settle_repairs,
    unlock_vehicles,
)
from shuzheng.apps.vehicles.actions.sizing import ask_sizing, finish_sizing
from shuzheng.apps.vehicles.actions.trips import (
    ask_trips,
    assign_trips,
    cancel_trips,
    change_trips,
    confirm_trips,
    drop_runs,
    file_trips,
    follow_trips,
    rent_trips,
    unassign_trips,
)

__all__ = [
    "accept_runs",
    "approve_repairs",
    "ask_disposal",
    "ask_plans",
    "ask_sizing",
    "ask_trips",
    "assign_trips",
    "cancel_trips",
    "change_trips",
    "confirm_trips",
    "decide_plans",
    "dispose_vehicles",
    "drop_runs",
    "end_runs",
    "file_trips",
    "finish_sizing",
    "follow_trips",
    "keep_vehicles",
    "lock_vehicles",
    "refuse_repairs",
    "rent_trips",
    "settle_repairs",
    "start_runs",
    "unassign_trips",
    "unlock_vehicles",
]  # fmt: skip
