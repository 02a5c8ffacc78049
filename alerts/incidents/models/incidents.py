"""Incidents with their zones and log."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import models
from django.db.models import Q

from alerts.hazards.models import Hazard, Kind
from consular.missions.access import Territory, Verb, reach
from consular.missions.models import Mission, Officer
from consular.modes import Mode
from consular.sealing import SealedTextField


class IncidentQuerySet(models.QuerySet["Incident"]):
    """Questions about incidents."""

    def seen_by(
        self, officer: Officer, now: datetime, verb: Verb = Verb.WATCH
    ) -> "IncidentQuerySet":
        """Keep what an officer's postings reach; of the rest they learn nothing."""
        where = reach(officer, verb, now)
        if where.everywhere:
            return self
        supported = Incident.supporting_missions.through.objects.filter(
            mission_id__in=where.missions
        )
        return self.filter(
            Q(lead_mission_id__in=where.missions)
            | Q(country__in=where.countries)
            | Q(pk__in=supported.values("incident_id"))
        )


class Incident(models.Model):
    """What the ministry has declared; live or exercise, fixed at birth."""

    reference = models.CharField(max_length=16, unique=True)
    title = models.CharField(max_length=120)
    place = models.CharField(max_length=120)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    mode = models.CharField(max_length=8, choices=Mode.choices)
    hazard = models.ForeignKey(Hazard, on_delete=models.PROTECT, null=True, blank=True)
    lead_mission = models.ForeignKey(
        Mission, on_delete=models.PROTECT, null=True, blank=True
    )
    supporting_missions = models.ManyToManyField(
        Mission, blank=True, related_name="supported_incidents"
    )
    commander = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="commands"
    )
    country = models.CharField(max_length=2, blank=True)
    lon = models.FloatField(null=True, blank=True)
    lat = models.FloatField(null=True, blank=True)
    time_zone = models.CharField(max_length=64, default="UTC")
    happened_at = models.DateTimeField()
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    figures = models.JSONField(
        default=dict, help_text="persons by status and reach, frozen at the closing"
    )

    objects = IncidentQuerySet.as_manager()

    class Meta:
        ordering = ["-opened_at"]

    def __str__(self) -> str:
        return f"incident {self.reference}"

    @property
    def territory(self) -> Territory:
        """Where it lies, for the table of who may do what."""
        missions = {mission.pk for mission in self.supporting_missions.all()}
        if self.lead_mission_id is not None:
            missions.add(self.lead_mission_id)
        return Territory(missions=frozenset(missions), country=self.country)

    @property
    def key(self) -> str:
        """What the mail room calls this incident."""
        return f"incident:{self.pk}"

    @property
    def zone_info(self) -> ZoneInfo:
        """The time zone of the place."""
        return ZoneInfo(self.time_zone)

    def local(self, at: datetime) -> datetime:
        """Return a moment in the place's own time."""
        return at.astimezone(self.zone_info)


class ZoneLevel(models.TextChoices):
    """How bad it is inside a zone, the worst first."""

    DANGER = "danger", "Danger"
    CAUTION = "caution", "Caution"
    INFORMATION = "information", "Information"


class Zone(models.Model):
    """One part of an incident's area, as it stands now; alerts keep their own copy."""

    class Shape(models.TextChoices):
        """How the officer gave it."""

        POLYGON = "polygon", "Drawn"
        CIRCLE = "circle", "Point and radius"
        COUNTRY = "country", "Country"
        REGION = "region", "Region"
        MISSION = "mission", "A mission's district"
        SAVED = "saved", "Kept for later"
        FILE = "file", "From a file"
        HAZARD = "hazard", "Taken from the hazard"

    incident = models.ForeignKey(
        Incident, on_delete=models.CASCADE, related_name="zones"
    )
    level = models.CharField(max_length=12, choices=ZoneLevel.choices)
    shape = models.CharField(max_length=8, choices=Shape.choices)
    given = models.JSONField(help_text="what was drawn or typed: ring, centre, code")
    label = models.CharField(max_length=160, blank=True)
    margin_km = models.FloatField(default=0, help_text="added all around")
    geometry = models.JSONField(help_text="GeoJSON MultiPolygon, valid, cut at ±180°")
    area_km2 = models.FloatField()
    saved_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    saved_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"zone {self.pk}"


class LogEntry(models.Model):
    """A decision or remark in an incident's log that anyone with access can add to."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="log")
    at = models.DateTimeField()
    officer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True
    )
    body = SealedTextField()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"log entry {self.pk}"
