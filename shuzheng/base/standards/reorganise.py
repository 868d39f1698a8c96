"""How standards follow a change of the tree (``base/org/handlers.py``): what holds in a region moves with the region."""

from __future__ import annotations

from django.apps import apps

from shuzheng.base.org.handlers import Handler, links, register

for model in apps.get_app_config("standards").get_models():
    if "region" in links(model):
        register(model._meta.label, Handler(paths=("region",)))
