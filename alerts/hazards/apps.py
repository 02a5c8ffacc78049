"""Name the hazards app."""

from django.apps import AppConfig


class HazardsConfig(AppConfig):
    """Configure alerts.hazards."""

    name = "alerts.hazards"
    default_auto_field = "django.db.models.BigAutoField"
