"""Inbound answers, check-ins, and each person's standing: what came back."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from alerts.dispatch.models import Message
from alerts.incidents.models import Audience, Incident
from consular.people.models import Person
from consular.sealing import SealedTextField


class Label(models.TextChoices):
    """What a text was understood to say."""

    SAFE = "safe", "Safe"
    HELP = "help", "Needs help"
    STOP = "stop", "Wants no more texts"
    UNCLEAR = "unclear", "Unclear"


class Inbound(models.Model):
    """One raw answer, committed before anything looks at it."""

    class State(models.TextChoices):
        """What it waits for."""

        NEW = "new"  # to be read
        READ = "read"  # nothing: it led to check-ins
        INBOX = "inbox"  # an officer
        HANDLED = "handled"  # nothing: an officer dealt with it

    provider = models.CharField(max_length=24)
    provider_id = models.CharField(max_length=64)
    channel = models.CharField(max_length=8)
    from_key = models.CharField(max_length=32, db_index=True, help_text="blind index")
    from_address = SealedTextField()
    to_address = models.CharField(max_length=64, help_text="ours")
    body = SealedTextField()
    raw = SealedTextField(help_text="everything the provider sent, as JSON")
    received_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.NEW)
    label = models.CharField(max_length=8, choices=Label.choices, blank=True)
    words = models.JSONField(default=list, help_text="the words that decided")
    reason = models.CharField(max_length=120, blank=True)
    message = models.ForeignKey(
        Message, on_delete=models.SET_NULL, null=True, help_text="what it answers"
    )
    incident = models.ForeignKey(Incident, on_delete=models.SET_NULL, null=True)
    handled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True
    )
    handled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "provider_id"], name="inbound_once"
            )
        ]
        indexes = [
            models.Index(fields=["id"], condition=Q(state="new"), name="inbound_new"),
            models.Index(
                fields=["id"], condition=Q(state="inbox"), name="inbound_inbox"
            ),
        ]

    def __str__(self) -> str:
        return f"inbound {self.pk}"


class Status(models.TextChoices):
    """What one check-in says of one person."""

    SAFE = "safe", "Safe"
    NEEDS_HELP = "needs_help", "Needs help"
    NOT_HERE = "not_here", "Not in the area"
    LEFT = "left", "Has left"


class Basis(models.TextChoices):
    """Who said it and how, which decides how much it counts."""

    SELF_LINK = "self-link", "Own link"
    SELF_CODE = "self-code", "Own code"
    SELF_SMS = "self-SMS", "Text message"
    SELF_MAIL = "self-mail", "E-mail"
    OFFICER = "officer", "Officer"
    PARTNER = "partner", "Partner"
    RELATIVE = "relative", "Relative"


class CheckIn(models.Model):
    """One statement about one person's status in one incident; append-only.

    `clears` names the calls for help that this statement answers; `closed_by` is the
    case whose closing answered this one.
    """

    incident = models.ForeignKey(
        Incident, on_delete=models.CASCADE, related_name="checkins"
    )
    person = models.ForeignKey(
        Person, on_delete=models.CASCADE, related_name="checkins"
    )
    status = models.CharField(max_length=10, choices=Status.choices)
    basis = models.CharField(max_length=10, choices=Basis.choices)
    stated_at = models.DateTimeField()
    received_at = models.DateTimeField()
    inbound = models.ForeignKey(
        Inbound, on_delete=models.SET_NULL, null=True, related_name="checkins"
    )
    message = models.ForeignKey(Message, on_delete=models.SET_NULL, null=True)
    officer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True
    )
    clears = models.ManyToManyField("self", symmetrical=False, blank=True)
    closed_by = models.ForeignKey(
        "checkins.Case", on_delete=models.SET_NULL, null=True, related_name="answers"
    )
    request_key = models.CharField(
        max_length=64, null=True, unique=True, help_text="a repeat counts once"
    )
    needs = models.JSONField(default=list, help_text="medical, trapped, shelter, …")
    place = SealedTextField(blank=True)
    note = SealedTextField(blank=True)
    callback = SealedTextField(blank=True)
    lon = models.FloatField(null=True)
    lat = models.FloatField(null=True)
    accuracy_m = models.FloatField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["incident", "person", "id"], name="checkin_person"),
            models.Index(fields=["incident", "received_at"], name="checkin_when"),
        ]

    def __str__(self) -> str:
        return f"check-in {self.pk}"


class LadderStep(models.Model):
    """A further step that was taken for one audience row; each is taken once."""

    audience = models.ForeignKey(
        Audience, on_delete=models.CASCADE, related_name="ladder_steps"
    )
    step = models.CharField(max_length=16)
    taken_at = models.DateTimeField()
    outcome = models.CharField(
        max_length=80, blank=True, help_text="why it led nowhere"
    )
    messages = models.ManyToManyField(
        Message,
        related_name="ladder_steps",
        blank=True,
        help_text="what it wrote to somebody else, who answers for nobody",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["audience", "step"], name="ladder_step_once"
            )
        ]

    def __str__(self) -> str:
        return f"ladder step {self.pk}"


class Standing(models.Model):
    """A person's status in an incident as the pure function derived it last."""

    incident = models.ForeignKey(
        Incident, on_delete=models.CASCADE, related_name="standings"
    )
    person = models.ForeignKey(
        Person, on_delete=models.CASCADE, related_name="standings"
    )
    status = models.CharField(max_length=10, choices=Status.choices)
    is_verified = models.BooleanField(default=True)
    since = models.DateTimeField()
    checkin = models.ForeignKey(CheckIn, on_delete=models.SET_NULL, null=True)
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["incident", "person"], name="standing_once")
        ]
        indexes = [
            models.Index(fields=["incident", "changed_at"], name="standing_changed")
        ]

    def __str__(self) -> str:
        return f"standing {self.pk}"
