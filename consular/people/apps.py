"""Name the people app."""

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    """Configure consular.people."""

    name = "consular.people"
    default_auto_field = "django.db.models.BigAutoField"
