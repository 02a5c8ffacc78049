"""Take what providers send to /hooks/ for checkins."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
