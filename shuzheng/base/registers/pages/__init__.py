"""Pages of every register, below ``/r/<register>/``."""

from django.urls import path

from shuzheng.base.registers.pages import bulk, listing, record, transfer

urlpatterns = [
    path("<slug:register>/", listing.page, name="list"),
    path("<slug:register>/new/", record.create, name="create"),
    path("<slug:register>/bulk/", bulk.page, name="bulk"),
    path("<slug:register>/figures/", listing.figures, name="figures"),
    path("<slug:register>/columns/", listing.columns, name="columns"),
    path("<slug:register>/views/", listing.save_view, name="save_view"),
    path("<slug:register>/views/<uuid:pk>/delete/", listing.delete_view, name="delete_view"),
    path("<slug:register>/filter/<slug:field>/", listing.filter_panel, name="filter"),
    path("<slug:register>/choices/<slug:field>/", listing.choices, name="choices"),
    path("<slug:register>/export/", transfer.export, name="export"),
    path("<slug:register>/template/", transfer.template, name="template"),
    path("<slug:register>/import/", transfer.upload, name="import"),
    path("<slug:register>/import/<uuid:pk>/", transfer.preview, name="import_preview"),
    path("<slug:register>/import/<uuid:pk>/faults/", transfer.faults, name="import_faults"),
    path("<slug:register>/labels/", bulk.labels, name="labels"),
    path("<slug:register>/<str:pk>/", record.detail, name="detail"),
    path("<slug:register>/<str:pk>/edit/", record.edit, name="edit"),
    path("<slug:register>/<str:pk>/delete/", record.delete, name="delete"),
    path("<slug:register>/<str:pk>/history/", record.history, name="history"),
    path("<slug:register>/<str:pk>/comment/", record.comment, name="comment"),
    path("<slug:register>/<str:pk>/act/<slug:verb>/", record.act, name="act"),
]
