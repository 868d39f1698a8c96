"""Pages of quick collections, below ``/collect/``: making, sending out, results; and the page behind the link."""

from django.urls import path

from shuzheng.base.collect.pages import answer, make, results

urlpatterns = [
    path("", results.index, name="index"),
    path("mine/", results.mine, name="mine"),
    path("new/", make.page, name="make"),
    path("read/", make.read_lines, name="read"),
    path("l/<str:token>/", answer.page, name="answer"),
    path("<uuid:pk>/", results.page, name="results"),
    path("<uuid:pk>/figures/", results.figures, name="figures"),
    path("<uuid:pk>/answers/", results.answers, name="answers"),
    path("<uuid:pk>/who/", results.who, name="who"),
    path("<uuid:pk>/poster/", results.poster, name="poster"),
    path("<uuid:pk>/export/<slug:what>/", results.export, name="export"),
    path("<uuid:pk>/edit/", make.edit, name="edit"),
    path("<uuid:pk>/open/", make.send_out, name="open"),
    path("<uuid:pk>/do/<slug:verb>/", results.act, name="act"),
]
"""Of the verbs ``close``, ``reopen``, ``remind``, ``relink`` and ``delete``, ``act`` is the door."""
