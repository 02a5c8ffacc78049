"""Situation reports as they were made, and exports with who said yes to them."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from alerts.incidents.models import Incident
from consular.sealing import SealedTextField

KEPT = timedelta(hours=1)  # an export can be fetched so long after it was allowed


class SituationReport(models.Model):
    """The figures of an incident at one moment; immutable, so that it can be cited."""

    incident = models.ForeignKey(
        Incident, on_delete=models.CASCADE, related_name="reports"
    )
    number = models.PositiveIntegerField()
    as_of = models.DateTimeField()
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    figures = models.JSONField()
    drawing = models.JSONField(help_text="cells, calls and minutes as counted")

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["incident", "number"], name="report_number_once"
            )
        ]

    def __str__(self) -> str:
        return f"situation report {self.number} of incident {self.incident_id}"


class Export(models.Model):
    """A list of people that somebody wants to take out, for a purpose."""

    class Format(models.TextChoices):
        """What it is written as."""

        CSV = "csv", "CSV"
        XLSX = "xlsx", "Excel"
        GEOJSON = "geojson", "GeoJSON"

    incident = models.ForeignKey(
        Incident, on_delete=models.CASCADE, related_name="exports"
    )
    format = models.CharField(max_length=8, choices=Format.choices)
    purpose = SealedTextField()
    chosen = models.JSONField(default=dict, help_text="which people")
    people = models.PositiveIntegerField(help_text="when it was asked for")
    taken = models.JSONField(
        default=list, help_text="numbers of whom one officer took out alone"
    )
    with_names = models.BooleanField(default=False)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    asked_at = models.DateTimeField()
    allowed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    allowed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(allowed_by=None) | ~Q(allowed_by=F("asked_by")),
                name="export_second_person",
            )
        ]

    def __str__(self) -> str:
        return f"export {self.pk}"

    def is_open(self, now: datetime) -> bool:
        """Whether it can be fetched now."""
        return self.allowed_at is not None and now < self.allowed_at + KEPT
