"""Alerts and their audiences: what was approved, and who it is for."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from alerts.dispatch.models import Message
from alerts.incidents.models.drafts import AlertKind, Draft
from alerts.incidents.models.glass import BreakGlass
from alerts.incidents.models.incidents import Incident, ZoneLevel
from consular.modes import Mode
from consular.people.models import Person, Registration, Stay


class Alert(models.Model):
    """One immutable, approved text set with its zone and audience.

    A live one with one person on both sides stands beside glass that this person broke
    for this draft, or takes an approved alert back in the words approved with it; both
    are asked of the other row by `guards`, which keep what was approved as it was, too.
    """

    class State(models.TextChoices):
        """Where it is; only this changes."""

        SETTLING = "settling", "Settling who gets it"
        HELD = "held", "Held"
        RELEASED = "released", "Going out"
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
    correction = models.JSONField(
        default=list, help_text="approved with it: what to send if it was false"
    )
    corrects = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="corrections"
    )
    corrected_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        help_text="of a prepared correction: the one person who sent it",
    )
    next_word_at = models.DateTimeField(
        null=True, help_text="by when its texts promise the next message"
    )
    reminded_at = models.DateTimeField(
        null=True, help_text="when officers were told that the next message is due"
    )
    include = models.JSONField()
    fallback = models.CharField(max_length=8, default="en")
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="approvals"
    )
    glass = models.OneToOneField(
        BreakGlass, on_delete=models.PROTECT, null=True, blank=True
    )
    approved_at = models.DateTimeField()
    not_after = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)
    opens_at = models.DateTimeField(null=True, blank=True)
    released_at = models.DateTimeField(null=True, blank=True)
    stopped_at = models.DateTimeField(null=True, blank=True)
    registrations = models.PositiveIntegerField(default=0)
    people = models.PositiveIntegerField(default=0)
    stale = models.PositiveIntegerField(
        default=0,
        help_text="of these people, when settled: asked twice, silent",
    )
    audience_hash = models.CharField(max_length=64, blank=True)
    queued_at = models.DateTimeField(null=True, help_text="when the queue was asked")
    lease_until = models.DateTimeField(null=True, help_text="of who settles it")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(mode="exercise")
                | ~Q(approved_by=F("submitted_by"))
                | Q(glass__isnull=False)
                | Q(corrects__isnull=False),
                name="alert_live_needs_two",
            ),
            models.CheckConstraint(  # what it corrects: see guards.py
                condition=Q(corrects=None, corrected_by=None)
                | Q(
                    kind=AlertKind.CORRECTION,
                    corrects__isnull=False,
                    corrected_by__isnull=False,
                    glass=None,
                ),
                name="alert_corrects_as_correction",
            ),
            models.UniqueConstraint(
                fields=["draft"],
                condition=~Q(state="stopped") & Q(corrects=None),
                name="alert_once_a_draft",
            ),
            models.UniqueConstraint(
                fields=["corrects"],
                condition=Q(corrects__isnull=False),
                name="alert_corrected_once",
            ),
        ]

    def __str__(self) -> str:
        return f"alert {self.pk}"

    @property
    def cause_key(self) -> str:
        """The key of this alert's cause in the mail room."""
        return f"alert:{self.pk}"

    @property
    def fresh(self) -> int:
        """The people whose registration was not stale when the list was written."""
        return self.people - self.stale

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
    """One registration that an alert is for, or that it leaves out, with the reason.

    The database looks for neither: whoever writes rows holds the registrations
    (`copying.hold`), and an alert goes only with all that hangs on it.
    """

    class Reason(models.TextChoices):
        """Why a registration is in or out."""

        INSIDE = "inside", "Inside the zone"
        JOINED = "joined", "Came later"
        WARNED = "warned", "Was warned before"
        OUTSIDE = "outside", "Was warned before, outside now"
        NEARBY = "nearby", "Within 25 km outside"
        DATES = "dates", "Not there on these days"
        COUNTRY_ONLY = "country_only", "Only the country or region is known"
        NO_CONTACT = "no_contact", "No way to reach them"
        OPTED_OUT = "opted_out", "Opted out"
        RULE = "rule", "Left out by the draft's rule"
        UNCONFIRMED = "unconfirmed", "Not confirmed by who registered"
        STILL_INSIDE = "still_inside", "Was warned before, inside still"
        SHARED = "shared", "Shares an address with somebody inside"

    alert = models.ForeignKey(
        Alert,
        on_delete=models.CASCADE,
        related_name="audience",
        db_index=False,
        db_constraint=False,
    )
    registration = models.ForeignKey(
        Registration,
        on_delete=models.CASCADE,
        related_name="audiences",
        db_constraint=False,
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

    @property
    def has_come_back(self) -> bool:
        """Whether it was in when settled, was told that it is over, and joined anew."""
        return self.joined_at is not None and self.settled_reason == self.reason


class AudiencePerson(models.Model):
    """Which person of the registration, by which stay, at which level.

    Its row of the audience is written in the same transaction, a stay goes only with
    its registration, and whoever deletes a person holds the registration first, as
    whoever writes this does: the database need not look for them.
    """

    audience = models.ForeignKey(
        Audience,
        on_delete=models.CASCADE,
        related_name="persons",
        db_index=False,
        db_constraint=False,
    )
    person = models.ForeignKey(Person, on_delete=models.CASCADE, db_constraint=False)
    stay = models.ForeignKey(
        Stay, on_delete=models.SET_NULL, null=True, db_constraint=False
    )
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
        Audience,
        on_delete=models.CASCADE,
        related_name="messages",
        db_index=False,
        db_constraint=False,
    )
    message = models.ForeignKey(
        Message,
        on_delete=models.CASCADE,
        related_name="audiences",
        db_constraint=False,
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["audience", "message"], name="audience_message_once"
            )
        ]

    def __str__(self) -> str:
        return f"audience message {self.pk}"
