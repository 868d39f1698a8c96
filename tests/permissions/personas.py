"""Who tries each route: nobody, neighbours, the owner with and without the right, tiers above, the three officers."""

from __future__ import annotations

from dataclasses import dataclass

BUSINESS = ("clerk", "reviewer", "leader", "business_admin")


@dataclass(frozen=True)
class Persona:
    """A persona: its organ, the roles of its post and where they hold."""

    name: str
    organ: str
    roles: tuple[str, ...] = ()
    at: str | None = None


PERSONAS = (
    Persona("nobody", ""),
    Persona("other county", "33/11/22/0/goa/", BUSINESS, "33/11/22/"),
    Persona("without right", "33/11/23/0/u1/"),
    Persona("with right", "33/11/23/0/u1/", BUSINESS),
    Persona("county above", "33/11/23/0/goa/", BUSINESS, "33/11/23/"),
    Persona("prefecture above", "33/11/0/goa/", BUSINESS, "33/11/"),
    Persona("another line", "33/11/0/u1/", BUSINESS, "33/11/"),
    Persona("system officer", "33/11/23/0/goa/", ("system_officer",), "33/11/23/"),
    Persona("security officer", "33/11/23/0/goa/", ("security_officer",), "33/11/23/"),
    Persona("audit officer", "33/11/23/0/goa/", ("audit_officer",), "33/11/23/"),
)
"""In the order of the letters in ``matrix.py``. The records that are tried belong to ``33/11/23/0/u1/``.

"Another line" is an organ of the prefecture with every role there, and competent for another business line only: for
``reporting`` where the record is of any other line, for ``general`` where the record is one of reporting.
"""

NAMES = tuple(p.name for p in PERSONAS)
