"""What is typed in a crisis, seven fields at most; and what an officer opens."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from consular import languages, modes
from consular.people.models import Registration
from consular.people.registering.crisis import KEPT_OPEN
from consular.people.registering.entries import Entry, StayEntry
from consular.people.registering.forms import PersonForm, PublicForm, StayForm
from consular.people.registering.reach_forms import ConsentForm, ReachForm
from consular.words import WordsField
from geo import countries


class HereForm(StayForm):
    """Where somebody is now; the dates follow from today."""

    place = WordsField(
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
        self.who = PersonForm(typed, today=today)
        self.where = HereForm(typed, today=today, countries=countries)
        self.reach = ReachForm(typed)
        self.consent = ConsentForm(typed)
        del self.who.fields["birth_year"], self.who.fields["foreign"]
        del self.consent.fields["exercise"], self.reach.fields["language"]
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
            persons=[self.who.entry()],
            contacts=self.reach.entries(),
            stays=[self.where.entry()],
            # One tick covers what is on the page, needs among it.
            consents=dict.fromkeys(("warn", "needs"), self.today.isoformat()),
        )


class IntakeForm(PublicForm):
    """What an officer on the phone chooses beside what is asked on the page."""

    language = forms.ChoiceField(
        label="Language of our messages", choices=list(languages.LANGUAGES.items())
    )


class OpenForm(forms.Form):
    """What an officer says to open a form: a title and the countries."""

    title = forms.CharField(
        max_length=80, help_text="The public reads it: Storm in Honduras and Nicaragua."
    )
    countries = forms.MultipleChoiceField(
        help_text="One or several.", widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = countries.countries("en")
        listed = sorted(names.items(), key=lambda each: each[1])
        self.fields["countries"].choices = listed  # type: ignore[attr-defined]
