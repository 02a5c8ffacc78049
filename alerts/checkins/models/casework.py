"""Cases with their history, and persons who were entered twice."""

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q

from alerts.checkins.models.answers import Status
from alerts.incidents.models import Incident
from consular.people.models import Person
from consular.sealing import SealedTextField

URGENT = 40  # from this priority on a case cannot wait


class CaseQuerySet(models.QuerySet["Case"]):
    """Questions about cases."""

    def open(self) -> "CaseQuerySet":
        """Keep the cases that are not closed."""
        return self.filter(closed_at=None)

    def urgent(self) -> "CaseQuerySet":
        """Keep the cases that cannot wait."""
        return self.filter(priority__gte=URGENT)

    def followed_up_by(self, now: datetime) -> "CaseQuerySet":
        """Keep the cases that somebody wanted to look at again by now."""
        return self.filter(follow_up_at__lte=now)


class Case(models.Model):
    """A person who needs an officer."""

    class Origin(models.TextChoices):
        """What opened it."""

        HELP = "help", "A call for help"
        WORDS = "words", "Words of injury or danger"
        SILENCE = "silence", "Silence of somebody with needs"
        OFFICER = "officer", "An officer"

    incident = models.ForeignKey(
        Incident, on_delete=models.CASCADE, related_name="cases"
    )
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="cases")
    origin = models.CharField(max_length=8, choices=Origin.choices, default=Origin.HELP)
    priority = models.PositiveSmallIntegerField(default=0, help_text="larger is worse")
    reasons = models.JSONField(default=list)
    opened_at = models.DateTimeField()
    changed_at = models.DateTimeField(help_text="for who looks at the list")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True
    )
    taken_at = models.DateTimeField(null=True, blank=True)
    follow_up_at = models.DateTimeField(null=True, blank=True)
    escalated_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=10, choices=Status.choices, blank=True)
    note = SealedTextField(blank=True)

    objects = CaseQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["incident", "person"],
                condition=Q(closed_at=None),
                name="case_open_once",
            )
        ]
        indexes = [models.Index(fields=["incident", "changed_at"], name="case_changed")]

    def __str__(self) -> str:
        return f"case {self.pk}"

    @property
    def is_urgent(self) -> bool:
        """Whether it cannot wait."""
        return self.priority >= URGENT

    @property
    def was_asked_for(self) -> bool:
        """Whether their own words opened it, so that they wait for an answer."""
        return self.origin in (self.Origin.HELP, self.Origin.WORDS)


class CaseEvent(models.Model):
    """One line of a case's history; append-only."""

    class Kind(models.TextChoices):
        """What happened."""

        OPENED = "opened", "Opened"
        TAKEN = "taken", "Taken"
        HANDED_OVER = "handed", "Handed over"
        CALLED = "called", "Called"
        NOTE = "note", "Note"
        MESSAGE = "message", "Message to the person"
        FOLLOW_UP = "follow_up", "To be looked at again"
        ESCALATED = "escalated", "Escalated: urgent and with nobody"
        MERGED = "merged", "Joined with another entry of the person"
        UNMERGED = "unmerged", "Parted from another entry of the person"
        CLOSED = "closed", "Closed"

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField()
    officer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        help_text="none: by itself",
    )
    kind = models.CharField(max_length=10, choices=Kind.choices)
    facts = models.JSONField(default=dict, help_text="references and choices")
    body = SealedTextField(blank=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"event {self.pk} of case {self.case_id}"


class SamePerson(models.Model):
    """Two entries that are one person; nothing of either is changed by it.

    All who read persons count `kept` alone while a row is in force, so that undoing it
    brings both back as they were.
    """

    kept = models.ForeignKey(
        Person, on_delete=models.CASCADE, related_name="duplicates"
    )
    duplicate = models.ForeignKey(
        Person, on_delete=models.CASCADE, related_name="merges"
    )
    merged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    merged_at = models.DateTimeField()
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    undone_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["duplicate"],
                condition=Q(undone_at=None),
                name="same_person_once",
            ),
            models.CheckConstraint(
                condition=~Q(kept=models.F("duplicate")), name="same_person_is_another"
            ),
        ]

    def __str__(self) -> str:
        return f"persons {self.kept_id} and {self.duplicate_id}"
