"""What is asked of a party and sent to it: questions, errands, limits, links."""

from django.db import models
from django.db.models import Q

from consular.people.models.registrations import Registration
from consular.sealing import SealedTextField


class Question(models.Model):
    """One "is this still right?", asked once an occasion: answered, or silent."""

    registration = models.ForeignKey(
        Registration, on_delete=models.CASCADE, related_name="questions"
    )
    occasion = models.CharField(max_length=24, help_text="such as stop:2026-12-01")
    asked_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)
    silent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["registration", "occasion"], name="question_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["asked_at"],
                condition=Q(answered_at=None, silent_at=None),
                name="question_open",
            )
        ]

    def __str__(self) -> str:
        return f"question {self.pk}"


class Errand(models.Model):
    """A notice that a public page asked for; a tick writes it and deletes this row.

    A page does the same whether an address is known or not: it writes one of these.
    """

    class Kind(models.TextChoices):
        """What is asked for."""

        CONFIRM = "confirm", "Confirm each address of a registration"
        RECOVER = "recover", "Send the link to those who lost it"

    kind = models.CharField(max_length=8, choices=Kind.choices)
    registration = models.ForeignKey(Registration, on_delete=models.CASCADE, null=True)
    contact_kind = models.CharField(max_length=8, blank=True)
    address = SealedTextField(blank=True)
    may_text = models.BooleanField(default=True, help_text="within what SMS may cost")
    waits_for = models.CharField(
        max_length=80, blank=True, help_text="the limit that is used up, if any"
    )
    created_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(
                fields=["waits_for", "id"],
                condition=~Q(waits_for=""),
                name="errand_waiting",
            )
        ]

    def __str__(self) -> str:
        return f"errand {self.pk}"


class Limit(models.Model):
    """How much of something was used in one span of time."""

    name = models.CharField(max_length=64)
    since = models.DateTimeField()
    used = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["name", "since"], name="limit_once")
        ]

    def __str__(self) -> str:
        return f"limit {self.pk}"


class Link(models.Model):
    """A link for one purpose that only its holder can open, until it is revoked.

    The token is derived (`sealing.token(purpose, "registration:number")`), not stored.
    """

    class Purpose(models.TextChoices):
        """What a link is good for, and nothing else."""

        CONFIRM = "confirm", "Confirm a registration"
        MANAGE = "manage", "See, change or delete a registration"

    registration = models.ForeignKey(
        Registration, on_delete=models.CASCADE, related_name="links"
    )
    purpose = models.CharField(max_length=8, choices=Purpose.choices)
    token_key = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"link {self.pk}"
