"""What lets people join an alert that is in force: its tiles, and whom we have seen."""

from django.db import models

from alerts.incidents.models.alerts import Alert
from consular.people.models import Registration


class AlertTile(models.Model):
    """One of at most 64 tiles that cover an alert's zones (`geo.reach`)."""

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="tiles")
    node = models.BigIntegerField()
    is_whole = models.BooleanField()

    class Meta:
        indexes = [
            models.Index(fields=["node", "alert", "is_whole"], name="alert_tile_node")
        ]
        constraints = [
            models.UniqueConstraint(fields=["alert", "node"], name="alert_tile_once")
        ]

    def __str__(self) -> str:
        return f"tile {self.node} of alert {self.alert_id}"


class Matched(models.Model):
    """The revision of a registration that was last matched with the alerts in force."""

    registration = models.OneToOneField(
        Registration,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="matched",
    )
    revision = models.PositiveIntegerField()
    matched_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"registration {self.pk} at revision {self.revision}"
