"""What a board shows, counted by a worker, so that no reader has to count again."""

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
