"""Name the pages of incidents."""

from django.urls import path

from alerts.incidents import (
    approval_views,
    message_views,
    sending_views,
    views,
    why_views,
    zone_views,
)

app_name = "incidents"
ONE = "incidents/<str:reference>/"
urlpatterns = [
    path("incidents/", views.listing, name="list"),
    path("incidents/new/", views.new, name="new"),
    path("incidents/preview/", zone_views.preview, name="preview"),
    path(ONE, views.page, name="page"),
    path(ONE + "zone/", zone_views.zone, name="zone"),
    path(ONE + "message/", message_views.message, name="message"),
    path(ONE + "check/", approval_views.check, name="check"),
    path(ONE + "approve/", approval_views.approve, name="approve"),
    path(ONE + "sending/", sending_views.sending, name="sending"),
    path(ONE + "why/", why_views.why, name="why"),
    path(ONE + "sending/progress/", sending_views.progress, name="progress"),
]
