"""Who, where and when, as people type it, checked in words that say what to mend."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.forms.utils import ErrorDict
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from consular import places
from consular.people.models import Registration, Stay
from consular.people.registering.entries import PersonEntry, StayEntry
from consular.words import WordsField
from geo import misspelt
from geo.gazetteer import Place

FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2099, 12, 31)
OLDEST = 1900
OF_AGE = 18
MOST_LISTED = 6  # places to choose from


class PublicForm(forms.Form):
    """A form whose errors we show ourselves, all of them at once."""

    use_required_attribute = False
    noun: Any = ""  # what one of several is called
    which = ""  # which of several this one is

    def number(self, n: int) -> None:
        """Say which of several this is, for whoever reads what is wrong."""
        self.which = str(self.noun) % {"n": n}

    def hush(self) -> None:
        """Take the errors back: the page has only been opened, nothing was sent."""
        self._errors = ErrorDict()


class KindForm(PublicForm):
    """A trip with an end, or a residence without one."""

    kind = forms.ChoiceField(
        label=gettext_lazy("What do you want to register?"),
        choices=[
            (Registration.Kind.TRIP, gettext_lazy("A trip")),
            (Registration.Kind.RESIDENCE, gettext_lazy("My residence there")),
        ],
        widget=forms.RadioSelect,
        initial=Registration.Kind.TRIP,
    )


class PersonForm(PublicForm):
    """One member of the party."""

    noun = gettext_lazy("Person %(n)s")
    row = forms.CharField(required=False, max_length=18, widget=forms.HiddenInput)
    given_name = WordsField(
        label=gettext_lazy("Given name"),
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "given-name", "dir": "auto"}),
    )
    family_name = WordsField(
        label=gettext_lazy("Family name"),
        max_length=80,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "family-name", "dir": "auto"}),
    )
    birth_year = forms.IntegerField(
        label=gettext_lazy("Year of birth (optional)"),
        required=False,
        min_value=OLDEST,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )
    needs = WordsField(
        label=gettext_lazy("Medicine or help this person needs (optional)"),
        max_length=200,
        required=False,
        help_text=gettext_lazy(
            "Why we ask: so that whoever needs insulin, a wheelchair or a midwife is "
            "helped first. Only officers read it; it is encrypted."
        ),
        widget=forms.TextInput(attrs={"dir": "auto"}),
    )
    foreign = forms.BooleanField(
        label=gettext_lazy("Does not hold our nationality"),
        required=False,
        help_text=gettext_lazy(
            "Why we ask: at a border, other papers are needed. We warn all of you."
        ),
    )
    guardian = forms.ChoiceField(
        label=gettext_lazy("Who looks after this child?"),
        required=False,
        widget=forms.RadioSelect,
    )
    guardian_name = WordsField(
        label=gettext_lazy("Somebody else: name and phone"),
        max_length=120,
        required=False,
        widget=forms.TextInput(attrs={"dir": "auto"}),
    )

    def __init__(
        self,
        *args: Any,
        today: date,
        adults: Sequence[tuple[str, str]] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.today, self.adults = today, list(adults)
        self.fields["guardian"].choices = self.adults  # type: ignore[attr-defined]
        # With one adult in the party there is nothing to ask.
        self.asks_guardian = self.is_minor and len(self.adults) != 1
        if not self.asks_guardian:
            del self.fields["guardian"], self.fields["guardian_name"]

    def clean_birth_year(self) -> int | None:
        """Refuse a year that has not come: it would make no child of a child."""
        year: int | None = self.cleaned_data["birth_year"]
        if year is not None and year > self.today.year:
            raise forms.ValidationError(_("Is the year right?"))
        return year

    @property
    def is_minor(self) -> bool:
        """Whether the year that was typed makes a child of somebody."""
        year = str(self.data.get(self.add_prefix("birth_year"), "")).strip()[:4]
        return year.isdecimal() and 0 <= self.today.year - int(year) < OF_AGE

    def clean(self) -> dict[str, Any]:
        """See that somebody looks after a child."""
        data: dict[str, Any] = super().clean() or {}
        chosen = data.get("guardian") or data.get("guardian_name")
        if self.asks_guardian and not chosen and "guardian" not in self.errors:
            name = "guardian" if self.adults else "guardian_name"
            self.add_error(name, _("Say who looks after this child."))
        return data

    def entry(self) -> PersonEntry:
        """Return what was typed, as an entry."""
        data = self.cleaned_data
        guardian, row = data.get("guardian", ""), data.get("row", "")
        if self.is_minor and len(self.adults) == 1:
            guardian = self.adults[0][0]
        return PersonEntry(
            given_name=data["given_name"],
            family_name=data["family_name"],
            birth_year=data.get("birth_year"),
            is_minor=self.is_minor,
            is_national=not data.get("foreign"),
            guardian=int(guardian) if guardian else None,
            guardian_name="" if guardian else data.get("guardian_name", ""),
            needs=data["needs"],
            row_id=int(row) if row.isdecimal() else None,
        )


def reference_of(place: Place | StayEntry) -> str:
    """Write a chosen place as a value that a form can carry."""
    return (
        f"{place.lon:.5f},{place.lat:.5f},{place.country},{place.precision},"
        f"{place.radius_m:.0f}"
    )


def likely(
    found: Sequence[Place], countries: Iterable[str], beside: Iterable[str]
) -> list[Place]:
    """Choose what to list: places in the countries in question before all others.

    So do those in the countries of the party's other stops, but others stay.
    """
    inside = [place for place in found if place.country in countries]
    ordered = sorted(inside or found, key=lambda it: it.country not in beside)
    return ordered[:MOST_LISTED]


class StayForm(PublicForm):
    """One place and its dates; the place is found offline by its name."""

    noun = gettext_lazy("Place %(n)s")
    place = WordsField(
        label=gettext_lazy("Town, address or country"),
        max_length=120,
        widget=forms.TextInput(attrs={"dir": "auto", "data-places": ""}),
    )
    chosen = forms.CharField(required=False, max_length=80, widget=forms.HiddenInput)
    arrives_on = forms.DateField(
        label=gettext_lazy("From"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    departs_on = forms.DateField(
        label=gettext_lazy("Until"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(
        self,
        *args: Any,
        residence: bool = False,
        kept: dict[str, str] | None = None,
        countries: Iterable[str] = (),
        beside: Iterable[str] = (),
        party: Sequence[str] = (),
        since: date = FIRST_DAY,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.countries, self.beside, self.since = set(countries), set(beside), since
        self.party = party if len(party) > 1 else ()
        for index, name in enumerate(self.party):
            self.fields[f"away-{index}"] = forms.BooleanField(
                label=name, required=False
            )
        self.residence = residence
        self.kept = kept or {}
        self.choices: list[tuple[str, str]] = []
        self.is_guess = False  # whether they are what a mistyped name may mean
        if residence and "departs_on" in self.fields:
            self.fields["departs_on"].label = _("Until (leave empty if open)")

    def clean(self) -> dict[str, Any]:
        """Find the place, and see that the dates are in order."""
        data: dict[str, Any] = super().clean() or {}
        if data.get("place"):
            data["found"] = self._found(data)
        arrives, departs = data.get("arrives_on"), data.get("departs_on")
        for name in ("arrives_on", "departs_on"):
            day = data.get(name)
            if day and not FIRST_DAY <= day <= LAST_DAY:
                self.add_error(name, _("This date is too far away."))
        if arrives and departs and departs < arrives:
            self.add_error("departs_on", _("This is before the first day."))
        elif departs and departs < self.since:
            self.add_error("departs_on", _("This stay is over."))
        if arrives and not departs and not self.residence:
            self.add_error("departs_on", _("Say until when, for a trip."))
        if self.party and not self._present(data):
            self.add_error("away-0", _("Somebody has to be there."))
        return data

    def _present(self, data: dict[str, Any]) -> list[int]:
        return [n for n in range(len(self.party)) if not data.get(f"away-{n}")]

    @property
    def absences(self) -> list[BoundField]:
        """The boxes to tick for those who are not at this stop."""
        return [self[f"away-{index}"] for index in range(len(self.party))]

    @property
    def is_split(self) -> bool:
        """Whether somebody is ticked as not being there."""
        return any(self.data.get(field.html_name) for field in self.absences)

    def _found(self, data: dict[str, Any]) -> tuple[float, float, str, str, float]:
        found = self._searched(data["place"])
        values = {reference_of(place): place.label for place in found}
        language = get_language() or "en"
        self.choices = [
            (value, places.said(it.label, it.country, language, it.precision))
            for value, it in zip(values, found, strict=False)
        ]
        chosen = data.get("chosen", "")
        # What is stored already stays as exact as it was, while its name stays.
        if self.kept.get(chosen) != data["place"] and chosen not in values:
            chosen = "" if self.is_guess else self._obvious(found, data["place"])
        if not chosen:
            words = _("Choose one of these places.")
            if not found:
                words = _(
                    "We do not know this place. Type a larger town, or a country."
                )
            elif self.is_guess:
                words = _(
                    "We do not know this place. Did you mean one of these? If not, "
                    "type a larger town, or a country."
                )
            self.add_error("place", words)
            return (0.0, 0.0, "", "", 0.0)
        data["place"] = values.get(chosen, data["place"])
        lon, lat, country, precision, radius = chosen.split(",")
        return (float(lon), float(lat), country, precision, float(radius))

    def _searched(self, typed: str) -> list[Place]:
        most = 60 if self.countries or self.beside else MOST_LISTED
        found = places.search(typed, limit=most, language=get_language() or "en")
        # What a mistyped name may mean is only offered.
        self.is_guess = not found
        found = found or misspelt.places(typed, MOST_LISTED)
        return likely(found, self.countries, self.beside)

    @property
    def country(self) -> str:
        """The country of the place that was found, or nothing."""
        return str(self.cleaned_data.get("found", ("",) * 3)[2])

    def _obvious(self, found: list[Place], typed: str) -> str:
        """Take the only place there is, or the one whose full label was typed."""
        if len(found) == 1:
            return reference_of(found[0])
        same = [place for place in found if place.label.casefold() == typed.casefold()]
        return reference_of(same[0]) if len(same) == 1 else ""

    def entry(self) -> StayEntry:
        """Return what was typed, as an entry."""
        data = self.cleaned_data
        lon, lat, country, precision, radius_m = data["found"]
        present = self._present(data)
        return StayEntry(
            place=data["place"],
            country=country,
            lon=lon,
            lat=lat,
            precision=precision or Stay.Precision.TOWN,
            radius_m=radius_m,
            arrives_on=data["arrives_on"],
            departs_on=data["departs_on"],
            persons=tuple(present) if len(present) < len(self.party) else (),
        )
