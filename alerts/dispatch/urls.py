"""Name the pages of dispatch."""

from django.urls import path

from alerts.dispatch import views

app_name = "dispatch"
urlpatterns = [
    path("sending/", views.status, name="status"),
    path("sending/brake/", views.brake, name="brake"),
    path("sending/messages/<int:pk>/retry/", views.retry, name="retry"),
]
