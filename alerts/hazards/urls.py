"""Name the pages of hazards."""

from django.urls import path

from alerts.hazards import views

app_name = "hazards"
urlpatterns = [
    path("hazards/", views.hazards, name="list"),
    path("hazards/<int:pk>/", views.hazard, name="page"),
    path("proposals/<int:pk>/dismiss/", views.dismiss, name="dismiss"),
    path("sources/", views.sources, name="sources"),
    path("sources/<slug:slug>/poll/", views.poll_now, name="poll_now"),
    path("documents/<int:pk>/try-again/", views.try_again, name="try_again"),
]
