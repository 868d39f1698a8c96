"""Pages of statistics, below ``/stats/``. The address holds the question; a saved view is an address."""

from django.urls import path

from shuzheng.base.stats.pages import alert_pages, brief_pages, cockpit, explore, own_pages, saved, transfer

urlpatterns = [
    path("", explore.page, name="explore"),
    path("embed/", explore.embed, name="embed"),
    path("drill/", explore.drill_page, name="drill"),
    path("export/<slug:what>/", transfer.export, name="export"),
    path("cockpit/", cockpit.page, name="cockpit"),
    path("wall/", cockpit.wall, name="wall"),
    path("views/", saved.index, name="views"),
    path("views/save/", saved.save, name="view_save"),
    path("views/<uuid:pk>/share/", saved.share_page, name="view_share"),
    path("views/<uuid:pk>/remove/", saved.remove, name="view_remove"),
    path("alerts/", alert_pages.index, name="alerts"),
    path("alerts/<uuid:pk>/", alert_pages.page, name="alert"),
    path("alerts/rules/new/", alert_pages.new_rule, name="rule_new"),
    path("alerts/rules/<uuid:pk>/", alert_pages.rule, name="rule"),
    path("alerts/rules/<uuid:pk>/remove/", alert_pages.remove, name="rule_remove"),
    path("briefs/", brief_pages.index, name="briefs"),
    path("briefs/new/", brief_pages.new, name="brief_new"),
    path("briefs/<uuid:pk>/", brief_pages.edit, name="brief"),
    path("briefs/<uuid:pk>/remove/", brief_pages.remove, name="brief_remove"),
    path("briefs/copies/<uuid:pk>/", brief_pages.copy, name="brief_copy"),
    path("indicators/", own_pages.index, name="own"),
    path("indicators/new/", own_pages.new, name="own_new"),
    path("indicators/<uuid:pk>/", own_pages.edit, name="own_edit"),
    path("indicators/<uuid:pk>/retire/", own_pages.retire, name="own_retire"),
]
