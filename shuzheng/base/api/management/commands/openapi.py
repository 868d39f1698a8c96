"""``make openapi``: write the API's description to ``docs/openapi.json``; read its diff before committing it."""

import json
from importlib import import_module
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils.translation import override

from shuzheng.base.api.door import api


class Command(BaseCommand):
    help = __doc__
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        import_module(settings.ROOT_URLCONF)  # mounts the routes
        with override("zh-hans"):
            text = json.dumps(api.get_openapi_schema(), ensure_ascii=False, indent=1, sort_keys=True, default=str)
        Path(settings.BASE_DIR, "docs", "openapi.json").write_text(text + "\n", encoding="utf-8")
