"""All urls, built from the manifests of the installed apps."""

from __future__ import annotations

from django.urls import include, path

from shuzheng.base.core.manifest import modules
from shuzheng.base.core.registry import close_all

close_all()

handler404 = "shuzheng.base.api.problems.not_found"
handler500 = "shuzheng.ops.health.server_error"

urlpatterns = [
    path("", include("shuzheng.ops.health")),
    path("", include("shuzheng.base.accounts.signin_urls")),
]
urlpatterns += [
    path(f"{item.url_prefix or item.name}/" if item.url_prefix != "/" else "", include((pages.urlpatterns, item.name)))
    for item, pages in modules("pages")
]
