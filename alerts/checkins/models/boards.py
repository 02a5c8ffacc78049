"""What a board shows, counted by a worker, and how an officer likes to look at it."""

from django.conf import settings
from django.db import models

from alerts.incidents.models import Incident


class BoardCount(models.Model):
    """The numbers of one incident as of a moment; `version` grows when they change."""

    incident = models.OneToOneField(
        Incident, on_delete=models.CASCADE, related_name="board_count"
    )
    version = models.PositiveIntegerField(default=0)
    as_of = models.DateTimeField()
    due_at = models.DateTimeField(db_index=True, help_text="when to count again")
    took_ms = models.FloatField(default=0)
    heard = models.DateTimeField(null=True, help_text="newest standing counted")
    totals = models.JSONField(default=dict)
    reach = models.JSONField(default=dict)
    placed = models.PositiveIntegerField(default=0, help_text="have a place")
    stale = models.PositiveIntegerField(default=0, help_text="asked twice, silent")
    zoom = models.PositiveSmallIntegerField(default=0)
    cells = models.JSONField(default=list, help_text="[node, lon, lat, {status: n}]")
    minutes = models.JSONField(default=dict, help_text="minute → [answers, help]")

    def __str__(self) -> str:
        return f"count of incident {self.incident_id}"


class SavedView(models.Model):
    """A choice among the people inside that an officer asks for again and again.

    It names no incident: it is the same question in each.
    """

    officer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_views"
    )
    name = models.CharField(max_length=40)
    chosen = models.JSONField(help_text="which people")

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["officer", "name"], name="saved_view_once")
        ]

    def __str__(self) -> str:
        return f"saved view {self.pk}"
