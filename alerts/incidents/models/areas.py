"""Areas that are kept for later, and what officers are drawing just now."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from alerts.incidents.models.incidents import Incident
from consular.missions.access import Territory
from consular.missions.models import Mission


class SavedAreaQuerySet(models.QuerySet["SavedArea"]):
    """Questions about kept areas."""

    def for_use_in(self, incident: Incident | None) -> "SavedAreaQuerySet":
        """Keep those of an incident's country or missions, and the whole ministry's."""
        common = Q(country="", mission=None)
        if incident is None:
            return self.filter(common)
        where = incident.territory
        here = Q(mission_id__in=where.missions)
        if where.country:
            here |= Q(country=where.country)
        return self.filter(common | here)


class SavedArea(models.Model):
    """An area that was drawn before it was needed: a city, a coast, a border strip."""

    name = models.CharField(max_length=80, unique=True)
    geometry = models.JSONField(help_text="GeoJSON MultiPolygon, valid, cut at ±180°")
    area_km2 = models.FloatField()
    country = models.CharField(max_length=2, blank=True)
    mission = models.ForeignKey(
        Mission,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        help_text="who keeps it; with no country either, the whole ministry",
    )
    saved_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    saved_at = models.DateTimeField()

    objects = SavedAreaQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return f"saved area {self.pk}"

    @property
    def territory(self) -> Territory:
        """Where it is kept, for the table of who may do what."""
        missions = {self.mission_id} if self.mission_id is not None else set()
        return Territory(missions=frozenset(missions), country=self.country)


class Sketch(models.Model):
    """What an officer has on the zone page and has not saved, as it was last seen."""

    incident = models.ForeignKey(
        Incident, on_delete=models.CASCADE, related_name="sketches"
    )
    officer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    values = models.JSONField(default=dict, help_text="the fields of the form as typed")
    changed_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["incident", "officer"], name="sketch_once_an_officer"
            )
        ]

    def __str__(self) -> str:
        return f"sketch {self.pk}"
