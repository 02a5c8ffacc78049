"""Name the exercises app."""

from django.apps import AppConfig


class ExercisesConfig(AppConfig):
    """Configure alerts.exercises."""

    name = "alerts.exercises"
    default_auto_field = "django.db.models.BigAutoField"
