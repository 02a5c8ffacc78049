"""Missions, officers, their postings, the duty rota, and the audit trail."""

from datetime import datetime

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import Q
from django.utils.crypto import salted_hmac
from django_otp.models import Device

from geo.countries import country_name


class Mission(models.Model):
    """An embassy or consulate, or the ministry's crisis centre."""

    name = models.CharField(max_length=120, unique=True)
    place = models.CharField(max_length=120)
    country = models.CharField(max_length=2, help_text="ISO 3166-1, where it stands")
    serves = models.JSONField(
        default=list, help_text="ISO 3166-1 codes of the countries it looks after"
    )
    time_zone = models.CharField(max_length=64, default="UTC")
    phone = models.CharField(max_length=32, blank=True)
    email = models.EmailField(blank=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return f"mission {self.pk}"

    @property
    def country_name(self) -> str:
        """The name of the country it stands in."""
        return country_name(self.country)

    @property
    def served(self) -> list[str]:
        """The names of the countries it looks after."""
        return [country_name(code) for code in self.serves]


class Role(models.TextChoices):
    """What an officer may do; `missions.access` holds the table of verbs."""

    DUTY_OFFICER = "duty_officer", "Duty officer"
    CONSULAR_OFFICER = "consular_officer", "Consular officer"
    APPROVER = "approver", "Approver"
    ADMINISTRATOR = "administrator", "Administrator"
    AUDITOR = "auditor", "Auditor"


class Officer(AbstractUser):  # type: ignore[django-manager-missing] # of passkeys
    """A person on the ministry's staff who signs in."""

    full_name = models.CharField(max_length=120)
    phone = models.CharField(max_length=32, blank=True)
    keys_by = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        help_text="who last gave them a password and a secret",
    )
    keys_at = models.DateTimeField(null=True, blank=True)
    session_round = models.PositiveIntegerField(
        default=0, help_text="one more ends every session"
    )

    def __str__(self) -> str:
        return f"officer {self.pk}"

    @property
    def initials(self) -> str:
        """The first letters of the officer's names, two at most."""
        return "".join(word[0] for word in self.full_name.split()[:2]).upper()

    def get_session_auth_hash(self) -> str:
        """Return what a session must know; a new password or round ends the others."""
        kept = super().get_session_auth_hash()
        if not self.session_round:
            return kept
        return salted_hmac(
            "missions.session", f"{kept}.{self.session_round}"
        ).hexdigest()


class PostingQuerySet(models.QuerySet["Posting"]):
    """Questions about postings."""

    def in_force(self, now: datetime) -> "PostingQuerySet":
        """Keep the postings that have not expired."""
        return self.filter(Q(until=None) | Q(until__gt=now))


class Posting(models.Model):
    """A role that an officer has, for one mission or for all, for some time or open."""

    officer = models.ForeignKey(
        Officer, on_delete=models.CASCADE, related_name="postings"
    )
    mission = models.ForeignKey(
        Mission, on_delete=models.CASCADE, null=True, blank=True
    )
    role = models.CharField(max_length=20, choices=Role.choices)
    until = models.DateTimeField(null=True, blank=True)

    objects = PostingQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["officer", "mission", "role"], name="posting_once"
            ),
            models.UniqueConstraint(
                fields=["officer", "role"],
                condition=Q(mission=None),
                name="posting_everywhere_once",
            ),
        ]

    def __str__(self) -> str:
        return f"posting {self.pk}"


class Duty(models.Model):
    """A stretch of the rota: who is on duty for a mission, and how to reach them."""

    officer = models.ForeignKey(
        Officer, on_delete=models.CASCADE, related_name="duties"
    )
    mission = models.ForeignKey(
        Mission, on_delete=models.CASCADE, null=True, blank=True
    )
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    channel = models.CharField(max_length=16, default="email")
    address = models.CharField(max_length=254)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=models.F("starts_at")), name="duty_ends_later"
            )
        ]

    def __str__(self) -> str:
        return f"duty {self.pk}"


class Passkey(Device):
    """A key that an officer's phone, computer or stick keeps, proven by a signature."""

    credential_id = models.CharField(max_length=344, unique=True, help_text="base64url")
    public_key = models.BinaryField()
    sign_count = models.BigIntegerField(default=0)
    made_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"passkey {self.pk}"


class SignInTry(models.Model):
    """A sign-in that reached the hash and was wrong; its keys are blind indexes."""

    at = models.DateTimeField(db_index=True)
    name_key = models.CharField(max_length=32)
    place_key = models.CharField(max_length=32)
    browser_key = models.CharField(max_length=32, blank=True)

    def __str__(self) -> str:
        return f"sign-in try {self.pk}"


class AuditEntry(models.Model):
    """One line of the audit trail: append-only, chained by hash within a second."""

    at = models.DateTimeField()
    officer = models.ForeignKey(Officer, on_delete=models.PROTECT, null=True)
    action = models.CharField(max_length=40)
    subject = models.CharField(max_length=80, help_text="a reference, never a name")
    facts = models.JSONField(default=dict)
    sequence = models.BigIntegerField(null=True, unique=True)
    entry_hash = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["subject", "id"], name="audit_subject")]

    def __str__(self) -> str:
        return f"audit entry {self.pk}"
