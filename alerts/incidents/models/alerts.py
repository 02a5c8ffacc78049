"""Alerts and their audiences: what was approved, and who it is for."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from alerts.dispatch.models import Message
from alerts.incidents.models.drafts import AlertKind, Draft
from alerts.incidents.models.incidents import Incident, ZoneLevel
from consular.modes import Mode
from consular.people.models import Person, Registration, Stay


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

    draft = models.ForeignKey(Draft, on_delete=models.PROTECT, related_name="alerts")
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
    fallback = models.CharField(max_length=8, default="en")
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
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
    queued_at = models.DateTimeField(null=True, help_text="when the queue was asked")
    lease_until = models.DateTimeField(null=True, help_text="of who settles it")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(mode="exercise") | ~Q(approved_by=F("submitted_by")),
                name="alert_live_needs_two",
            ),
            models.UniqueConstraint(
                fields=["draft"],
                condition=~Q(state="stopped"),
                name="alert_once_a_draft",
            ),
        ]

    def __str__(self) -> str:
        return f"alert {self.pk}"

    @property
    def cause_key(self) -> str:
        """The key of this alert's cause in the mail room."""
        return f"alert:{self.pk}"

    @property
    def is_going(self) -> bool:
        """Whether it may still be stopped."""
        return self.state in self.FOLLOWS[Alert.State.STOPPED]

    def move(self, state: str, **changes: object) -> bool:
        """Change state, and other fields with it, if FOLLOWS allows; tell if it did."""
        row = Alert.objects.filter(
            pk=self.pk, state__in=self.FOLLOWS[Alert.State(state)]
        )
        return row.update(state=state, **changes) == 1


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
        UNCONFIRMED = "unconfirmed", "Not confirmed by who registered"

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
    settled_reason = models.CharField(
        max_length=12, blank=True, help_text="why it was left out before it joined"
    )

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
