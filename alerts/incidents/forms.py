"""What officers type when they declare."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.utils import timezone

from alerts.hazards.models import Hazard, Kind
from consular import modes
from consular.missions.models import Mission
from consular.modes import Mode

MODES = (
    (Mode.LIVE.value, "Live: real people are written to"),
    (Mode.EXERCISE.value, "Exercise: only exercise contacts are written to"),
)


class DeclareForm(forms.Form):
    """Title, kind, place, when, and live or exercise."""

    title = forms.CharField(max_length=120, label="What happened")
    kind = forms.ChoiceField(choices=[("", "Choose"), *Kind.choices])
    place = forms.CharField(
        max_length=120, label="Where", help_text="A town, a region or a country."
    )
    happened_at = forms.DateTimeField(
        label="When",
        help_text="Ministry time.",
        widget=forms.DateTimeInput(
            attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"
        ),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S"],
    )
    lead_mission = forms.ModelChoiceField(
        Mission.objects.all(),
        required=False,
        label="Lead mission",
        empty_label="The crisis centre",
    )
    mode = forms.ChoiceField(choices=MODES, widget=forms.RadioSelect)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        mission: Any = self.fields["lead_mission"]
        mission.label_from_instance = lambda mission: mission.name
        if modes.installation() is Mode.EXERCISE:
            del self.fields["mode"]
        for name, bound in self.fields.items():
            if self.is_bound and name in self.errors:
                bound.widget.attrs["aria-invalid"] = "true"
                bound.widget.attrs["aria-describedby"] = f"error-{name}"

    def clean_happened_at(self) -> datetime:
        """Read the time as the ministry's."""
        typed: datetime = self.cleaned_data["happened_at"]
        zone = ZoneInfo(settings.MINISTRY_TIME_ZONE)
        return timezone.make_naive(typed, timezone.get_current_timezone()).replace(
            tzinfo=zone
        )


def first_values(hazard: Hazard | None, now: datetime) -> dict[str, Any]:
    """Return what the form starts with: the hazard's words, else this moment."""
    zone = ZoneInfo(settings.MINISTRY_TIME_ZONE)
    if hazard is None:
        return {"happened_at": now.astimezone(zone).replace(tzinfo=None)}
    return {
        "title": hazard.title[:120],
        "kind": hazard.kind,
        "place": hazard.place[:120] or hazard.title[:120],
        "happened_at": hazard.happened_at.astimezone(zone).replace(tzinfo=None),
        "mode": hazard.mode,
    }
