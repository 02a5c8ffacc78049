"""Incidents, zones, drafts, alerts and their audiences: what the ministry decides."""

from django.conf import settings
from django.db import models

from alerts.dispatch.models import Channel, Message
from alerts.hazards.models import Hazard, Kind
from consular.missions.models import Mission
from consular.modes import Mode
from consular.people.models import Person, Registration, Stay
from consular.sealing import SealedTextField


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
    commander = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="commands"
    )
    time_zone = models.CharField(max_length=64, default="UTC")
    happened_at = models.DateTimeField()
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-opened_at"]

    def __str__(self) -> str:
        return f"incident {self.reference}"

    @property
    def key(self) -> str:
        """What the mail room calls this incident."""
        return f"incident:{self.pk}"


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
        HAZARD = "hazard", "Taken from the hazard"

    incident = models.ForeignKey(
        Incident, on_delete=models.CASCADE, related_name="zones"
    )
    level = models.CharField(max_length=12, choices=ZoneLevel.choices)
    shape = models.CharField(max_length=8, choices=Shape.choices)
    given = models.JSONField(help_text="what was drawn or typed: ring, centre, code")
    geometry = models.JSONField(help_text="GeoJSON MultiPolygon, valid, cut at ±180°")
    area_km2 = models.FloatField()
    saved_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    saved_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"zone {self.pk}"


class AlertKind(models.TextChoices):
    """What an alert is in the life of its incident."""

    ALERT = "alert", "Alert"
    UPDATE = "update", "Update"
    CORRECTION = "correction", "Correction"
    ALL_CLEAR = "all_clear", "All clear"


class Draft(models.Model):
    """A text set, zone and audience rule on its way to a second person's yes."""

    class State(models.TextChoices):
        """Where it is; any edit takes it back to `draft`."""

        DRAFT = "draft", "Being written"
        SUBMITTED = "submitted", "Waiting for a second person"
        APPROVED = "approved", "Approved"
        RETURNED = "returned", "Returned"
        REJECTED = "rejected", "Rejected"

    FOLLOWS = {
        State.DRAFT: {State.SUBMITTED, State.RETURNED, State.DRAFT},
        State.SUBMITTED: {State.DRAFT, State.RETURNED, State.APPROVED},
        State.APPROVED: {State.SUBMITTED},
        State.RETURNED: {State.SUBMITTED},
        State.REJECTED: {State.SUBMITTED},
    }

    incident = models.ForeignKey(
        Incident, on_delete=models.CASCADE, related_name="drafts"
    )
    kind = models.CharField(
        max_length=10, choices=AlertKind.choices, default=AlertKind.ALERT
    )
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    revision = models.PositiveIntegerField(default=1)
    channels = models.JSONField(default=list, help_text="sms, email, social")
    include = models.JSONField(
        default=dict, help_text="who: trip, residence, country_only"
    )
    valid_hours = models.PositiveSmallIntegerField(default=12)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="drafts"
    )
    changed_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True, blank=True)
    preview = models.JSONField(
        default=dict, help_text="the counts the author saw when submitting"
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="decisions",
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    reason = models.TextField(blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"draft {self.pk}"


class DraftText(models.Model):
    """What a draft says in one language on one channel."""

    draft = models.ForeignKey(Draft, on_delete=models.CASCADE, related_name="texts")
    channel = models.CharField(max_length=8, choices=Channel.choices)
    language = models.CharField(max_length=8)
    subject = models.CharField(max_length=120, blank=True)
    body = models.TextField()

    class Meta:
        ordering = ["language", "channel"]
        constraints = [
            models.UniqueConstraint(
                fields=["draft", "channel", "language"], name="draft_text_once"
            )
        ]

    def __str__(self) -> str:
        return f"draft text {self.pk}"


class Alert(models.Model):
    """One immutable, approved text set with its zone and audience."""

    class State(models.TextChoices):
        """Where it is; only this changes."""

        SETTLING = "settling", "Settling who gets it"
        HELD = "held", "Held"
        RELEASED = "released", "Released"
        ENDED = "ended", "Ended"
        STOPPED = "stopped", "Stopped"

    FOLLOWS = {
        State.HELD: {State.SETTLING},
        State.RELEASED: {State.HELD},
        State.ENDED: {State.RELEASED},
        State.STOPPED: {State.SETTLING, State.HELD, State.RELEASED},
    }

    draft = models.OneToOneField(Draft, on_delete=models.PROTECT)
    incident = models.ForeignKey(
        Incident, on_delete=models.PROTECT, related_name="alerts"
    )
    kind = models.CharField(max_length=10, choices=AlertKind.choices)
    mode = models.CharField(max_length=8, choices=Mode.choices)
    state = models.CharField(
        max_length=10, choices=State.choices, default=State.SETTLING
    )
    zones = models.JSONField(help_text="[{level, geometry}] as approved")
    texts = models.JSONField(help_text="[{channel, language, subject, body}]")
    channels = models.JSONField()
    include = models.JSONField()
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="approvals"
    )
    approved_at = models.DateTimeField()
    not_after = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)
    opens_at = models.DateTimeField(null=True, blank=True)
    released_at = models.DateTimeField(null=True, blank=True)
    stopped_at = models.DateTimeField(null=True, blank=True)
    registrations = models.PositiveIntegerField(default=0)
    people = models.PositiveIntegerField(default=0)
    audience_hash = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"alert {self.pk}"

    @property
    def cause_key(self) -> str:
        """The key of this alert's cause in the mail room."""
        return f"alert:{self.pk}"


class Audience(models.Model):
    """One registration that an alert is for, or that it leaves out, with the reason."""

    class Reason(models.TextChoices):
        """Why a registration is in or out."""

        INSIDE = "inside", "Inside the zone"
        JOINED = "joined", "Came later"
        NEARBY = "nearby", "Within 25 km outside"
        DATES = "dates", "Not there on these days"
        COUNTRY_ONLY = "country_only", "Only the country or region is known"
        NO_CONTACT = "no_contact", "No way to reach them"
        OPTED_OUT = "opted_out", "Opted out"
        RULE = "rule", "Left out by the draft's rule"

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="audience")
    registration = models.ForeignKey(
        Registration, on_delete=models.CASCADE, related_name="audiences"
    )
    is_included = models.BooleanField()
    reason = models.CharField(max_length=12, choices=Reason.choices)
    level = models.CharField(max_length=12, choices=ZoneLevel.choices, blank=True)
    distance_m = models.FloatField(default=0)
    code = models.CharField(max_length=8, blank=True, help_text="`7K2Q` in its texts")
    joined_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["alert", "registration"], name="audience_once"
            )
        ]
        indexes = [models.Index(fields=["code"], name="audience_code")]

    def __str__(self) -> str:
        return f"audience row {self.pk}"


class AudiencePerson(models.Model):
    """Which person of the registration, by which stay, at which level."""

    audience = models.ForeignKey(
        Audience, on_delete=models.CASCADE, related_name="persons"
    )
    person = models.ForeignKey(Person, on_delete=models.CASCADE)
    stay = models.ForeignKey(Stay, on_delete=models.SET_NULL, null=True)
    level = models.CharField(max_length=12, choices=ZoneLevel.choices)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["audience", "person"], name="audience_person_once"
            )
        ]

    def __str__(self) -> str:
        return f"audience person {self.pk}"


class AudienceMessage(models.Model):
    """A message that serves an audience row; a shared phone's serves several."""

    audience = models.ForeignKey(
        Audience, on_delete=models.CASCADE, related_name="messages"
    )
    message = models.ForeignKey(
        Message, on_delete=models.CASCADE, related_name="audiences"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["audience", "message"], name="audience_message_once"
            )
        ]

    def __str__(self) -> str:
        return f"audience message {self.pk}"


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
