"""Name the pages of incidents."""

from django.urls import path

from alerts.incidents import handover_views, views
from alerts.incidents.approving import approval_views, glass_views, sending_views
from alerts.incidents.audiences import why_views
from alerts.incidents.drafts import message_views, template_views
from alerts.incidents.zones import zone_live_views, zone_views

app_name = "incidents"
ONE = "incidents/<str:reference>/"
urlpatterns = [
    path("incidents/", views.listing, name="list"),
    path("incidents/new/", views.new, name="new"),
    path("incidents/preview/", zone_live_views.preview, name="preview"),
    path("templates/", template_views.listing, name="templates"),
    path("templates/<int:pk>/", template_views.page, name="template"),
    path(ONE, views.page, name="page"),
    path(ONE + "handover/", handover_views.page, name="handover"),
    path(ONE + "zone/", zone_views.zone, name="zone"),
    path(ONE + "zone/here/", zone_live_views.here, name="zone_here"),
    path(ONE + "message/", message_views.message, name="message"),
    path(ONE + "check/", approval_views.check, name="check"),
    path(ONE + "approve/", approval_views.approve, name="approve"),
    path(ONE + "break-glass/", glass_views.break_glass, name="break_glass"),
    path("audit/break-glass/", glass_views.reviews, name="reviews"),
    path(ONE + "sending/", sending_views.sending, name="sending"),
    path(ONE + "why/", why_views.why, name="why"),
    path(ONE + "sending/progress/", sending_views.progress, name="progress"),
]
