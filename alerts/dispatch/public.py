"""Name the pages of dispatch that people open from a mail."""

from django.urls import path

from alerts.dispatch.hearing import unsubscribing

urlpatterns = [
    path("u/<uuid:uid>.<str:token>", unsubscribing.unsubscribe, name="unsubscribe"),
]
