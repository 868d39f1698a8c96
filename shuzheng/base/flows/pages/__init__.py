"""Pages of flows, below ``/flows/``: the inbox, starting, a case and what can be done with it, delegations, definitions."""

from django.urls import path

from shuzheng.base.flows.pages import begin, case, definitions, delegations, designer, inbox, library

urlpatterns = [
    path("", inbox.page, name="inbox"),
    path("batch/", inbox.batch, name="batch"),
    path("start/", begin.page, name="begin"),
    path("start/<uuid:pk>/", begin.new, name="new"),
    path("people/", begin.people, name="people"),
    path("delegations/", delegations.page, name="delegations"),
    path("delegations/<uuid:pk>/end/", delegations.end, name="delegation_end"),
    path("definitions/", definitions.page, name="definitions"),
    path("definitions/new/", designer.new, name="definition_new"),
    path("definitions/lookup/", designer.lookup, name="lookup"),
    path("definitions/<uuid:pk>/", definitions.one, name="definition"),
    path("definitions/<uuid:pk>/bpmn/", definitions.bpmn, name="definition_bpmn"),
    path("definitions/<uuid:pk>/design/", designer.design, name="design"),
    path("definitions/<uuid:pk>/expert/", designer.expert, name="expert"),
    path("definitions/<uuid:pk>/draft/", designer.draft, name="draft"),
    path("definitions/<uuid:pk>/do/<slug:verb>/", definitions.act, name="definition_act"),
    path("library/", library.page, name="library"),
    path("library/import/", library.take_in, name="package_import"),
    path("library/<uuid:pk>/", library.one, name="standard"),
    path("library/<uuid:pk>/adopt/", library.adopt, name="standard_adopt"),
    path("library/<uuid:pk>/package/", library.package, name="standard_package"),
    path("library/<uuid:pk>/compare/<uuid:other>/", library.compare, name="standard_compare"),
    path("<uuid:pk>/", case.page, name="case"),
    path("<uuid:pk>/edit/", begin.edit, name="edit"),
    path("<uuid:pk>/do/<slug:verb>/", case.act, name="act"),
    path("<uuid:pk>/sheet/", case.sheet, name="sheet"),
    path("<uuid:pk>/files/<uuid:file>/", case.file, name="file"),
]
