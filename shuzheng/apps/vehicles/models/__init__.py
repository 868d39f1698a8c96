"""What official vehicles are made of: the fleet, what it costs, how it is used, and what is noticed about it.

``fleet`` vehicles, drivers, quotas, plans and places to drive to; ``past`` what a vehicle was before; ``upkeep`` everything
that is paid for a vehicle; ``trips`` requests and runs; ``tracks`` where vehicles are and were; ``commands`` what terminals are
told; ``cards`` who drives by the card; ``proposals`` plans of large days; ``sizing`` how large the fleet should be; ``alerts``
warnings, marks and reports of the public. Domain dossier §3.
"""

from shuzheng.apps.vehicles.models.alerts import Alert, Colour, Mark, Tip, Violation, Warned
from shuzheng.apps.vehicles.models.cards import CardRead
from shuzheng.apps.vehicles.models.commands import Command
from shuzheng.apps.vehicles.models.fleet import (
    Body,
    Driver,
    Duty,
    Fuel,
    Plan,
    Quota,
    Spot,
    Use,
    Vehicle,
    VehicleState,
)
from shuzheng.apps.vehicles.models.past import Former
from shuzheng.apps.vehicles.models.proposals import Proposal
from shuzheng.apps.vehicles.models.sizing import SizingRun
from shuzheng.apps.vehicles.models.tracks import Fence, Intake, Place, Position, Terminal, TrackAccess, TrackDay
from shuzheng.apps.vehicles.models.trips import Purpose, Reach, Run, Trip, TripState
from shuzheng.apps.vehicles.models.upkeep import (
    Accident,
    Fee,
    Fine,
    Inspection,
    Insurance,
    Quote,
    Refuel,
    Rental,
    Repair,
    RepairPart,
)

__all__ = [
    "Accident", "Alert", "Body", "CardRead", "Colour", "Command", "Driver", "Duty", "Fee", "Fence", "Fine", "Former", "Fuel",
    "Inspection", "Insurance", "Intake", "Mark", "Place", "Plan", "Position", "Proposal", "Purpose", "Quota", "Quote", "Reach", "Refuel",
    "Rental", "Repair", "RepairPart", "Run", "SizingRun", "Spot", "Terminal", "Tip", "TrackAccess", "TrackDay",
    "Trip", "TripState", "Use", "Vehicle", "VehicleState", "Violation", "Warned",
]  # fmt: skip
