"""Name the pages of checkins."""

from django.urls import URLPattern

app_name = "checkins"
urlpatterns: list[URLPattern] = []
