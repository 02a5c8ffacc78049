"""Name the pages of every app."""

from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView

API = "api/v1/"
handler403 = "consular.missions.faults.refused"
handler404 = "consular.people.registering.public.nothing_here"
handler500 = "consular.missions.faults.broken"

urlpatterns = [
    # First, because most of what comes in a crisis are receipts and replies.
    path("hooks/", include("alerts.checkins.answers.hooks")),
    path("hooks/", include("alerts.dispatch.hearing.hooks")),
    path("hooks/", include("alerts.dispatch.hearing.mail_hooks")),
    path("", include("consular.people.urls")),
    path("", include("consular.missions.urls")),
    path("desk/", include("alerts.hazards.urls")),
    path("desk/", include("alerts.incidents.urls")),
    path("desk/", include("alerts.dispatch.urls")),
    path("", include("alerts.checkins.urls")),
    path("", include("alerts.dispatch.public")),
    path("", include("alerts.hazards.public")),
    path("", include("alerts.incidents.publication.public")),
    path(API + "openapi.json", SpectacularAPIView.as_view(), name="openapi"),
    path(API, include("consular.people.api")),
    path(API, include("alerts.dispatch.api")),
    path(API, include("alerts.hazards.api")),
    path(API, include("alerts.incidents.api")),
    path(API, include("alerts.checkins.api")),
]
