"""What is typed in a crisis, seven fields at most; and what an officer opens."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from consular import modes
from consular.people.crisis import KEPT_OPEN
from consular.people.enrolling import Entry, StayEntry
from consular.people.forms import ConsentForm, PersonForm, ReachForm, StayForm
from consular.people.models import Registration
from geo import countries


class HereForm(StayForm):
    """Where somebody is now; the dates follow from today."""

    place = forms.CharField(
        label=gettext_lazy("Where are you now? Town, address or country"),
        max_length=120,
        widget=forms.TextInput(attrs={"dir": "auto"}),
    )
    arrives_on = departs_on = None  # type: ignore[assignment]

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, residence=True, **kwargs)
        self.today = today

    def entry(self) -> StayEntry:
        """Return the place, for the days in which somebody is taken to be there."""
        self.cleaned_data |= {
            "arrives_on": self.today,
            "departs_on": self.today + KEPT_OPEN,
        }
        return super().entry()


class CrisisEntry:
    """The parts of the one page, as the long form has them."""

    def __init__(self, typed: Any, countries: list[str], today: date) -> None:
        self.today = today
        self.who = PersonForm(typed)
        self.where = HereForm(typed, today=today, countries=countries)
        self.reach = ReachForm(typed)
        self.consent = ConsentForm(typed)
        del self.who.fields["birth_year"]
        del self.consent.fields["exercise"]
        for name in ("language", "emergency_phone"):
            del self.reach.fields[name]
        self.parts = (self.who, self.where, self.reach, self.consent)

    def is_valid(self) -> bool:
        """Tell whether nothing is to be mended; every part is looked at."""
        return all([part.is_valid() for part in self.parts])  # noqa: C419 - all of them

    def hush(self) -> None:
        """Take the errors back: the page has only been opened."""
        for part in self.parts:
            part.full_clean()
            part.hush()

    def entry(self, language: str) -> Entry:
        """Return what was typed; call it when nothing is to be mended."""
        return Entry(
            kind=Registration.Kind.CRISIS,
            mode=modes.installation(),
            language=language,
            persons=[self.who.entry(self.today)],
            contacts=self.reach.entries(),
            stays=[self.where.entry()],
            consents={"warn": self.today.isoformat()},
        )


class OpenForm(forms.Form):
    """What an officer says to open a form: a title and the countries."""

    title = forms.CharField(
        max_length=80, help_text="The public reads it: Storm in Honduras and Nicaragua."
    )
    countries = forms.MultipleChoiceField(
        help_text="Hold Ctrl to choose several.",
        widget=forms.SelectMultiple(attrs={"size": 8}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = countries.countries("en")
        listed = sorted(names.items(), key=lambda each: each[1])
        self.fields["countries"].choices = listed  # type: ignore[attr-defined]
