"""What happened in the world, and what is proposed because of it."""

from django.db import models

from alerts.hazards.models.words import Kind, Level
from consular.modes import Mode


class Hazard(models.Model):
    """The real-world event that one or several reports of one mode describe."""

    class State(models.TextChoices):
        """What its reports say of it now; gone from the feed changes nothing."""

        ACTIVE = "active", "Active"
        SUPERSEDED = "superseded", "Superseded"
        CANCELLED = "cancelled", "Cancelled"
        EXPIRED = "expired", "Expired"
        STALE = "stale", "Not heard of lately"

    mode = models.CharField(max_length=8, choices=Mode.choices)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    title = models.CharField(max_length=300)
    place = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=12, choices=State.choices, default=State.ACTIVE)
    is_test = models.BooleanField(
        default=False, help_text="a test, drill or draft: shown, and never proposed"
    )
    merged_into = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="merged"
    )
    level = models.PositiveSmallIntegerField(choices=Level.choices, default=0)
    lon = models.FloatField(null=True)
    lat = models.FloatField(null=True)
    magnitude = models.FloatField(null=True)
    geometry = models.JSONField(null=True, help_text="GeoJSON (multi)polygon or null")
    happened_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    end_is_assumed = models.BooleanField(
        default=False, help_text="no source says when it ends"
    )
    stale_at = models.DateTimeField(
        null=True, blank=True, help_text="until when silence about it is normal"
    )
    first_heard_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    weighed_at = models.DateTimeField(
        null=True, blank=True, help_text="when it was last asked who is inside"
    )

    class Meta:
        indexes = [
            models.Index(fields=["mode", "kind", "happened_at"], name="hazard_near"),
            models.Index(fields=["-happened_at"], name="hazard_newest"),
            models.Index(fields=["state", "expires_at"], name="hazard_ends"),
            models.Index(fields=["state", "stale_at"], name="hazard_stales"),
        ]

    def __str__(self) -> str:
        return f"hazard {self.pk}"


class Proposal(models.Model):
    """A zone and a level put before an officer; it never sends."""

    class State(models.TextChoices):
        """What the officers did with it."""

        OPEN = "open", "Open"
        TAKEN = "taken", "Incident declared"
        DISMISSED = "dismissed", "Dismissed"

    hazard = models.ForeignKey(
        Hazard, on_delete=models.CASCADE, related_name="proposals"
    )
    level = models.PositiveSmallIntegerField(choices=Level.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    reason = models.CharField(max_length=300)
    dismissed_because = models.CharField(max_length=300, blank=True)
    geometry = models.JSONField(help_text="GeoJSON (multi)polygon")
    radius_m = models.FloatField(null=True, help_text="when the zone is a circle")
    registrations = models.PositiveIntegerField()
    people = models.PositiveIntegerField()
    counted_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-level", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["hazard", "level"], name="proposal_once")
        ]

    def __str__(self) -> str:
        return f"proposal {self.pk}"
