"""What sources say: versions of statements, their names, and where they belong."""

from django.db import models

from alerts.hazards.models.events import Hazard
from alerts.hazards.models.sources import Document, Source
from alerts.hazards.models.words import Kind, Level
from consular.missions.models import Officer
from consular.modes import Mode


class Alias(models.Model):
    """One of the names of a statement: an id, or the id of what it replaces.

    All names that lead to the same `event_key` are one statement, whether the documents
    that tie them together came first or last.
    """

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="aliases")
    key = models.CharField(max_length=64, help_text="digest of sender and id")
    event_key = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "key"], name="alias_once")
        ]
        indexes = [models.Index(fields=["source", "event_key"], name="alias_of")]

    def __str__(self) -> str:
        return f"alias {self.pk}"


class Pin(models.Model):
    """An officer's word that a statement belongs to a hazard, and to no other."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="pins")
    event_key = models.CharField(max_length=64)
    hazard = models.ForeignKey(Hazard, on_delete=models.CASCADE, related_name="pins")
    by = models.ForeignKey(Officer, on_delete=models.PROTECT, related_name="+")
    pinned_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "event_key"], name="pin_once")
        ]

    def __str__(self) -> str:
        return f"pin {self.pk}"


class Report(models.Model):
    """One version of one source's statement about a hazard."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="reports")
    document = models.ForeignKey(
        Document, on_delete=models.SET_NULL, null=True, related_name="reports"
    )
    hazard = models.ForeignKey(
        Hazard, on_delete=models.PROTECT, null=True, related_name="reports"
    )
    mode = models.CharField(max_length=8, choices=Mode.choices)
    key = models.CharField(max_length=64, help_text="digest of the natural key")
    event_key = models.CharField(
        max_length=64, db_index=True, help_text="digest that all its versions share"
    )
    identifier = models.CharField(max_length=300)
    sender = models.CharField(max_length=300, blank=True)
    sent_at = models.DateTimeField()
    status = models.CharField(max_length=16, default="Actual")
    msg_type = models.CharField(max_length=16, default="Alert")
    scope = models.CharField(max_length=16, default="Public")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    event = models.CharField(max_length=300, blank=True)
    headline = models.TextField(blank=True)
    description = models.TextField(blank=True)
    place = models.CharField(max_length=300, blank=True)
    level = models.PositiveSmallIntegerField(choices=Level.choices, default=0)
    severity = models.CharField(max_length=32, blank=True, help_text="source's word")
    urgency = models.CharField(max_length=32, blank=True)
    certainty = models.CharField(max_length=32, blank=True)
    happened_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    magnitude = models.FloatField(null=True)
    depth_km = models.FloatField(null=True)
    lon = models.FloatField(null=True)
    lat = models.FloatField(null=True)
    geometry = models.JSONField(null=True)
    geocodes = models.JSONField(default=list)
    languages = models.JSONField(default=list)
    references = models.JSONField(default=list)
    flags = models.JSONField(default=list)
    link = models.CharField(max_length=500, blank=True)
    is_test = models.BooleanField(default=False)
    is_latest = models.BooleanField(default=True)
    is_basis = models.BooleanField(
        default=True, help_text="the newest version that says more than that it is over"
    )
    heard_at = models.DateTimeField()

    class Meta:
        ordering = ["sent_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["source", "key"], name="report_once")
        ]
        indexes = [
            models.Index(
                fields=["mode", "kind", "happened_at"],
                condition=models.Q(is_basis=True),
                name="report_near",
            )
        ]

    def __str__(self) -> str:
        return f"report {self.pk}"

    @property
    def is_living(self) -> bool:
        """Whether a basis still holds: nothing newer says that it is over."""
        return self.is_latest and self.msg_type != "Cancel"
