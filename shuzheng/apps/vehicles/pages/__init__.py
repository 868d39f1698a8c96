"""Pages of official vehicles, below ``/vehicles/``."""

from __future__ import annotations

from django.urls import path

from shuzheng.apps.vehicles.pages import asking, assigning, driving, looking, public, supervision

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
    path("overview/", looking.overview, name="overview"),
    path("notice/", looking.notice, name="notice"),
    path("watch/", supervision.watch, name="watch"),
    path("watch/<uuid:pk>/", supervision.alert, name="alert"),
    path("watch/<uuid:pk>/<slug:verb>/", supervision.act, name="alert_act"),
    path("mark/<str:token>/", public.page, name="mark"),
    path("marks/<uuid:pk>/", public.label, name="mark_label"),
    path("costs/", looking.costs, name="costs"),
]
