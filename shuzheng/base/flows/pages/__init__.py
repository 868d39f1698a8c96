"""Pages of flows, below ``/flows/``: the inbox, starting, a case and what can be done with it, delegations, definitions."""

from django.urls import path

from shuzheng.base.flows.pages import begin, case, definitions, delegations, inbox, mine, statistics, trials

urlpatterns = [
    path("", inbox.page, name="inbox"),
    path("batch/", inbox.batch, name="batch"),
    path("start/", begin.page, name="begin"),
    path("start/<uuid:pk>/", begin.new, name="new"),
    path("people/", begin.people, name="people"),
    path("delegations/", delegations.page, name="delegations"),
    path("delegations/<uuid:pk>/end/", delegations.end, name="delegation_end"),
    path("mine/", mine.page, name="mine"),
    path("mine/do/<slug:verb>/", mine.act, name="mine_act"),
    path("mine/signature/", mine.picture, name="own_signature"),
    path("statistics/", statistics.page, name="statistics"),
    path("statistics/<slug:code>/", statistics.one, name="statistics_one"),
    path("statistics/<slug:code>/file/", statistics.export, name="statistics_file"),
    path("definitions/", definitions.page, name="definitions"),
    path("definitions/<uuid:pk>/", definitions.one, name="definition"),
    path("definitions/<uuid:pk>/bpmn/", definitions.bpmn, name="definition_bpmn"),
    path("definitions/<uuid:pk>/do/<slug:verb>/", definitions.act, name="definition_act"),
    path("definitions/<uuid:pk>/tests/", trials.page, name="trials"),
    path("definitions/<uuid:pk>/tests/new/", trials.edit, name="trial_new"),
    path("definitions/<uuid:pk>/tests/<int:number>/", trials.edit, name="trial"),
    path("definitions/<uuid:pk>/tests/do/<slug:verb>/", trials.act, name="trials_act"),
    path("definitions/<uuid:pk>/tests.json", trials.download, name="trials_file"),
    path("definitions/<uuid:pk>/replay/", trials.replay, name="replay"),
    path("<uuid:pk>/", case.page, name="case"),
    path("<uuid:pk>/edit/", begin.edit, name="edit"),
    path("<uuid:pk>/do/<slug:verb>/", case.act, name="act"),
    path("<uuid:pk>/sheet/", case.sheet, name="sheet"),
    path("<uuid:pk>/files/<uuid:file>/", case.file, name="file"),
    path("<uuid:pk>/signatures/<uuid:file>/", mine.signed, name="signed"),
]
