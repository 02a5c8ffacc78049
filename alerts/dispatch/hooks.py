"""Take what providers send to /hooks/ for dispatch."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
