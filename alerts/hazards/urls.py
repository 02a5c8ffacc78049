"""Name the pages of hazards."""

from django.urls import URLPattern

app_name = "hazards"
urlpatterns: list[URLPattern] = []
