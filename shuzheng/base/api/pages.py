"""Mounts the API: a router for each register, and each app's own (``api.py``: ``router``)."""

from __future__ import annotations

from django.http import HttpRequest
from django.urls import path
from ninja import Schema

from shuzheng.base.api.door import api
from shuzheng.base.api.registers import REFUSALS, router_of
from shuzheng.base.core.actor import actor_of
from shuzheng.base.core.manifest import modules
from shuzheng.base.registers.declare import REGISTERS


class Me(Schema):
    """Who the token acts as."""

    post: str
    person: str
    organ: str
    organ_path: str
    tier: int
    permissions: list[str]


@api.get("/me", response={200: Me, **{c: REFUSALS[c] for c in (401, 403, 429)}}, tags=["令牌"], operation_id="me")
def me(request: HttpRequest) -> dict[str, object]:
    """The post that the token acts in, and what it may do."""
    actor = actor_of(request)
    return {
        "post": actor.post_name,
        "person": actor.name,
        "organ": actor.organ_name,
        "organ_path": actor.organ_path,
        "tier": actor.tier,
        "permissions": sorted(actor.grants),
    }


for _name, _register in REGISTERS.items():
    api.add_router(f"/{_name}", router_of(_register))
for _manifest, _module in modules("api"):
    if hasattr(_module, "router"):
        api.add_router(f"/{_manifest.name}", _module.router)

urlpatterns = [path("", api.urls)]
