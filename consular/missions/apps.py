"""Name the missions app."""

from django.apps import AppConfig
from django.core.checks import register

from consular.missions import checks


class MissionsConfig(AppConfig):
    """Configure consular.missions."""

    name = "consular.missions"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Check the settings at start."""
        register(checks.installation)
