"""Pages of statistics, below ``/stats/``."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
