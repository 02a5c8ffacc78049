"""Groups that a coordinator registers, and lists that wait to be taken in."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from consular.missions.models import Mission
from consular.modes import Mode
from consular.people.models.registrations import Registration
from consular.sealing import SealedTextField


class Group(models.Model):
    """A school, company or tour operator whose coordinator registers its people."""

    name = models.CharField(max_length=120)
    mode = models.CharField(max_length=8, choices=Mode.choices)
    language = models.CharField(max_length=8, default="en")
    coordinator = SealedTextField(help_text="e-mail address, to which the link goes")
    token_key = models.CharField(max_length=64, unique=True, null=True)
    mission = models.ForeignKey(
        Mission,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        help_text="whose group it is; none: the whole ministry's",
    )
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    opened_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return f"group {self.pk}"


class Membership(models.Model):
    """That a registration came through a group's coordinator."""

    group = models.ForeignKey(
        Group, on_delete=models.CASCADE, related_name="memberships"
    )
    registration = models.OneToOneField(
        Registration, on_delete=models.CASCADE, related_name="membership"
    )

    def __str__(self) -> str:
        return f"membership {self.pk}"


class DeskEntry(models.Model):
    """One change that a desk without a connection sent later, which counts once."""

    key = models.CharField(max_length=32, unique=True)
    officer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    registration = models.ForeignKey(
        Registration, on_delete=models.SET_NULL, null=True, blank=True
    )
    is_new = models.BooleanField(help_text="it made the registration, alone")
    taken_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"desk entry {self.pk}"


class Upload(models.Model):
    """A list as it was uploaded: looked at first, then taken in bit by bit."""

    group = models.ForeignKey(Group, on_delete=models.CASCADE, null=True, blank=True)
    officer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True
    )
    document = SealedTextField(help_text="the rows as JSON; emptied when taken in")
    mapping = models.JSONField(default=dict, help_text="our column → theirs")
    agreed = models.CharField(
        max_length=200, blank=True, help_text="how they agreed; if not, they are asked"
    )
    rows = models.PositiveIntegerField()
    created_at = models.DateTimeField()
    wanted_at = models.DateTimeField(null=True, blank=True)
    taken = models.PositiveIntegerField(default=0, help_text="parties that are done")
    refused = models.JSONField(default=list, help_text="lines that were left out")
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(group__isnull=False) | Q(officer__isnull=False),
                name="upload_is_somebody_s",
            )
        ]
        indexes = [
            models.Index(
                fields=["wanted_at"],
                condition=Q(wanted_at__isnull=False, ended_at=None),
                name="upload_to_take",
            )
        ]

    def __str__(self) -> str:
        return f"upload {self.pk}"
