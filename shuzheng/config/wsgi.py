"""WSGI entry (pages)."""

import os

from django.core.wsgi import get_wsgi_application
from granian.utils.proxies import wrap_wsgi_with_proxy_headers

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shuzheng.config.settings")
application = get_wsgi_application()
# Addresses are evidence and part of locks and of token limits: those that a proxy tells count only where it is named.
if proxies := os.environ.get("SZ_PROXIES"):
    application = wrap_wsgi_with_proxy_headers(application, proxies)
