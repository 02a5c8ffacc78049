"""Name the incidents app."""

from django.apps import AppConfig


class IncidentsConfig(AppConfig):
    """Configure alerts.incidents."""

    name = "alerts.incidents"
    default_auto_field = "django.db.models.BigAutoField"
