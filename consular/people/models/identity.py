"""By what a person is found without reading names, and who may be the same person."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from consular.people.models.registrations import Person


class NameKey(models.Model):
    """A keyed hash of one word of a person's name, by its consonants."""

    person = models.ForeignKey(
        Person, on_delete=models.CASCADE, related_name="name_keys", db_index=False
    )
    key = models.CharField(max_length=16)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "key"], name="name_key_once")
        ]
        indexes = [models.Index(fields=["key", "person"], name="name_key_found")]

    def __str__(self) -> str:
        return f"name key {self.pk}"


class Resemblance(models.Model):
    """Two persons of different registrations who may be one; an officer decides."""

    class State(models.TextChoices):
        """What was decided."""

        OPEN = "open", "To be looked at"
        SAME = "same", "The same person"
        DIFFERENT = "different", "Two persons"

    one = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    two = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    reasons = models.JSONField(help_text="words of `resembling.REASONS`, in order")
    score = models.FloatField()
    state = models.CharField(
        max_length=10, choices=State.choices, default=State.OPEN, db_index=True
    )
    found_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True
    )

    class Meta:
        ordering = ["-score", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["one", "two"], name="resemblance_once"),
            models.CheckConstraint(
                condition=Q(one__lt=F("two")), name="resemblance_in_order"
            ),
        ]

    def __str__(self) -> str:
        return f"resemblance {self.pk}"
