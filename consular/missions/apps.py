"""Name the missions app."""

from django.apps import AppConfig


class MissionsConfig(AppConfig):
    """Configure consular.missions."""

    name = "consular.missions"
    default_auto_field = "django.db.models.BigAutoField"
