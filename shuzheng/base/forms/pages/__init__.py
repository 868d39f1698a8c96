"""Pages of reporting, below ``/forms/``. The address holds what is looked at: round, part of the tree, submission."""

from django.urls import path

from shuzheng.base.forms.pages import definitions, entry, issue, once, review, rollups, rounds, transfer

urlpatterns = [
    path("", rounds.index, name="rounds"),
    path("rounds/issue/", issue.page, name="issue"),
    path("rounds/issue/preview/", issue.preview, name="preview"),
    path("rounds/<uuid:pk>/", rounds.page, name="round"),
    path("rounds/<uuid:pk>/remind/", rounds.remind, name="remind"),
    path("rounds/<uuid:pk>/close/", rounds.close, name="close"),
    path("rounds/<uuid:pk>/review/", review.page, name="review"),
    path("rounds/<uuid:pk>/approve/", review.approve, name="approve"),
    path("rounds/<uuid:pk>/rollup/", rollups.page, name="rollup"),
    path("rounds/<uuid:pk>/rollup/check/", rollups.check, name="recount"),
    path("rounds/<uuid:pk>/rollup/sign/", rollups.sign, name="sign"),
    path("rounds/<uuid:pk>/drill/<str:code>/", rollups.drill_page, name="drill"),
    path("rounds/<uuid:pk>/export/<slug:what>/", transfer.export, name="export"),
    path("entry/<uuid:pk>/", entry.page, name="entry"),
    path("entry/<uuid:pk>/keep/", entry.keep, name="keep"),
    path("entry/<uuid:pk>/cells/", entry.cells, name="cells"),
    path("entry/<uuid:pk>/cell/<str:code>/", entry.cell, name="cell"),
    path("entry/<uuid:pk>/submit/", entry.submit, name="submit"),
    path("entry/<uuid:pk>/return/", review.send_back, name="return"),
    path("entry/<uuid:pk>/template/", transfer.template, name="template"),
    path("entry/<uuid:pk>/upload/", transfer.upload, name="upload"),
    path("definitions/", definitions.index, name="definitions"),
    path("definitions/<uuid:pk>/", definitions.page, name="definition"),
    path("definitions/<uuid:pk>/once/", once.page, name="once"),
    path("burden/", once.burden, name="burden"),
    path("burden/export/", once.export, name="burden_export"),
]
