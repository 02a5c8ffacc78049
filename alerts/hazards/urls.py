"""Name the pages of hazards."""

from django.urls import path

from alerts.hazards import views
from alerts.hazards.events import combining_views
from alerts.hazards.listening import source_views

app_name = "hazards"
urlpatterns = [
    path("hazards/", views.hazards, name="list"),
    path("hazards/enter/", combining_views.enter, name="enter"),
    path("hazards/<int:pk>/", views.hazard, name="page"),
    path("hazards/<int:pk>/merge/", combining_views.merge, name="merge"),
    path("hazards/<int:pk>/split/", combining_views.split, name="split"),
    path("proposals/<int:pk>/dismiss/", views.dismiss, name="dismiss"),
    path("sources/", source_views.sources, name="sources"),
    path("sources/codes/", source_views.codes, name="codes"),
    path("sources/codes/aside/", source_views.set_code_aside, name="set_code_aside"),
    path("sources/<slug:slug>/poll/", source_views.poll_now, name="poll_now"),
    path("documents/<int:pk>/try-again/", source_views.try_again, name="try_again"),
]
