"""What officers type when they report an event by hand."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.utils import timezone

from alerts.hazards.events.entering import Entry
from alerts.hazards.models import Kind, Level, Report
from consular import modes
from consular.modes import Mode
from geo import gazetteer

RADII_KM = 10.0, 500.0
A_MOMENT = timedelta(minutes=5)
CONFIDENCES = (
    ("confirmed", "Confirmed: seen, or many say so"),
    ("probable", "Probable: from a good source"),
    ("possible", "Possible: a rumour to watch"),
)
WORDS_OF = {
    "Observed": "confirmed",
    "Likely": "probable",
    "Possible": "possible",
}
MODES = (
    (Mode.LIVE.value, "Live: it really happened"),
    (Mode.EXERCISE.value, "Exercise: it is played"),
)


class EntryForm(forms.Form):
    """An event in one short page; what most events are stands there already."""

    title = forms.CharField(
        max_length=200,
        label="What happened",
        help_text="One line, such as: Armed clashes near the airport.",
    )
    place = forms.CharField(
        max_length=120,
        label="Where",
        help_text="A town, a region, a country, or a position in any notation.",
    )
    radius_km = forms.FloatField(
        min_value=1,
        max_value=1000,
        required=False,
        label="How far around, in km",
        help_text="Left empty: 10 km around a town, more around a region.",
    )
    level = forms.TypedChoiceField(
        choices=Level.choices[1:], coerce=int, initial=3, label="How bad"
    )
    confidence = forms.ChoiceField(choices=CONFIDENCES, label="How sure")
    link = forms.URLField(
        max_length=500,
        assume_scheme="https",
        label="Where you have it from",
        help_text="A link others can check.",
    )
    kind = forms.ChoiceField(choices=Kind.choices, initial=Kind.SECURITY)
    happened_at = forms.DateTimeField(
        label="When",
        help_text="Ministry time.",
        widget=forms.DateTimeInput(
            attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"
        ),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
    )
    description = forms.CharField(
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        label="More, if you know it",
    )
    mode = forms.ChoiceField(choices=MODES, widget=forms.RadioSelect)
    is_over = forms.BooleanField(
        required=False, label="It is over: say so, and keep it on record"
    )

    def __init__(self, *args: Any, again: Report | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.again = again
        if again is None:
            del self.fields["is_over"]
        if again is not None or modes.installation() is Mode.EXERCISE:
            del self.fields["mode"]
        for name in self.errors if self.is_bound else ():
            if name in self.fields:
                self.fields[name].widget.attrs["aria-invalid"] = "true"

    def clean_happened_at(self) -> datetime:
        """Read the time as the ministry's; an event is not reported before it is."""
        typed: datetime = self.cleaned_data["happened_at"]
        zone = ZoneInfo(settings.MINISTRY_TIME_ZONE)
        naive = timezone.make_naive(typed, timezone.get_current_timezone())
        happened_at = naive.replace(tzinfo=zone)
        if happened_at > timezone.now() + A_MOMENT:
            raise forms.ValidationError("This is still to come.")
        return happened_at

    def clean_place(self) -> str:
        """Find the place, so that the event is somewhere."""
        typed: str = self.cleaned_data["place"]
        found = gazetteer.search(typed, limit=1)
        if not found:
            raise forms.ValidationError(
                "No such place is known; name the nearest town, or a position."
            )
        self.found = found[0]
        return typed

    def _around_km(self) -> float:
        """Return how far around a place is meant when nobody says."""
        least, most = RADII_KM
        return min(max(self.found.radius_m / 1000, least), most)

    def entry(self) -> Entry:
        """Return what was typed as an entry."""
        said = self.cleaned_data
        again = self.again
        installed = modes.installation().value
        return Entry(
            title=said["title"],
            kind=said["kind"],
            level=said["level"],
            confidence=said["confidence"],
            mode=again.mode if again else said.get("mode", installed),
            happened_at=said["happened_at"],
            lon=self.found.lon,
            lat=self.found.lat,
            radius_km=said["radius_km"] or self._around_km(),
            place=said["place"],
            link=said["link"],
            description=said["description"],
            identifier=again.identifier if again else "",
            is_over=said.get("is_over", False),
        )
