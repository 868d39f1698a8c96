from __future__ import annotations

from typing import Any

from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate

from shuzheng.base.core.manifest import ShuzhengAppConfig
from shuzheng.kernel import words


class CoreConfig(ShuzhengAppConfig):
    name = "shuzheng.base.core"
    label = "core"

    def ready(self) -> None:
        from django.utils.translation import gettext

        from shuzheng.base.core import guard, keys, lookups, moments  # noqa: F401 -- the lookups register themselves

        super().ready()
        words.lend(gettext)
        keys.check_configuration()
        post_migrate.connect(_install_policies, dispatch_uid="core.policies")
        connection_created.connect(guard.watch, dispatch_uid="core.guard")
        connection_created.connect(moments.register, dispatch_uid="core.moments")


def _install_policies(sender: Any, using: str, **kwargs: Any) -> None:
    """Once a migrate run is at its end: the last app to be signalled has all tables before it."""
    from django.apps import apps

    from shuzheng.base.core.policies import install

    last = [config for config in apps.get_app_configs() if config.models_module is not None][-1]
    if using == "owner" and sender is last:
        install(using)
