"""Name the checkins app."""

from django.apps import AppConfig


class CheckinsConfig(AppConfig):
    """Configure alerts.checkins."""

    name = "alerts.checkins"
    default_auto_field = "django.db.models.BigAutoField"
