"""Every operation of the API × persona."""

from __future__ import annotations

import pytest
from django.test import Client

from shuzheng.base.core.action import new_key
from tests.api.conftest import token_for
from tests.permissions.matrix_api import OPERATIONS
from tests.permissions.personas import PERSONAS
from tests.permissions.routes import operations
from tests.permissions.test_pages import letter, surprises
from tests.permissions.world import World, undone

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def test_every_operation_has_an_expectation_and_none_is_stale():
    assert set(OPERATIONS) == set(operations())


@pytest.fixture(scope="module")
def tokens(world: World) -> dict[str, str]:
    """A token with all rights of its holder, for each persona."""
    return {name: token_for(account).raw for name, account in world.accounts.items()}


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_operation(world, tokens, settings, name):
    settings.SZ_API_RATE = 1_000_000
    item, (method, path) = OPERATIONS[name], operations()[name]
    line = "reporting" if path.startswith("/api/v1/forms") else "general"
    found = []
    for persona in PERSONAS:
        headers = {"Idempotency-Key": new_key(), "If-Match": '"1"'}
        if persona.name != "nobody":
            headers["Authorization"] = f"Bearer {tokens[world.name(persona, line)]}"
        with undone():
            response = Client().generic(method, item.address(path, world), headers=headers, **item.data(world))
            assert b'"code": "schema"' not in response.content, (
                "what is sent has to pass the schema: rights are asked after it"
            )
            found.append(letter(response))
    assert surprises("".join(found), item.expected) == {}
