"""Pages of flows, below ``/flows/``."""

from django.urls import path

urlpatterns: list = []
