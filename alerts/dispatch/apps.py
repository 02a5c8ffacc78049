"""Name the dispatch app."""

from django.apps import AppConfig
from django.core.checks import register

from alerts.dispatch import checks


class DispatchConfig(AppConfig):
    """Configure alerts.dispatch."""

    name = "alerts.dispatch"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Check the settings at start."""
        register(checks.accounts)
