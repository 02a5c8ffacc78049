"""Name the dispatch app."""

from django.apps import AppConfig
from django.core.checks import register
from django.utils.module_loading import import_string


class DispatchConfig(AppConfig):
    """Configure alerts.dispatch."""

    name = "alerts.dispatch"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Check the settings at start."""
        # They know models, which are not there yet when this module is read.
        register(import_string("alerts.dispatch.checks.accounts"))
