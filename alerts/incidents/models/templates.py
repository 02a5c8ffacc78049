"""Templates of a ministry's own: words that two people have approved beforehand."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from alerts.hazards.models import Kind
from alerts.incidents.models.drafts import Phase
from geo.countries import country_name
from geo.regions import region_name


class Template(models.Model):
    """Texts with room for the facts, for one phase, a kind of hazard and a place."""

    class State(models.TextChoices):
        """Where it is; any edit takes it back to `draft`."""

        DRAFT = "draft", "Being written"
        SUBMITTED = "submitted", "Waiting for a second person"
        APPROVED = "approved", "Approved beforehand"
        RETIRED = "retired", "No longer used"

    FOLLOWS = {
        State.DRAFT: {State.DRAFT, State.SUBMITTED, State.APPROVED, State.RETIRED},
        State.SUBMITTED: {State.DRAFT},
        State.APPROVED: {State.SUBMITTED},
        State.RETIRED: {State.DRAFT, State.SUBMITTED, State.APPROVED},
    }

    name = models.CharField(max_length=80)
    phase = models.CharField(max_length=10, choices=Phase.choices)
    kind = models.CharField(
        max_length=12, choices=Kind.choices, blank=True, help_text="empty: any"
    )
    country = models.CharField(max_length=2, blank=True, help_text="empty: any")
    region = models.CharField(
        max_length=10, blank=True, help_text="of that country; empty: all of it"
    )
    texts = models.JSONField(
        default=list, help_text="[{channel, language, subject, body}] with {where} …"
    )
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    revision = models.PositiveIntegerField(default=1)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    changed_at = models.DateTimeField()
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    approved_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="approved")
                | (
                    Q(approved_by__isnull=False)
                    & Q(submitted_by__isnull=False)
                    & ~Q(approved_by=F("submitted_by"))
                    & ~Q(approved_by=F("changed_by"))
                ),
                name="template_needs_two",
            )
        ]

    def __str__(self) -> str:
        return f"template {self.pk}"

    @property
    def where(self) -> str:
        """Say for which region or country it was approved."""
        country = country_name(self.country) if self.country else "any country"
        return f"{region_name(self.region)}, {country}" if self.region else country

    def move(self, state: str, **changes: object) -> bool:
        """Change state of the revision at hand, if FOLLOWS allows; tell if it did."""
        row = Template.objects.filter(
            pk=self.pk,
            revision=self.revision,
            state__in=self.FOLLOWS[Template.State(state)],
        )
        return row.update(state=state, **changes) == 1
