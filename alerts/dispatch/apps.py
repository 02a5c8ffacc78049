"""Name the dispatch app."""

from django.apps import AppConfig


class DispatchConfig(AppConfig):
    """Configure alerts.dispatch."""

    name = "alerts.dispatch"
    default_auto_field = "django.db.models.BigAutoField"
