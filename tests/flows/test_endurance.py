"""Published endurance and chaos runs (anchors, F1): the soak's run in small; ``make soak`` takes a hundred thousand instances."""

from __future__ import annotations

import pytest
from django.conf import settings

from bench import cases, endurance
from shuzheng.base.accounts.models import Account, Person
from shuzheng.base.core.scope import system_scope
from tests.addresses import database_url
from tests.flows.conftest import OFFICE, Desk

SIGNERS = [1, 3, 1, 3]
INSTANCES = 4


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_endurance_and_chaos_runs(nation):
    """Workers are killed outright in the middle: none lost, no step twice, each told once that it has ended."""
    desk = Desk(nation)
    starter = desk.hire("经办", OFFICE)
    numbers = [_number(desk.hire(f"签{n}", OFFICE)) for n in range(3)]
    cases.publish(desk.admin, "bench-ten", SIGNERS, numbers)
    run = endurance.drive(
        INSTANCES, "bench-ten", Account.objects.get(person_id=starter.person_id).username, workers=2, kills=(5, 12),
        environment={"DATABASE_URL": database_url(), "SZ_DATA": str(settings.VAR_DIR)},
    )  # fmt: skip
    assert endurance.exact(INSTANCES, "bench-ten", SIGNERS) == ""
    assert run.kills >= 1 and run.decisions == INSTANCES * sum(SIGNERS)


def _number(actor) -> str:
    with system_scope("tests").activate():
        return Person.objects.get(pk=actor.person_id).number
