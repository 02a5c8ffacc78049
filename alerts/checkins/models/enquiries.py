"""People who ask about someone, whom they may mean, and who agreed to be told of."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from alerts.incidents.models import Incident
from consular import languages
from consular.modes import Mode
from consular.people.models import Contact, Person
from consular.sealing import SealedTextField


class Enquiry(models.Model):
    """One person's question about another; it is told nothing but its number."""

    number = models.CharField(max_length=9, unique=True, help_text="ABCD-2345")
    mode = models.CharField(max_length=8, choices=Mode.choices)
    language = models.CharField(max_length=8)
    form_key = models.CharField(max_length=32, unique=True)
    asked_at = models.DateTimeField()
    given_name = SealedTextField()
    family_name = SealedTextField(blank=True)
    birth_year = models.PositiveSmallIntegerField(null=True)
    phone = SealedTextField(blank=True)
    phone_key = models.CharField(max_length=32, blank=True)
    place = SealedTextField(blank=True)
    message = SealedTextField(blank=True)
    asker = SealedTextField()
    relation = SealedTextField(blank=True)
    contact_kind = models.CharField(max_length=8, choices=Contact.Kind.choices)
    contact = SealedTextField()
    contact_key = models.CharField(max_length=32, db_index=True)
    looked_at = models.DateTimeField(null=True, help_text="for whom it may mean")
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"enquiry {self.number}"

    @property
    def language_name(self) -> str:
        """The name of the language it was asked in, as officers read it."""
        return languages.english(self.language)


class EnquiryMatch(models.Model):
    """A person whom an enquiry may mean; an officer decides."""

    class State(models.TextChoices):
        """What was decided."""

        SUGGESTED = "suggested", "May be meant"
        CONFIRMED = "confirmed", "Is meant"
        REFUSED = "refused", "Is not meant"

    enquiry = models.ForeignKey(
        Enquiry, on_delete=models.CASCADE, related_name="matches"
    )
    person = models.ForeignKey(
        Person, on_delete=models.CASCADE, related_name="enquiries"
    )
    reasons = models.JSONField(default=list)
    state = models.CharField(
        max_length=10, choices=State.choices, default=State.SUGGESTED
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["enquiry", "person"], name="enquiry_match_once"
            )
        ]

    def __str__(self) -> str:
        return f"enquiry match {self.pk}"


class Word(models.Model):
    """What somebody agreed to have told to those who ask about them."""

    incident = models.ForeignKey(
        Incident, on_delete=models.CASCADE, related_name="words"
    )
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="words")
    words = SealedTextField()
    agreed_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["incident", "person"],
                condition=Q(withdrawn_at=None),
                name="word_once",
            )
        ]

    def __str__(self) -> str:
        return f"word {self.pk}"
