"""ASGI entry: pages and event streams on one port."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shuzheng.config.settings")
application = get_asgi_application()
