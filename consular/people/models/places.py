"""Crisis forms, and the towns in which somebody stays."""

from django.conf import settings
from django.db import models

from consular.modes import Mode


class CrisisForm(models.Model):
    """A short form at a short address, open while a crisis lasts in some countries."""

    code = models.CharField(max_length=12, unique=True)
    title = models.CharField(max_length=80, help_text="shown to the public")
    countries = models.JSONField(help_text="ISO 3166-1 codes")
    mode = models.CharField(max_length=8, choices=Mode.choices)
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    entries = models.PositiveIntegerField(default=0, help_text="repeats not counted")

    def __str__(self) -> str:
        return f"crisis form {self.code}"


class Town(models.Model):
    """The point and reach of a town in which somebody stays; towns are only added."""

    cell = models.BigIntegerField()
    lon = models.FloatField()
    lat = models.FloatField()
    radius_m = models.FloatField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["cell", "radius_m"], name="town_once")
        ]

    def __str__(self) -> str:
        return f"town {self.pk}"
