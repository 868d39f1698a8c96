"""ASGI entry: pages and event streams on one port."""

import os

from django.core.asgi import get_asgi_application
from granian.utils.proxies import wrap_asgi_with_proxy_headers

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shuzheng.config.settings")
application = get_asgi_application()
# Addresses are evidence and part of locks and of token limits: those that a proxy tells count only where it is named.
if proxies := os.environ.get("SZ_PROXIES"):
    application = wrap_asgi_with_proxy_headers(application, proxies)
