"""Name the pages of incidents."""

from django.urls import path

from alerts.incidents import views, zone_views

app_name = "incidents"
ONE = "incidents/<str:reference>/"
urlpatterns = [
    path("incidents/", views.listing, name="list"),
    path("incidents/new/", views.new, name="new"),
    path("incidents/preview/", zone_views.preview, name="preview"),
    path(ONE, views.page, name="page"),
    path(ONE + "zone/", zone_views.zone, name="zone"),
]
