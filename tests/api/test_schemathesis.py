"""schemathesis against the API: what its description promises is what it does, whatever is sent.

The program itself answers, in process, to a token of a county's office that may do everything there. What a call writes is
taken back after it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.generation.modes import GenerationMode
from schemathesis.specs.openapi.checks import ignored_auth, positive_data_acceptance, unsupported_method, use_after_free

from shuzheng.config.wsgi import application
from tests.api.conftest import token_for
from tests.permissions.matrix_api import OPERATIONS
from tests.permissions.trying import put
from tests.permissions.world import World, make_world, undone

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

CASES = 20
ELSEWHERE = [
    ignored_auth,  # every operation × nobody stands in tests/permissions
    unsupported_method,  # a method that no operation has never reaches the API's code
    positive_data_acceptance,  # a schema can't say that a place has a free number: rules of business answer 422 to it
    use_after_free,  # every call is taken back here; tests/api/test_registers.py deletes and asks again
]


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker) -> Iterator[World]:
    with django_db_blocker.unblock(), transaction.atomic():
        yield make_world()
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def token(world: World) -> str:
    return token_for(world.accounts["county above"]).raw


@pytest.fixture(scope="module")
def operations(token: str) -> Iterator[dict[str, Any]]:
    """Operations as schemathesis reads them from the served description, by their ids."""
    # The end of a request closes its connection, and with it the transaction that holds the world; Django's own client
    # does the same.
    request_started.disconnect(close_old_connections)
    request_finished.disconnect(close_old_connections)
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", application)
    found = [operation.ok() for operation in schema.get_all_operations()]
    yield {operation.definition.raw["operationId"]: operation for operation in found}
    request_started.connect(close_old_connections)
    request_finished.connect(close_old_connections)


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_operation_keeps_its_description(name, operations, world, token, monkeypatch):
    monkeypatch.setattr("django.conf.settings.SZ_API_RATE", 10_000_000)
    operation, headers = operations[name], {"Authorization": f"Bearer {token}"}
    kinds = [operation.as_strategy(GenerationMode.POSITIVE)]
    if OPERATIONS[name].thing:  # a record that is there: a made-up id is never found
        known = {"pk": put(OPERATIONS[name].thing, world)}
        if OPERATIONS[name].code:
            known["code"] = OPERATIONS[name].code
        kinds.append(operation.as_strategy(GenerationMode.POSITIVE, path_parameters=known))
    if name != "me":  # it takes nothing, so nothing wrong can be sent
        kinds.append(operation.as_strategy(GenerationMode.NEGATIVE))

    @settings(
        max_examples=CASES, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(case=st.one_of(*kinds))
    def calls(case) -> None:
        with undone():
            response = case.call(headers=headers)
        case.validate_response(response, excluded_checks=ELSEWHERE, headers=headers)

    calls()
