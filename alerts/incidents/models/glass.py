"""What one officer sent alone, because nobody else could be reached."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from alerts.incidents.models.drafts import Draft
from alerts.incidents.models.incidents import Incident
from consular.sealing import SealedTextField


class BreakGlass(models.Model):
    """A lone officer's yes: capped, with a reason, open until an auditor looked at it.

    An alert with one person on both sides can only be written beside such a row.
    """

    incident = models.ForeignKey(
        Incident, on_delete=models.PROTECT, related_name="broken_glasses"
    )
    draft = models.ForeignKey(Draft, on_delete=models.PROTECT, related_name="+")
    officer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    at = models.DateTimeField()
    reason = SealedTextField()
    people = models.PositiveIntegerField(help_text="counted when the glass was broken")
    most = models.PositiveIntegerField(help_text="the cap that was in force")
    told = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="+")
    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    reviewed_at = models.DateTimeField(null=True, blank=True)
    finding = SealedTextField(blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(people__lte=F("most")), name="break_glass_is_capped"
            ),
            models.CheckConstraint(
                condition=Q(reviewed_by=None) | ~Q(reviewed_by=F("officer")),
                name="break_glass_reviewed_by_another",
            ),
        ]

    def __str__(self) -> str:
        return f"break-glass {self.pk}"
