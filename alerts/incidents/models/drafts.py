"""Drafts: what is being written, and on its way to a second person's yes."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from alerts.dispatch.models import WRITTEN
from alerts.incidents.models.incidents import Incident


class AlertKind(models.TextChoices):
    """What an alert is in the life of its incident."""

    ALERT = "alert", "Alert"
    UPDATE = "update", "Update"
    CORRECTION = "correction", "Correction"
    OUTSIDE = "outside", "All clear outside the zone"
    ALL_CLEAR = "all_clear", "All clear"


class Phase(models.TextChoices):
    """Which template a message begins as."""

    WARNING = "warning", "Warning: act now"
    CHECK_IN = "check_in", "Warning that asks: are you safe?"
    UPDATE = "update", "Update"
    CORRECTION = "correction", "Correction"
    OUTSIDE = "outside", "All clear for those outside the zone now"
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

    OPEN = (State.DRAFT, State.SUBMITTED, State.RETURNED)
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
    phase = models.CharField(
        max_length=10, choices=Phase.choices, default=Phase.CHECK_IN
    )
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    revision = models.PositiveIntegerField(default=1)
    channels = models.JSONField(default=list, help_text="sms, email, social")
    include = models.JSONField(
        default=dict, help_text="who: trip, residence, country_only"
    )
    fallback = models.CharField(
        max_length=8, default="en", help_text="for who reads none of its languages"
    )
    valid_hours = models.PositiveSmallIntegerField(default=12)
    next_word_at = models.DateTimeField(
        null=True, blank=True, help_text="by when its texts promise the next message"
    )
    correction = models.JSONField(
        default=list, help_text="[{channel, language, subject, body}] that stand by"
    )
    template = models.ForeignKey(
        "Template", on_delete=models.SET_NULL, null=True, related_name="drafts"
    )
    shown = models.JSONField(
        default=dict, help_text="what a second person was shown last, to compare with"
    )
    shown_before = models.JSONField(default=dict, help_text="the version before that")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="drafts"
    )
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    changed_at = models.DateTimeField()
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
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
        constraints = [
            models.UniqueConstraint(
                fields=["incident"],
                condition=Q(state__in=["draft", "submitted", "returned"]),
                name="draft_open_once",
            )
        ]

    def __str__(self) -> str:
        return f"draft {self.pk}"

    @property
    def writers(self) -> set[int]:
        """Ids of the officers whose yes it carries: who wrote, who handed over."""
        return {self.author_id, self.changed_by_id} | (
            {self.submitted_by_id} if self.submitted_by_id else set()
        )

    def move(self, state: str, **changes: object) -> bool:
        """Change state of the revision at hand, if FOLLOWS allows; tell if it did."""
        row = Draft.objects.filter(
            pk=self.pk,
            revision=self.revision,
            state__in=self.FOLLOWS[Draft.State(state)],
        )
        return row.update(state=state, **changes) == 1


class DraftText(models.Model):
    """What a draft says in one language on one channel."""

    draft = models.ForeignKey(Draft, on_delete=models.CASCADE, related_name="texts")
    channel = models.CharField(
        max_length=8, choices=[(each.value, each.label) for each in WRITTEN]
    )
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
