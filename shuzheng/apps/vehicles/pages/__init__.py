"""Pages of official vehicles, below ``/vehicles/``."""

from __future__ import annotations

from django.urls import path

from shuzheng.apps.vehicles.pages import (
    asking,
    assigning,
    dispatch,
    driving,
    looking,
    public,
    sizing,
    supervision,
    tracking,
)

urlpatterns = [
    path("", asking.mine, name="mine"),
    path("ask/", asking.ask, name="ask"),
    path("trips/<uuid:pk>/", asking.trip, name="trip"),
    path("trips/<uuid:pk>/change/", asking.change, name="change"),
    path("trips/<uuid:pk>/sheet.pdf", asking.sheet, name="sheet"),
    path("trips/<uuid:pk>/assign/", assigning.assign, name="assign"),
    path("trips/<uuid:pk>/rent/", assigning.rent, name="rent"),
    path("trips/<uuid:pk>/release/", assigning.release, name="release"),
    path("trips/<uuid:pk>/<slug:verb>/", asking.act, name="act"),
    path("driving/", driving.page, name="driving"),
    path("driving/<uuid:pk>/<slug:verb>/", driving.act, name="drive"),
    path("map/", tracking.page, name="map"),
    path("map/places", tracking.places, name="places"),
    path("map/live", tracking.moves, name="moves"),
    path("terminals/<uuid:pk>/commands", tracking.commands, name="commands"),
    path("tracks/<uuid:pk>/<str:day>/", tracking.track, name="track"),
    path("overview/", looking.overview, name="overview"),
    path("notice/", looking.notice, name="notice"),
    path("dispatch/", dispatch.board, name="dispatch"),
    path("dispatch/propose/", dispatch.propose, name="dispatch_propose"),
    path("dispatch/proposal/", dispatch.proposal, name="dispatch_proposal"),
    path("dispatch/drop/", dispatch.drop, name="dispatch_drop"),
    path("dispatch/accept/", dispatch.accept, name="dispatch_accept"),
    path("dispatch/put/", dispatch.put, name="dispatch_put"),
    path("sizing/", sizing.page, name="sizing"),
    path("sizing/ask/", sizing.ask, name="sizing_ask"),
    path("sizing/<uuid:pk>.xlsx", sizing.export, name="sizing_export"),
    path("watch/", supervision.watch, name="watch"),
    path("watch/<uuid:pk>/", supervision.alert, name="alert"),
    path("watch/<uuid:pk>/<slug:verb>/", supervision.act, name="alert_act"),
    path("mark/<str:token>/", public.page, name="mark"),
    path("marks/<uuid:pk>/", public.label, name="mark_label"),
    path("costs/", looking.costs, name="costs"),
]
